"""A checkpoint as LangGraph's savers hand it out and take it: `CheckpointTuple`, and back again.

Only the form is theirs. What a thread needs to go on stands in the checkpoint under `machine`, and where that is missing
(a checkpoint of LangGraph's own) it is read off the channels as far as they tell: `branch:to:<node>` names a node that is
due, `__pregel_tasks` holds Sends. Task results, questions, answers and errors are the pending writes.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypedDict

import orjson
from pydantic_core import to_jsonable_python

from fastgraph.checkpoint.logs import STEER, Pending, SavedCheckpoint, ValueReader
from fastgraph.clock import SystemClock
from fastgraph.errors import UnstorableValueError
from fastgraph.execution.checkpoint import Checkpoint as MachineCheckpoint
from fastgraph.execution.interrupts import interrupt_id
from fastgraph.execution.stored import decode_machine, encode_machine
from fastgraph.execution.tasks import (
    DueTask,
    ErrorRecord,
    InterruptRequest,
    SendWrite,
    TaskEnding,
    TaskFailed,
    TaskInterrupted,
    TaskKind,
    TaskResult,
    Write,
)
from fastgraph.graph.commands import Interrupt, Send
from fastgraph.ids import checkpoint_id, new_id
from fastgraph.state.values import PLAIN, StoredValue

if TYPE_CHECKING:
    from fastgraph.config import RunnableConfig

__all__ = [
    "ChannelVersions",
    "Checkpoint",
    "CheckpointMetadata",
    "CheckpointTuple",
    "PendingWrite",
    "PlainReader",
    "copy_checkpoint",
    "empty_checkpoint",
    "get_checkpoint_id",
    "make_config",
    "read_checkpoint",
    "read_writes",
    "retype",
    "show_checkpoint",
    "show_writes",
    "store",
]

ChannelVersions = dict[str, str | int | float]
PendingWrite = tuple[str, str, Any]

_BRANCH: Final = "branch:to:"
_SENDS: Final = "__pregel_tasks"
_INTERRUPT, _RESUME, _ERROR = "__interrupt__", "__resume__", "__error__"
_NO_WRITES: Final = "__no_writes__"
_NULL_TASK: Final = "00000000-0000-0000-0000-000000000000"
_CONTROL: Final = frozenset({_INTERRUPT, _RESUME, _ERROR, "__error_source_node__", "__scheduled__"})
_MAX_POSITIONS: Final = 1000


class CheckpointMetadata(TypedDict, total=False):
    """How a checkpoint was made, at which step, below which checkpoints of graphs around it, in which run."""

    source: Literal["input", "loop", "update", "fork"]
    step: int
    parents: dict[str, str]
    run_id: str


class _CheckpointFacts(TypedDict):
    v: int
    id: str
    ts: str
    channel_values: dict[str, Any]
    channel_versions: ChannelVersions
    versions_seen: dict[str, ChannelVersions]
    updated_channels: list[str] | None


class Checkpoint(_CheckpointFacts, total=False):
    """The state of a thread at one moment; `machine` is what it needs beside its values to go on."""

    machine: dict[str, Any]


class CheckpointTuple(NamedTuple):
    """A checkpoint with its config, its metadata, its parent's config and what its step has so far."""

    config: RunnableConfig
    checkpoint: Checkpoint
    metadata: CheckpointMetadata
    parent_config: RunnableConfig | None = None
    pending_writes: list[PendingWrite] | None = None


def empty_checkpoint() -> Checkpoint:
    """Return a checkpoint without values, with a new id."""
    return {
        "v": 4,
        "id": new_id(),
        "ts": SystemClock().now().isoformat(),
        "channel_values": {},
        "channel_versions": {},
        "versions_seen": {},
        "updated_channels": None,
    }


def copy_checkpoint(checkpoint: Checkpoint) -> Checkpoint:
    """Return a copy whose dicts may be changed apart from the original's; values are shared."""
    copied = checkpoint.copy()
    copied["channel_values"] = dict(checkpoint["channel_values"])
    copied["channel_versions"] = dict(checkpoint["channel_versions"])
    copied["versions_seen"] = {name: dict(seen) for name, seen in checkpoint["versions_seen"].items()}
    return copied


def get_checkpoint_id(config: Mapping[str, Any]) -> str | None:
    """Return the id of the checkpoint that a config names, or None."""
    found: str | None = config["configurable"].get("checkpoint_id")
    return found


