"""From compiled graphs to registry rows: all that the API process ever knows of a workflow."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from fastgraph.database.host_records import PublishedWorkflow
from fastgraph.graph.compiled import CompiledGraph

__all__ = ["describe", "published"]


def published(
    workflows: Mapping[str, CompiledGraph], default: str | None, max_active: Mapping[str, int] | None = None
) -> tuple[PublishedWorkflow, ...]:
    """Describe the workflows; the default is the one of that name, or else the first. `max_active` are their limits."""
    first = default if default in workflows else next(iter(workflows), None)
    return tuple(
        PublishedWorkflow(
            name=name,
            description=graph.description,
            graph_hash=graph.graph_hash,
            input_schema=orjson.dumps(graph.input_json_schema()),
            graph=orjson.dumps(graph.get_graph().to_json()),
            mermaid=graph.get_graph().draw_mermaid(),
            is_default=name == first,
            keys=orjson.dumps(graph.state.key_types),
            outputs=orjson.dumps(graph.state.shown_key or graph.output_keys),
            max_active=(max_active or {}).get(name),
        )
        for name, graph in workflows.items()
    )


def describe(workflows: Mapping[str, CompiledGraph]) -> str:
    """Put what tells versions apart into one line of JSON; for `fastgraph workflows check --target`."""
    described = [
        {
            "name": name,
            "graph_hash": graph.graph_hash,
            "nodes": sorted(graph.plan.nodes),
            "keys": graph.state.key_types,
        }
        for name, graph in workflows.items()
    ]
    return orjson.dumps(described).decode()
