"""Between the machine's words and the store's rows: results, checkpoints, outputs, errors, as bytes.

Values come encoded already; here they are only put together, so a value is encoded once and stored once. What is above the
spill limit goes to files first, on a thread that may block.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import orjson

from actors.runs.reading import keep_patiently
from fastgraph.blobs.spill import Spill
from fastgraph.database.checkpoints import StoredResult
from fastgraph.database.records import CheckpointRow, ResultRow
from fastgraph.execution.checkpoint import Checkpoint, KeyChange, StepCommit
from fastgraph.execution.stored import encode_machine
from fastgraph.execution.tasks import SendWrite, Task, TaskResult, TimeLimits, Write
from fastgraph.graph.compiled import CompiledGraph
from fastgraph.graph.state_access import StateAccess
from fastgraph.state.changes import Change, needs_snapshot
from fastgraph.state.values import StoredValue

__all__ = [
    "RESULT_BYTES",
    "ChangeLog",
    "checkpoint_row",
    "decode_recorded",
    "decode_result",
    "encode_changes",
    "encode_result",
    "encode_snapshot",
    "output_json",
    "result_row",
    "shrink_changes",
    "snapshot_changes",
]

RESULT_BYTES = 64 * 1024
"""A run's output up to this size is kept with the run; a larger one is read from its last checkpoint."""


async def encode_result(
    result: TaskResult, task: Task, number: int, spill: Spill, spill_bytes: int
) -> ResultRow:
    """Make the row of a task's result; spills large values in a thread, and waits for a disk that is full."""
    if any(write.value.size > spill_bytes for write in result.writes):
        return await keep_patiently(partial(result_row, result, task, number, spill))
    return result_row(result, task, number, None)


def result_row(
    result: TaskResult, task: Task | None, number: int, spill: Spill | None, *, namespace: str = ""
) -> ResultRow:
    """Make the row of a result; `spill` puts large values into files and blocks on the disk then."""
    return ResultRow(
        task_id=result.task_id,
        node=task.node if task else "",
        path=task.path if task else "",
        checkpoint_number=number,
        namespace=namespace,
        update=_encode_update(result, spill),
        routing=_encode_routing(result),
    )


def _encode_update(result: TaskResult, spill: Spill | None) -> bytes:
    """An object of key -> value; an array of objects where a key was written twice; null where nothing was returned."""
    tracked = [write for write in result.writes if write.value.is_tracked]
    if not result.has_update and not tracked:
        return b"null"
    parts = []
    for write in tracked:
        encoded = write.value.to_bytes()
        parts.append(orjson.dumps(write.key) + b":" + (spill.shrink(encoded) if spill else encoded))
    if len({write.key for write in tracked}) == len(tracked):
        return b"{" + b",".join(parts) + b"}"
    return b"[" + b",".join(b"{" + part + b"}" for part in parts) + b"]"


def _encode_routing(result: TaskResult) -> bytes | None:
    if not result.goto and not result.sends:
        return None
    routing: dict[str, Any] = {}
    if result.goto:
        routing["goto"] = result.goto
    if result.sends:
        routing["sends"] = [
            [
                send.node,
                orjson.Fragment(send.argument.to_bytes()),
                *([list(send.limits)] if send.limits else ()),
            ]
            for send in result.sends
        ]
    return orjson.dumps(routing)


def decode_result(stored: StoredResult, graph: CompiledGraph) -> TaskResult:
    """Read a recorded result back. Validators of typed values run here: call it on a user thread."""
    return decode_recorded(stored.task_id, stored.update, stored.routing, graph.state)


def decode_recorded(task_id: str, update: bytes, recorded: bytes | None, state: StateAccess) -> TaskResult:
    """Read back what was recorded of a task of a graph with this state."""
    tree = orjson.loads(update)
    routing = orjson.loads(recorded) if recorded else {}
    parts = [] if tree is None else [tree] if isinstance(tree, dict) else tree
    pairs = [pair for part in parts for pair in part.items()]
    writes = tuple(
        Write(key, state.decode_write(key, orjson.dumps(value))) for key, value in pairs if key in state.keys
    )
    return TaskResult(
        task_id=task_id,
        writes=writes,
        goto=tuple(routing.get("goto", ())),
        sends=tuple(
            SendWrite(
                node,
                state.decode_argument(node, orjson.dumps(argument)),
                TimeLimits(*limits[0]) if limits else None,
            )
            for node, argument, *limits in routing.get("sends", ())
        ),
        has_update=tree is not None,
    )