class PlainReader:
    """Reads stored values without a graph: as plain data, with their tags understood."""

    def decode_value(self, key: str, data: bytes) -> StoredValue:  # noqa: ARG002 - no key has a type here
        return StoredValue.read(data)

    def decode_write(self, key: str, data: bytes) -> StoredValue:  # noqa: ARG002
        return StoredValue.read(data)

    def decode_argument(self, node: str, data: bytes) -> StoredValue:  # noqa: ARG002
        return StoredValue.read(data)

    def decode_any(self, data: bytes) -> StoredValue:
        return StoredValue.read(data)


def make_config(thread_id: str, namespace: str, name: str) -> RunnableConfig:
    """Return the config that names a checkpoint."""
    return {"configurable": {"thread_id": thread_id, "checkpoint_ns": namespace, "checkpoint_id": name}}


def show_checkpoint(saved: SavedCheckpoint, *, key: int, thread_id: str, namespace: str) -> CheckpointTuple:
    """Return a checkpoint in LangGraph's form."""
    checkpoint = saved.checkpoint
    name = checkpoint_id(key, checkpoint.number)
    values: dict[str, Any] = {key: value.fresh() for key, value in checkpoint.values.items()}
    for due in checkpoint.due:
        if due.kind is TaskKind.PULL:
            values[f"{_BRANCH}{due.node}"] = None
        else:
            argument = due.argument.fresh() if due.argument else None
            values.setdefault(_SENDS, []).append(Send(due.node, argument))
    version = f"{checkpoint.number:032}.{0:016}"
    shown: Checkpoint = {
        "v": 4,
        "id": name,
        "ts": saved.created_at.isoformat(),
        "channel_values": values,
        "channel_versions": dict.fromkeys(values, version),
        "versions_seen": {"__input__": {}, **{node: {} for node in checkpoint.finished}},
        "updated_channels": None,
        "machine": orjson.loads(encode_machine(checkpoint, -1)),
    }
    metadata: dict[str, Any] = {
        "source": saved.source,
        "step": checkpoint.step,
        "parents": {},
        **saved.metadata,
    }
    metadata.setdefault("run_id", saved.run_id)
    parent = checkpoint.parent
    return CheckpointTuple(
        config=make_config(thread_id, namespace, name),
        checkpoint=shown,
        metadata=metadata,  # type: ignore[arg-type]
        parent_config=make_config(thread_id, namespace, checkpoint_id(key, parent)) if parent else None,
        pending_writes=show_writes(saved.pending),
    )


def read_checkpoint(
    checkpoint: Checkpoint, metadata: Mapping[str, Any], *, number: int, parent: int | None
) -> SavedCheckpoint:
    """The inverse of `show_checkpoint`, under a number of its own. Raises UnstorableValueError."""
    values = dict(checkpoint["channel_values"])
    sends = values.pop(_SENDS, None) or []
    branches = sorted(name for name in values if name.startswith(_BRANCH))
    machine = checkpoint.get("machine")
    if machine is not None:
        facts = decode_machine(orjson.dumps(machine), PlainReader().decode_argument)
    else:
        facts = decode_machine(b'{"first_step":-1}', PlainReader().decode_argument)
    due = facts.due or (
        *(
            DueTask(node=name.removeprefix(_BRANCH), kind=TaskKind.PULL, triggers=(name,))
            for name in branches
        ),
        *(
            DueTask(
                node=send.node,
                kind=TaskKind.PUSH,
                triggers=("__pregel_push",),
                argument=store(send.arg),
            )
            for send in sends
        ),
    )
    told = dict(metadata)
    kept = {
        key: store(value)
        for key, value in values.items()
        if key not in branches and not key.startswith(("__pregel", "join:"))
    }
    step = told.pop("step", -1)
    return SavedCheckpoint(
        checkpoint=MachineCheckpoint(
            number=number,
            step=step,
            parent=parent,
            values=kept,
            due=due,
            deferred=facts.deferred,
            joins=facts.joins,
            finished=facts.finished,
        ),
        source=told.pop("source", "loop"),
        run_id=str(told.pop("run_id", "")),
        created_at=_read_time(checkpoint.get("ts")),
        metadata=told,
    )


def show_writes(pending: Pending) -> list[PendingWrite]:
    """Return what a step has so far as LangGraph's pending writes."""
    writes: list[PendingWrite] = []
    for result in (*pending.steers, *pending.results.values()):
        writes += _show_result(result)
    for name, interrupted in pending.interrupts.items():
        questions = tuple(Interrupt.from_request(item) for item in interrupted.interrupts)
        writes.append((name, _INTERRUPT, questions))
    for name, error in pending.errors.items():
        writes.append((name, _ERROR, f"{error.type}({error.message!r})"))
    for name in {**pending.results, **pending.interrupts, **pending.errors}:
        answers: list[Any] = []
        while (answer := pending.answers.get(interrupt_id(name, len(answers)))) is not None:
            answers.append(answer.fresh())
        if answers:
            writes.append((name, _RESUME, answers))
    return writes


