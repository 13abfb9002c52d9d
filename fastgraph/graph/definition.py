"""What a builder hands to `compile`: the finished graph, with its functions, before anything is derived from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastgraph.execution.plan import END, START, GraphPlan, JoinPlan, KeyKind, KeyPlan, NodePlan, join_name
from fastgraph.graph.nodes import NodeSpec, RouterSpec
from fastgraph.graph.strictness import are_values_strict
from fastgraph.state.builtin_types import DEFAULT_REGISTRY
from fastgraph.state.registry import TypeRegistry
from fastgraph.state.values import StoredValue

__all__ = ["GraphDefinition", "make_plan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphDefinition:
    """A graph that has passed its checks. `routers` maps a source to its conditional edges in the order of adding;
    `registry` knows the types that its state may hold beside those that Pydantic knows."""

    name: str
    description: str
    state_type: Any
    context_type: Any
    input_type: Any
    output_type: Any
    nodes: Mapping[str, NodeSpec]
    edges: tuple[tuple[str, str], ...]
    joins: tuple[tuple[tuple[str, ...], str], ...]
    routers: Mapping[str, tuple[RouterSpec, ...]]
    is_strict: bool = False
    has_strict_values: bool = field(default_factory=are_values_strict)
    is_entrypoint: bool = False
    is_dataflow: bool = False
    collects_interrupts: bool = False
    registry: TypeRegistry = DEFAULT_REGISTRY


def make_plan(
    definition: GraphDefinition, keys: Mapping[str, KeyKind], start_values: Mapping[str, StoredValue]
) -> GraphPlan:
    """Reduce a definition to the plan that the machine steps through; `keys` are all keys of the state, private ones too."""
    # a join that leads to END ends nothing and waits for nothing
    joins = [(sources, target) for sources, target in definition.joins if target != END]
    targets: dict[str, list[str]] = {}
    for source, target in definition.edges:
        if target != END:
            targets.setdefault(source, []).append(target)
    nodes = {}
    for name in (START, *sorted(definition.nodes)):
        spec = definition.nodes.get(name)
        nodes[name] = NodePlan(
            name=name,
            targets=tuple(targets.get(name, ())),
            joins=tuple(join_name(sources, target) for sources, target in joins if name in sources),
            has_routers=bool(definition.routers.get(name)),
            is_deferred=spec is not None and spec.is_deferred,
        )
    return GraphPlan(
        name=definition.name,
        nodes=nodes,
        keys={
            name: KeyPlan(name=name, kind=kind, start_value=start_values.get(name))
            for name, kind in sorted(keys.items())
        },
        joins={
            join_name(sources, target): JoinPlan(
                name=join_name(sources, target), sources=frozenset(sources), target=target
            )
            for sources, target in joins
        },
        is_strict=definition.is_strict,
        begins_directly=definition.is_entrypoint,
        collects_interrupts=definition.collects_interrupts,
    )
