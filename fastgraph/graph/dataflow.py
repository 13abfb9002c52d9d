"""What `compile(dataflow=True)` asks of a graph: who may lead where, and nothing that needs a step of its own.

The machine (`fastgraph.execution.dataflow`) starts a node when nothing that can lead to it is left, so it must know where
each node can lead: edges, a conditional edge's `path_map` (without one it may lead anywhere), `destinations=` of nodes
that return Commands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fastgraph.errors import GraphDefinitionError
from fastgraph.execution.plan import END, START, GraphPlan, KeyKind, NodePlan
from fastgraph.execution.regions import find_regions
from fastgraph.graph.definition import GraphDefinition

__all__ = ["as_dataflow"]


def as_dataflow(definition: GraphDefinition, plan: GraphPlan, *, has_interrupts: bool) -> GraphPlan:
    """Return the plan with its regions. Raises GraphDefinitionError for what a dataflow graph can't have."""
    for fault in _faults(definition, plan, has_interrupts):
        raise GraphDefinitionError(f"Graph {plan.name!r} is compiled with dataflow=True and {fault}")
    nodes = {name: replace(node, choices=_choices(definition, name)) for name, node in plan.nodes.items()}
    leads = {name: frozenset(_leads(definition, plan, node)) for name, node in nodes.items()}
    return replace(plan, nodes=nodes, regions=find_regions(leads))


def _faults(definition: GraphDefinition, plan: GraphPlan, has_interrupts: bool) -> Iterator[str]:
    for name, key in plan.keys.items():
        if key.kind.is_cleared or key.kind is KeyKind.CHANNEL:
            yield (
                f"key {name!r} has a channel whose value depends on steps, which a dataflow graph does not have. "
                f"Use a reducer, a Topic with accumulate=True, or a plain key."
            )
    if has_interrupts:
        yield "has interrupt_before or interrupt_after: there is no moment between steps. Call interrupt() in a node."
    for name, spec in definition.nodes.items():
        if spec.executor == "process":
            yield f"node {name!r} has executor='process', which does not go together. Leave one of them out."


def _choices(definition: GraphDefinition, name: str) -> frozenset[str] | None:
    chosen: set[str] = set()
    for router in definition.routers.get(name, ()):
        if router.targets is None:
            return None
        chosen.update(router.targets.values())
    spec = definition.nodes.get(name)
    if spec is not None:
        chosen.update(spec.destinations)
    return frozenset(chosen - {END})


def _leads(definition: GraphDefinition, plan: GraphPlan, node: NodePlan) -> Iterator[str]:
    yield from node.targets
    for name in node.joins:
        yield plan.joins[name].target
    spec = definition.nodes.get(node.name)
    if spec is not None and spec.error_handler is not None:
        yield spec.error_handler
    yield from (name for name in plan.nodes if name != START) if node.choices is None else node.choices