def read_writes(
    writes: Sequence[tuple[str, Any]], task_id: str
) -> tuple[list[TaskEnding], dict[str, StoredValue]]:
    """The inverse of `show_writes` for one task: what became of it, and the answers it was given."""
    name = STEER if task_id == _NULL_TASK else task_id
    endings: list[TaskEnding] = []
    answers: dict[str, StoredValue] = {}
    for channel, value in writes:
        if channel == _INTERRUPT:
            endings.append(_read_questions(name, value))
        elif channel == _ERROR:
            endings.append(TaskFailed(task_id=name, error=_read_error(value)))
        elif channel == _RESUME:
            given = value if isinstance(value, list) else [value]
            answers |= {interrupt_id(name, place): store(answer) for place, answer in enumerate(given)}
    output = [(channel, value) for channel, value in writes if channel not in _CONTROL]
    if output:
        endings.append(_read_result(name, output))
    return endings, answers


def store(value: Any) -> StoredValue:
    """Encode a value that no key declares. An instance of a model or dataclass is kept as its fields; who reads it with
    the graph's types gets the instance again."""
    try:
        return StoredValue.of(value, PLAIN)
    except UnstorableValueError:
        return StoredValue.of(to_jsonable_python(value), PLAIN)


def retype(saved: SavedCheckpoint, reader: ValueReader) -> SavedCheckpoint:
    """Return a checkpoint that was kept as plain data with its values under a graph's types."""
    values = {
        key: reader.decode_value(key, value.to_bytes()) for key, value in saved.checkpoint.values.items()
    }
    pending = saved.pending.copy()
    for name, result in pending.results.items():
        pending.results[name] = _retype_result(result, reader)
    pending.steers = [_retype_result(told, reader) for told in pending.steers]
    return replace(saved, checkpoint=replace(saved.checkpoint, values=values), pending=pending)


def _retype_result(result: TaskResult, reader: ValueReader) -> TaskResult:
    writes = []
    for key, value in result.writes:
        try:
            writes.append(Write(key, reader.decode_write(key, value.to_bytes())))
        except KeyError:
            continue
    sends = (
        SendWrite(send.node, reader.decode_argument(send.node, send.argument.to_bytes()))
        for send in result.sends
    )
    return replace(result, writes=tuple(writes), sends=tuple(sends))


def _show_result(result: TaskResult) -> list[PendingWrite]:
    name = result.task_id or _NULL_TASK
    shown: list[PendingWrite] = [(name, write.key, write.value.fresh()) for write in result.writes]
    shown += [(name, f"{_BRANCH}{node}", None) for node in result.goto]
    shown += [(name, _SENDS, Send(send.node, send.argument.fresh())) for send in result.sends]
    return shown or [(name, _NO_WRITES, None)]


def _read_result(name: str, output: Sequence[tuple[str, Any]]) -> TaskResult:
    keys = [
        (key, value)
        for key, value in output
        if key not in (_SENDS, _NO_WRITES) and not key.startswith((_BRANCH, "join:"))
    ]
    return TaskResult(
        task_id=name,
        writes=tuple(Write(key, store(value)) for key, value in keys),
        goto=tuple(key.removeprefix(_BRANCH) for key, _ in output if key.startswith(_BRANCH)),
        sends=tuple(SendWrite(send.node, store(send.arg)) for key, send in output if key == _SENDS),
        has_update=bool(keys),
    )


def _read_questions(name: str, value: Any) -> TaskInterrupted:
    questions = value if isinstance(value, (list, tuple)) else [value]
    return TaskInterrupted(
        task_id=name,
        interrupts=tuple(
            InterruptRequest(
                id=question.id,
                position=_find_position(name, question.id),
                value=store(question.value),
                task_id=name,
                response_schema=getattr(question, "response_schema", None),
            )
            for question in questions
        ),
    )


def _find_position(task_id: str, name: str) -> int:
    """Return the place at which a task asks the question of that id; 0 for an id that is no task's own."""
    return next((place for place in range(_MAX_POSITIONS) if interrupt_id(task_id, place) == name), 0)


def _read_error(value: Any) -> ErrorRecord:
    text = repr(value) if isinstance(value, BaseException) else str(value)
    match = re.fullmatch(r"(\w+)\((.*)\)", text, re.DOTALL)
    if match is None:
        return ErrorRecord(type="Exception", message=text)
    try:
        message = ast.literal_eval(match[2])
    except (ValueError, SyntaxError):
        message = match[2]
    return ErrorRecord(type=match[1], message=message if isinstance(message, str) else match[2])


def _read_time(text: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        moment = datetime.fromtimestamp(0, UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
