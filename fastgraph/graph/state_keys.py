"""The keys of a graph's state: those of all its schemas, united, each with the kind that the machine knows it by.

A state, input or output schema declares keys, and so does what a node or router wants for itself (private keys). A key
that is declared twice must mean the same; a plain declaration adds nothing to one that is there. Managed values are
apart: they are computed for each task, and no input or output has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fastgraph.channels.base import BaseChannel
from fastgraph.channels.binop import BinaryOperatorAggregate
from fastgraph.channels.delta import DeltaChannel
from fastgraph.channels.kinds import kind_of
from fastgraph.channels.last_value import LastValue
from fastgraph.errors import FastGraphError, GraphDefinitionError
from fastgraph.execution.plan import KeyKind
from fastgraph.graph.definition import GraphDefinition
from fastgraph.state.reducers import MISSING, is_same_reducer
from fastgraph.state.schema import KeySpec, SchemaKind, StateSchema
from fastgraph.state.values import StoredValue

__all__ = ["StateKeys", "unite_keys"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateKeys:
    """`channels` are the keys that are asked at every step, `untracked` those that are never stored."""

    specs: Mapping[str, KeySpec]
    kinds: Mapping[str, KeyKind]
    start_values: Mapping[str, StoredValue]
    channels: Mapping[str, BaseChannel[Any, Any, Any]]
    untracked: frozenset[str]


def unite_keys(definition: GraphDefinition, schema_of: Callable[[Any], StateSchema]) -> StateKeys:
    """Unite the keys of all schemas of a graph. Raises GraphDefinitionError, a ValueError."""
    for kind in (definition.input_type, definition.output_type):
        if kind is not definition.state_type:
            _refuse_managed(schema_of(kind))
    specs: dict[str, KeySpec] = {}
    for kind in _types(definition):
        schema = schema_of(kind)
        if schema.kind is SchemaKind.ROOT:
            _refuse_managed(schema)
        for name, declared in schema.keys.items():
            if declared.managed is not None:
                continue
            spec = _simplified(declared)
            known = specs.setdefault(name, spec)
            if known is not spec and not _adds_nothing(known, spec):
                raise GraphDefinitionError(
                    f"Key {name!r} already exists with a different type: {getattr(kind, '__name__', kind)} gives it "
                    f"another reducer or channel than the schema that declared it first. Use one for a key."
                )
    kinds = {name: _kind(spec) for name, spec in specs.items()}
    return StateKeys(
        specs=specs,
        kinds=kinds,
        start_values=dict(_start_values(specs)),
        channels={name: specs[name].channel for name, kind in kinds.items() if kind is KeyKind.CHANNEL},
        untracked=frozenset(name for name, kind in kinds.items() if kind.is_untracked),
    )


def _types(definition: GraphDefinition) -> Iterator[Any]:
    yield from (definition.state_type, definition.input_type, definition.output_type)
    for node in definition.nodes.values():
        if node.input_type is not None:
            yield node.input_type
    for routers in definition.routers.values():
        for router in routers:
            if router.input_type is not None:
                yield router.input_type


def _refuse_managed(schema: StateSchema) -> None:
    if schema.managed:
        raise GraphDefinitionError(
            f"Invalid managed channels detected in {getattr(schema.type, '__name__', schema.type)}: "
            f"{', '.join(schema.managed)}. Managed values are not permitted in an input or output schema; "
            f"declare them in the state's."
        )


def _simplified(spec: KeySpec) -> KeySpec:
    """Say a channel that means what a plain key or a reducer means in that way."""
    channel = spec.channel
    if type(channel) is LastValue:
        return replace(spec, channel=None)
    if type(channel) is BinaryOperatorAggregate:
        return replace(spec, channel=None, reducer=channel.operator, declared=channel.typ)
    return spec


def _adds_nothing(known: KeySpec, spec: KeySpec) -> bool:
    if spec.channel is not None:
        return bool(known.channel == spec.channel)
    if spec.reducer is not None:
        return known.reducer is not None and is_same_reducer(known.reducer, spec.reducer)
    return True


def _kind(spec: KeySpec) -> KeyKind:
    if spec.channel is not None:
        return kind_of(spec.channel)
    return KeyKind.LAST_VALUE if spec.reducer is None else KeyKind.REDUCER


def _start_values(specs: Mapping[str, KeySpec]) -> Iterator[tuple[str, StoredValue]]:
    for name, spec in specs.items():
        begins = spec.reducer is not None or type(spec.channel) is DeltaChannel
        value = spec.start_value() if begins else MISSING
        if value is not MISSING:
            try:
                yield name, StoredValue.of(value, spec.codec)
            except (FastGraphError, ValueError):
                # what a type makes of nothing need not be storable; the first write is the value then
                continue