@dataclass(slots=True)
class ChangeLog:
    """What a reader of the newest checkpoint has to go through: the changes since the last snapshot."""

    log_bytes: int = 0
    rows: int = 0

    def wants_snapshot(self, commit: StepCommit) -> bool:
        """Count a checkpoint's changes, and say whether it should hold the whole state instead."""
        self.log_bytes += sum(change.change.weight for change in commit.changes.values())
        self.rows += 1
        state_bytes = sum(value.size for value in commit.checkpoint.values.values())
        if not needs_snapshot(log_bytes=self.log_bytes, log_rows=self.rows, state_bytes=state_bytes):
            return False
        self.log_bytes = self.rows = 0
        return True


async def shrink_changes(commit: StepCommit, spill: Spill, spill_bytes: int) -> StepCommit:
    """Spill what reducers made and is too large for a row; in a thread, since files are written."""
    large = {
        key: change
        for key, change in commit.changes.items()
        if change.from_task is None and len(change.change.operand) > spill_bytes
    }
    if not large:
        return commit
    operands = await keep_patiently(lambda: {key: spill.shrink(c.change.operand) for key, c in large.items()})
    shrunk = {key: KeyChange(change=large[key].change._replace(operand=operands[key])) for key in large}
    return replace(commit, changes={**commit.changes, **shrunk})


def checkpoint_row(
    commit: StepCommit, first_step: int, snapshot: bytes | None, seqs: Mapping[str, int]
) -> CheckpointRow:
    """Make the row of a checkpoint; `seqs` says which event carries which task's result."""
    checkpoint = commit.checkpoint
    return CheckpointRow(
        number=checkpoint.number,
        parent=checkpoint.parent,
        step=checkpoint.step,
        changes=snapshot if snapshot is not None else encode_changes(commit.changes, seqs),
        machine=encode_machine(checkpoint, first_step, commit.source),
        is_snapshot=snapshot is not None,
        state_bytes=sum(value.size for value in checkpoint.values.values()),
    )


async def encode_snapshot(checkpoint: Checkpoint, spill: Spill) -> bytes:
    """Encode the whole state as changes; large ones go to a file. In a thread: it may be megabytes."""
    return await keep_patiently(partial(snapshot_changes, checkpoint, spill))


def snapshot_changes(checkpoint: Checkpoint, spill: Spill) -> bytes:
    """Encode the whole state as changes, here and now."""
    parts = [
        orjson.dumps(key) + b":" + Change.set_to(value).encode()
        for key, value in checkpoint.values.items()
        if value.is_tracked
    ]
    return spill.shrink_snapshot(b"{" + b",".join(parts) + b"}")


def encode_changes(changes: Mapping[str, KeyChange], seqs: Mapping[str, int]) -> bytes:
    """Encode the changes of a step: by reference where a result holds the value, else in full."""
    parts = []
    for key, change in changes.items():
        seq = seqs.get(change.from_task) if change.from_task is not None else None
        body = change.change.reference(seq) if seq is not None else None
        parts.append(orjson.dumps(key) + b":" + (body or change.change.encode()))
    return b"{" + b",".join(parts) + b"}"


def output_json(graph: CompiledGraph, values: Mapping[str, StoredValue]) -> bytes | None:
    """The run's result, given the values as nodes see them, or None where it is so large that it is read from the
    checkpoint. What untracked keys hold is no part of it."""
    keys = [key for key in graph.output_keys if key in values and values[key].is_tracked]
    bare = graph.state.shown_key
    if bare is not None and sum(values[key].size for key in keys) <= RESULT_BYTES:
        return values[bare].to_bytes() if bare in keys else b"null"
    if sum(values[key].size for key in keys) > RESULT_BYTES:
        return None
    return b"{" + b",".join(orjson.dumps(key) + b":" + values[key].to_bytes() for key in keys) + b"}"
