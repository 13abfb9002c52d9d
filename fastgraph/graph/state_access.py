"""A graph's state as its tasks read and write it: keys of all its schemas, codecs, inputs, reducers.

The state of a graph is the union of its state, input and output schemas and of what its nodes and routers declare for
themselves (private keys). Everything here may run user code (validators, reducers, a dataclass's `__post_init__`), so it
is called where user code runs and never by the machine.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from fastgraph.errors import FastGraphError, GraphDefinitionError
from fastgraph.execution.fold import FoldWork, KeyFold
from fastgraph.execution.plan import START, KeyKind
from fastgraph.execution.tasks import Folded, TaskResult, Write
from fastgraph.execution.updates import Writes
from fastgraph.graph.argument_codecs import ArgumentCodec, OverwriteCodec
from fastgraph.graph.definition import GraphDefinition
from fastgraph.graph.returns import read_return
from fastgraph.state.changes import Change
from fastgraph.state.folding import fold_key
from fastgraph.state.overwrite import find_overwrite
from fastgraph.state.reducers import MISSING
from fastgraph.state.schema import KeySpec, SchemaKind, StateSchema
from fastgraph.state.values import Codec, PlainCodec, StoredValue

__all__ = ["InputReading", "StateAccess"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputReading:
    """An input, read: its writes, what reducers made of them, and the keys that were dropped."""

    writes: tuple[Write, ...]
    folded: Folded
    unknown_keys: tuple[str, ...]


class StateAccess:
    """Reads and writes the state of one graph. Immutable, may be shared by threads."""

    def __init__(self, definition: GraphDefinition) -> None:
        self._definition = definition
        self._schemas: dict[Any, StateSchema] = {}
        self._state = self._schema(definition.state_type)
        self._input = self._schema(definition.input_type)
        output = self._schema(definition.output_type)
        self.keys: Mapping[str, KeySpec] = self._merge()
        self._codecs = {name: spec.codec for name, spec in self.keys.items()}
        self._arguments = {
            name: ArgumentCodec(
                f"the argument of a Send to {name!r}", self._schema(spec.input_type or self._state.type)
            )
            for name, spec in definition.nodes.items()
        }
        self.is_root = self._state.kind is SchemaKind.ROOT
        self.all_keys: tuple[str, ...] = tuple(self.keys)
        self.output_keys: tuple[str, ...] = tuple(output.keys)
        self.key_kinds: Mapping[str, KeyKind] = {
            name: KeyKind.LAST_VALUE if spec.reducer is None else KeyKind.REDUCER
            for name, spec in self.keys.items()
        }
        self.start_values: Mapping[str, StoredValue] = dict(self._start_values())

    def read_context(self, context: Any) -> Any:
        """Return a run's context as its schema says; a dict becomes an instance of a dataclass or a model."""
        kind = self._definition.context_type
        is_made = isinstance(kind, type) and (dataclasses.is_dataclass(kind) or issubclass(kind, BaseModel))
        return kind(**context) if is_made and isinstance(context, dict) else context

    def read_input(self, given: Any, values: Mapping[str, StoredValue]) -> InputReading:
        """Read a run's input, a dict or an instance of a schema, on top of a thread's values.

        Raises InvalidUpdateError for what is neither, UnstorableValueError, and what reducers raise.
        """
        told = read_return(given, START, is_root=self.is_root).updates
        known = [(key, value) for key, value in told if key in self._input.keys]
        writes, _ = self.encode_update(known)
        work = [
            KeyFold(
                key=key, current=values.get(key), writes=tuple(write for write in writes if write.key == key)
            )
            for key in dict(known)
            if self.key_kinds[key] is KeyKind.REDUCER
        ]
        unknown = tuple(key for key, _ in told if key not in self._input.keys)
        return InputReading(
            writes=writes, folded=self.fold_work(FoldWork(keys=tuple(work))), unknown_keys=unknown
        )

    def parse_payload(self, payload: Any) -> Any:
        """Return a client's JSON as the input's keys hold it, for `read_input`. Raises Pydantic's ValidationError."""
        return self._input.parse_payload(payload)

    def read_state(self, kind: Any, values: Mapping[str, StoredValue]) -> Any:
        """Make the input of a node or router that wants `kind` (None: the state), from fresh copies."""
        return (self._state if kind is None else self._schemas[kind]).read_as(values)

    def read_values(self, keys: Sequence[str], values: Mapping[str, StoredValue]) -> dict[str, Any]:
        """Return the values of those keys that have one, as fresh copies."""
        return {key: values[key].fresh() for key in keys if key in values}

    def read_update(self, result: TaskResult, keys: Sequence[str]) -> Any:
        """Return what a task wrote to `keys`: a dict, a list of dicts where it wrote one twice, None where nothing."""
        writes = [write for write in result.writes if write.key in keys]
        if len({write.key for write in writes}) < len(writes):
            return [{write.key: write.value.fresh()} for write in writes]
        return {write.key: write.value.fresh() for write in writes} or None

    def encode_update(self, updates: Sequence[tuple[str, Any]]) -> tuple[tuple[Write, ...], tuple[str, ...]]:
        """Encode an update key by key; answers the writes and the keys that the state does not have.

        Raises UnstorableValueError or InvalidUpdateError naming the key and the type.
        """
        codecs = self._codecs
        writes = []
        unknown = []
        for key, value in updates:
            codec = codecs.get(key)
            if codec is None:
                unknown.append(key)
            else:
                writes.append(Write(key, self._encode_write(key, value, codec)))
        return tuple(writes), tuple(unknown)

    def decode_write(self, key: str, data: bytes) -> StoredValue:
        """Read back a write that was stored; KeyError for a key that the state does not have any more."""
        codec = self._codecs[key]
        return StoredValue.read(data, OverwriteCodec(codec) if OverwriteCodec.is_one(data) else codec)

    def decode_value(self, key: str, data: bytes) -> StoredValue:
        """Read back the value of a key; one that the graph does not know is kept as plain data."""
        return StoredValue.read(data, self._codecs.get(key) or PlainCodec(f"key {key!r}"))

    def encode_argument(self, node: str, argument: Any) -> StoredValue:
        """Encode a Send's argument under what its node takes; for an unknown node as plain data."""
        return StoredValue.of(
            argument, self._arguments.get(node) or PlainCodec(f"the argument of a Send to {node!r}")
        )

    def decode_argument(self, node: str, data: bytes) -> StoredValue:
        """Read back a Send's argument."""
        return StoredValue.read(
            data, self._arguments.get(node) or PlainCodec(f"the argument of a Send to {node!r}")
        )

    def encode_any(self, value: Any, *, where: str) -> StoredValue:
        """Encode a value that no key declares: a question, an answer. `where` begins the sentence of an error."""
        return StoredValue.of(value, PlainCodec(where))

    def fold(self, writes: Writes, values: Mapping[str, StoredValue]) -> Folded:
        """Run the reducers of a task's own writes."""
        work = (
            KeyFold(key=key, current=values.get(key), writes=tuple(write for _, write in written))
            for key, written in writes.items()
            if self.key_kinds[key] is KeyKind.REDUCER
        )
        return self.fold_work(FoldWork(keys=tuple(work)))

    def fold_work(self, work: FoldWork) -> Folded:
        """Run the reducers of a step. Raises what they raise, and InvalidUpdateError for two Overwrites."""
        values: dict[str, StoredValue] = {}
        changes: dict[str, Change] = {}
        for item in work.keys:
            spec = self.keys[item.key]
            change, values[item.key] = fold_key(spec, item.current, [write.value for write in item.writes])
            if change is not None:
                changes[item.key] = change
        return Folded(values=values, changes=changes)

    def input_json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of an input."""
        return self._input.json_schema()

    def _encode_write(self, key: str, value: Any, codec: Codec) -> StoredValue:
        if self.key_kinds[key] is KeyKind.REDUCER and (overwrite := find_overwrite(value)) is not None:
            return StoredValue.of(overwrite, OverwriteCodec(codec))
        return StoredValue.of(value, codec)

    def _schema(self, kind: Any) -> StateSchema:
        schema = self._schemas.get(kind)
        if schema is None:
            schema = self._schemas[kind] = StateSchema.from_type(kind)
        return schema

    def _merge(self) -> dict[str, KeySpec]:
        """Unite the keys of all schemas; the first to declare a key with a reducer, or at all, decides."""
        definition = self._definition
        kinds = [definition.state_type, definition.input_type, definition.output_type]
        kinds += [node.input_type for node in definition.nodes.values()]
        kinds += [router.input_type for routers in definition.routers.values() for router in routers]
        merged: dict[str, KeySpec] = {}
        for kind in kinds:
            if kind is None:
                continue
            for name, spec in self._schema(kind).keys.items():
                known = merged.setdefault(name, spec)
                if (
                    known is not spec
                    and spec.reducer is not None
                    and not _is_same(known.reducer, spec.reducer)
                ):
                    raise GraphDefinitionError(
                        f"Key {name!r} already exists with a different type: {getattr(kind, '__name__', kind)} gives it "
                        f"another reducer than the schema that declared it first. Use one reducer for a key."
                    )
        return merged

    def _start_values(self) -> Iterator[tuple[str, StoredValue]]:
        for name, spec in self.keys.items():
            value = MISSING if spec.reducer is None else spec.start_value()
            if value is not MISSING:
                try:
                    yield name, StoredValue.of(value, spec.codec)
                except (FastGraphError, ValueError):
                    # what a type makes of nothing need not be storable; the first write is the value then
                    continue


def _is_same(one: Any, other: Any) -> bool:
    """Lambdas count as equal to any reducer: the same schema read twice makes two of them (LangGraph's rule)."""
    return one == other or "<lambda>" in (getattr(one, "__name__", ""), getattr(other, "__name__", ""))
