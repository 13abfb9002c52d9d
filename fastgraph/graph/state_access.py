"""A graph's state as its tasks read and write it: keys of all its schemas, codecs, inputs, reducers.

The state of a graph is the union of its state, input and output schemas and of what its nodes and routers declare for
themselves (private keys). Everything here may run user code (validators, reducers, a dataclass's `__post_init__`), so it
is called where user code runs and never by the machine.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel

from fastgraph.channels.folding import fold_channel, see_channels
from fastgraph.channels.kinds import takes_overwrites
from fastgraph.errors import FastGraphError
from fastgraph.execution.fold import FoldWork, KeyFold
from fastgraph.execution.plan import FOLDED_KINDS, START, KeyKind
from fastgraph.execution.tasks import Folded, Task, TaskResult, Write
from fastgraph.execution.updates import Writes, group_writes
from fastgraph.graph.argument_codecs import ArgumentCodec, OverwriteCodec
from fastgraph.graph.definition import GraphDefinition
from fastgraph.graph.returns import read_return
from fastgraph.graph.state_keys import unite_keys
from fastgraph.managed.base import TaskPlace
from fastgraph.state.annotations import find_classes, type_name
from fastgraph.state.changes import Change, diff
from fastgraph.state.classes import with_classes
from fastgraph.state.folding import fold_key
from fastgraph.state.held import HeldValue, PartlyHeld
from fastgraph.state.overwrite import find_overwrite
from fastgraph.state.schema import ROOT, KeySpec, SchemaKind, StateSchema
from fastgraph.state.values import Codec, PlainCodec, StoredValue, StrictCodec

__all__ = ["InputReading", "StateAccess"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputReading:
    """An input, read: its writes, what reducers made of them, and the keys that were dropped.

    `extra` holds the dropped ones where START's routers may look at them.
    """

    writes: tuple[Write, ...]
    folded: Folded
    unknown_keys: tuple[str, ...]
    extra: StoredValue | None = None


def _strict(specs: Mapping[str, KeySpec]) -> Mapping[str, KeySpec]:
    return {name: replace(spec, codec=StrictCodec(spec.codec)) for name, spec in specs.items()}


class StateAccess:
    """Reads and writes the state of one graph. Immutable, may be shared by threads."""

    def __init__(self, definition: GraphDefinition) -> None:
        self._definition = definition
        self._schemas: dict[Any, StateSchema] = {}
        self._state = self._schema(definition.state_type)
        self._input = self._schema(definition.input_type)
        output = self._output = self._schema(definition.output_type)
        united = unite_keys(definition, self._schema)
        self.registry = with_classes(definition.registry, self._find_all_classes())
        """The types that may stand where no key declares them: those of all schemas, too."""
        is_strict = definition.has_strict_values
        self.keys: Mapping[str, KeySpec] = _strict(united.specs) if is_strict else united.specs
        self.key_kinds: Mapping[str, KeyKind] = united.kinds
        self.key_types: Mapping[str, str] = {
            name: type_name(spec.declared) for name, spec in self.keys.items()
        }
        self.start_values: Mapping[str, StoredValue] = united.start_values
        self._channels = united.channels
        self.untracked = united.untracked
        self._codecs = {name: spec.codec for name, spec in self.keys.items()}
        self._folded = frozenset(name for name, kind in united.kinds.items() if kind in FOLDED_KINDS)
        self._overwritable = frozenset(
            name for name, spec in self.keys.items() if takes_overwrites(spec.channel, united.kinds[name])
        )
        self._arguments: dict[str, Codec] = {
            name: ArgumentCodec(
                f"the argument of a Send to {name!r}",
                self._schema(spec.input_type or self._state.type),
                self.registry,
            )
            for name, spec in definition.nodes.items()
        }
        if is_strict:
            self._arguments = {name: StrictCodec(codec) for name, codec in self._arguments.items()}
        self.is_root = self._state.kind is SchemaKind.ROOT
        self.shown_key: str | None = ROOT if self.is_root else None
        """The key whose bare value is the state for whoever looks from outside; None where that is a dict of the keys."""
        self.all_keys: tuple[str, ...] = tuple(self.keys)
        self.output_keys: tuple[str, ...] = tuple(key for key in output.keys if key not in output.managed)
        self._start_sees_input = any(
            router.input_type is None for router in definition.routers.get(START, ())
        )
        self.input_keys = frozenset(self._input.keys) - frozenset(self._input.managed)

    def read_context(self, context: Any) -> Any:
        """Return a run's context as its schema says; a dict becomes an instance of a dataclass or a model."""
        kind = self._definition.context_type
        if kind is None:
            return context
        is_made = isinstance(kind, type) and (dataclasses.is_dataclass(kind) or issubclass(kind, BaseModel))
        return kind(**context) if is_made and isinstance(context, dict) else context

    def read_input(self, given: Any, values: Mapping[str, StoredValue]) -> InputReading:
        """Read a run's input, a dict or an instance of a schema, on top of a thread's values.

        Raises InvalidUpdateError for what is neither, UnstorableValueError, and what reducers raise.
        """
        told = read_return(given, START, is_root=self.is_root).updates
        writes, _ = self.encode_update([pair for pair in told if pair[0] in self.input_keys])
        beside = {key: value for key, value in told if key not in self.input_keys}
        # START's routers are shown the state, and what was given besides; a channel need not show what was written to it
        is_shown = self._state.keys.keys() - self._channels.keys() - beside.keys()
        shown = {key: value for key, value in told if key not in is_shown}
        return InputReading(
            writes=writes,
            folded=self.fold(group_writes([(None, writes)]), values),
            unknown_keys=tuple(beside),
            extra=self._encode_beside(shown) if shown and self._start_sees_input else None,
        )

    def as_update(self, value: Any) -> Any:
        """Return what a node's value is as an update: itself, unless the state is an entrypoint's."""
        return value

    def read_previous(self, values: Mapping[str, StoredValue]) -> Any:  # noqa: ARG002 - an entrypoint's state has one
        """Return what the run before this one has saved for it: only an entrypoint saves something."""
        return None

    def parse_payload(self, payload: Any) -> Any:
        """Return a client's JSON as the input's keys hold it, for `read_input`. Raises Pydantic's ValidationError."""
        return self._input.parse_payload(payload)

    def read_state(self, kind: Any, values: Mapping[str, StoredValue], task: Task | None = None) -> Any:
        """Make the input of a node or router that wants `kind` (None: the state), from fresh copies. `task` is whose
        managed values it gets."""
        schema = self._state if kind is None else self._schemas[kind]
        if self._channels:
            values = self.see(values)
        if not schema.managed or task is None:
            return schema.read_as(values)
        place = TaskPlace(task.step, task.step + task.remaining_steps)
        return schema.read_as(values, {name: manager.get(place) for name, manager in schema.managed.items()})

    def see(self, values: Mapping[str, StoredValue]) -> Mapping[str, StoredValue]:
        """Return the values as nodes see them: a channel may show something else than what is stored of it. User code."""
        return see_channels(self._channels, values, self._codecs) if self._channels else values

    def keys_read(self, kind: Any) -> tuple[str, ...]:
        """Return the keys that such an input is made of, in order of name."""
        return tuple(sorted((self._state if kind is None else self._schemas[kind]).keys))

    def read_values(self, keys: Sequence[str], values: Mapping[str, StoredValue]) -> dict[str, Any]:
        """Return the values of those keys that have one, as fresh copies."""
        values = self.see(values)
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
        """Encode a Send's argument under what its node takes; for an unknown node as plain data. What an untracked key
        holds is handed on and not stored."""
        codec = self._arguments.get(node) or PlainCodec(f"the argument of a Send to {node!r}", self.registry)
        if not self.untracked or not isinstance(argument, dict) or self.untracked.isdisjoint(argument):
            return StoredValue.of(argument, codec)
        held = {key: value for key, value in argument.items() if key in self.untracked}
        kept = {key: value for key, value in argument.items() if key not in held}
        return PartlyHeld(StoredValue.of(kept, codec), held)

    def decode_argument(self, node: str, data: bytes) -> StoredValue:
        """Read back a Send's argument."""
        return StoredValue.read(
            data,
            self._arguments.get(node) or PlainCodec(f"the argument of a Send to {node!r}", self.registry),
        )

    def encode_any(self, value: Any, *, where: str) -> StoredValue:
        """Encode a value that no key declares: a question, an answer. `where` begins the sentence of an error."""
        return StoredValue.of(value, PlainCodec(where, self.registry))

    def decode_any(self, data: bytes) -> StoredValue:
        """Read back a question or an answer."""
        return StoredValue.read(data, PlainCodec("a value", self.registry))

    def fold(
        self,
        writes: Writes,
        values: Mapping[str, StoredValue],
        *,
        is_step: bool = True,
        is_last: bool = False,
    ) -> Folded:
        """Run the reducers of a task's own writes, or of writes from outside, which are no step."""
        names = [key for key in writes if key in self._folded]
        if is_step and self._channels:
            names += [key for key in self._channels if key not in writes]
        work = (
            KeyFold(key=key, current=values.get(key), writes=tuple(write for _, write in writes.get(key, ())))
            for key in names
        )
        return self.fold_work(FoldWork(keys=tuple(work), is_step=is_step, is_last=is_last))

    def fold_work(self, work: FoldWork) -> Folded:
        """Run the reducers and channels of a step. A key that stands there several times is folded on, layer by layer.

        Raises what they raise, and InvalidUpdateError for two Overwrites.
        """
        values: dict[str, StoredValue] = {}
        changes: dict[str, Change] = {}
        emptied, seen = set[str](), set[str]()
        for item in work.keys:
            spec = self.keys[item.key]
            written = [write.value for write in item.writes]
            current = values.get(item.key, item.current)
            change: Change | None
            value: StoredValue | None
            if spec.channel is None:
                change, value = fold_key(spec, current, written)
            else:
                change, value, is_seen = fold_channel(
                    spec.channel,
                    item.key,
                    spec.codec,
                    current,
                    written,
                    is_step=work.is_step,
                    is_last=work.is_last,
                )
                if is_seen:
                    seen.add(item.key)
            if value is None:
                emptied.add(item.key)
                continue
            if item.key in values:
                change, value = diff(item.current, value.value, spec.codec)
            values[item.key] = value
            if change is not None:
                changes[item.key] = change
        return Folded(values=values, changes=changes, emptied=frozenset(emptied), seen=frozenset(seen))

    def input_json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of an input."""
        return self._input.json_schema()

    def output_json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of what a run gives back."""
        return self._output.json_schema()

    def _find_all_classes(self) -> list[type[Any]]:
        declared = (spec.declared for schema in self._schemas.values() for spec in schema.keys.values())
        return list(dict.fromkeys(found for hint in declared for found in find_classes(hint)))

    def _encode_beside(self, given: Mapping[str, Any]) -> StoredValue | None:
        """Encode what an input has beside the state's keys, as far as it can be stored."""
        kept = {}
        for key, value in given.items():
            try:
                kept[key] = StoredValue.of(
                    value, PlainCodec(f"input key {key!r}", self._definition.registry)
                ).value
            except FastGraphError:
                continue  # nobody but a router could have seen it, and the input says that it was dropped
        return StoredValue.of(kept) if kept else None

    def _encode_write(self, key: str, value: Any, codec: Codec) -> StoredValue:
        if key in self._overwritable and (overwrite := find_overwrite(value)) is not None:
            return StoredValue.of(overwrite, OverwriteCodec(codec))
        if key in self.untracked:
            return HeldValue(value)
        return StoredValue.of(value, codec)

    def _schema(self, kind: Any) -> StateSchema:
        schema = self._schemas.get(kind)
        if schema is None:
            schema = self._schemas[kind] = StateSchema.from_type(kind, registry=self._definition.registry)
        return schema
