"""The hash that tells two versions of a graph apart.

It is made from the definition alone, in sorted order, so it is the same in every process. It covers what a stored
checkpoint depends on (nodes, edges, joins, conditional edges, keys with their types, and whether they have reducers) and
not the code of the nodes, which may be mended while runs wait.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import orjson

from fastgraph.execution.plan import KeyKind
from fastgraph.graph.definition import GraphDefinition

__all__ = ["hash_graph"]


def hash_graph(definition: GraphDefinition, keys: Mapping[str, KeyKind], key_types: Mapping[str, str]) -> str:
    """Return 16 hexadecimal digits that change when the structure, the keys or their types do."""
    structure = {
        "nodes": [
            [name, spec.is_deferred, *([spec.subgraph.graph_hash] if spec.subgraph else [])]
            for name, spec in sorted(definition.nodes.items())
        ],
        "edges": sorted(definition.edges),
        "joins": sorted([list(sources), target] for sources, target in definition.joins),
        "routers": sorted(
            [source, router.name, sorted((router.targets or {}).values())]
            for source, routers in definition.routers.items()
            for router in routers
        ),
        "keys": sorted([name, kind.value, key_types[name]] for name, kind in keys.items()),
        **({"dataflow": True} if definition.is_dataflow else {}),
    }
    return hashlib.blake2b(orjson.dumps(structure), digest_size=8).hexdigest()
