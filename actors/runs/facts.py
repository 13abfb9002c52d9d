"""Events and rows of a run, made from what happened; pure, one function a fact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, assert_never

import orjson

from actors.executors.executor import Job
from actors.runs.committer import Draft
from actors.runs.inbox import Migrated
from actors.runs.shown_error import error_facts, error_json
from actors.runs.situation import EndKind, RunEnding, Situation
from actors.runs.task_artifacts import artifact_data
from actors.runs.task_services import HostTaskServices
from fastgraph.clock import Clock, to_rfc3339
from fastgraph.database.records import AttemptRow, CacheRow, ClaimedRun, NewEvent, ResultRow
from fastgraph.events import EventKind
from fastgraph.execution.checkpoint import Checkpoint, UnknownTarget
from fastgraph.execution.plan import START
from fastgraph.execution.tasks import ErrorRecord, Task, TaskResult
from fastgraph.graph.caching import encode_cached
from fastgraph.ids import checkpoint_id
from fastgraph.status import RunStatus

__all__ = [
    "attempt_row",
    "checkpoint",
    "completed",
    "draft_end",
    "draft_result",
    "draft_starts",
    "dropped_input_keys",
    "failed",
    "loop_blocked",
    "node_failed",
    "node_retry",
    "node_started",
    "recovered",
    "started",
    "unknown_command",
    "unknown_target",
    "warning",
]


def started(claimed: ClaimedRun, now: datetime) -> NewEvent:
    return NewEvent(kind=EventKind.STARTED, at=now, data=orjson.dumps({"workflow": claimed.workflow}))


def recovered(claimed: ClaimedRun, now: datetime) -> NewEvent:
    data = {"from_host": claimed.recovered_from, "reason": claimed.recovered_reason}
    return NewEvent(kind=EventKind.RECOVERED, at=now, data=orjson.dumps(data))


def completed(now: datetime) -> NewEvent:
    return NewEvent(kind=EventKind.COMPLETED, at=now)


def failed(error: ErrorRecord, now: datetime) -> NewEvent:
    return NewEvent(
        kind=EventKind.FAILED, at=now, node=error.node, data=orjson.dumps({"error": error_facts(error)})
    )


def checkpoint(thread_key: int, stored: Checkpoint, now: datetime) -> NewEvent:
    data = b'{"checkpoint_id":"%b","step":%d}' % (
        checkpoint_id(thread_key, stored.number).encode(),
        stored.step,
    )
    return NewEvent(kind=EventKind.CHECKPOINT, at=now, data=data)


def node_started(task: Task, attempt: int, now: datetime) -> NewEvent:
    data = b'{"task_id":"%b","step":%d,"attempt":%d}' % (task.id.encode(), task.step, attempt)
    return NewEvent(kind=EventKind.NODE_STARTED, at=now, node=task.node, data=data)


def draft_starts(draft: Draft, situation: Situation, tasks: Sequence[Task], now: datetime) -> None:
    """Draft that tasks start; of START, which is nobody's node, nothing is told."""
    draft.events.extend(
        node_started(task, situation.attempt_of(task.id), now) for task in tasks if task.node != START
    )


def node_failed(task: Task, error: ErrorRecord, now: datetime, *, handled_by: str | None = None) -> NewEvent:
    data = {"task_id": task.id, "step": task.step, "attempt": error.attempt, "error": error_facts(error)}
    if handled_by is not None:
        data["handled_by"] = handled_by
    return NewEvent(kind=EventKind.NODE_FAILED, at=now, node=task.node, data=orjson.dumps(data))


def node_retry(row: AttemptRow, error: ErrorRecord, now: datetime) -> NewEvent:
    data = {
        "task_id": row.task_id,
        "attempt": row.attempt,
        "next_at": to_rfc3339(row.next_at),
        "error": {"type": error.type, "message": error.message},
    }
    return NewEvent(kind=EventKind.NODE_RETRY, at=now, node=row.node, data=orjson.dumps(data))


def warning(message: str, now: datetime, *, node: str | None = None, **more: Any) -> NewEvent:
    data = {"message": message, **more}
    return NewEvent(kind=EventKind.WARNING, at=now, node=node, data=orjson.dumps(data))


def dropped_input_keys(keys: Sequence[str], now: datetime) -> NewEvent:
    named = ", ".join(repr(key) for key in keys)
    return warning(f"The payload's keys {named} are no keys of the workflow's input and were dropped.", now)


def unknown_target(unknown: UnknownTarget, now: datetime) -> NewEvent:
    return warning(
        f"Node {unknown.source!r} chose {unknown.target!r}, which the workflow does not have; that was ignored.",
        now,
        node=unknown.source,
    )


def migrated(command: Migrated, now: datetime) -> NewEvent:
    data = {"graph_hash": command.graph_hash, **command.relocation}
    return NewEvent(kind=EventKind.MIGRATED, at=now, data=orjson.dumps(data))


def unknown_command(kind: str, now: datetime) -> NewEvent:
    return warning(f"A command {kind!r} was ignored: this host does not know it. Start a newer one.", now)


def loop_blocked(node: str, seconds: float, stack: str, now: datetime) -> NewEvent:
    return warning(
        f"The loop of the async nodes has had no turn for {seconds:.0f} s: a node blocks it. Use a plain `def` node for "
        f"blocking calls, or await them.",
        now,
        node=node,
        stack=stack,
    )


def attempt_row(task: Task, attempt: int, error: bytes, now: datetime, delay_seconds: float) -> AttemptRow:
    return AttemptRow(
        task_id=task.id,
        node=task.node,
        attempt=attempt,
        next_at=now + timedelta(seconds=delay_seconds),
        error=error,
    )


def draft_result(draft: Draft, job: Job, result: TaskResult, row: ResultRow, clock: Clock) -> None:
    """Draft a result with its artifacts and warnings. What START's routers chose stands in the next checkpoint alone:
    START is nobody's node, so no event tells of it."""
    now, task = clock.now(), job.call.task
    services = job.call.services
    if isinstance(services, HostTaskServices):
        for artifact in services.artifacts:
            draft.artifacts.append(artifact)
            draft.events.append(
                NewEvent(kind=EventKind.ARTIFACT, at=now, node=task.node, data=artifact_data(artifact))
            )
    if result.unknown_keys:
        named = ", ".join(repr(key) for key in result.unknown_keys)
        draft.events.append(
            warning(
                f"Node {task.node!r} wrote the keys {named}, which the state does not have.",
                now,
                node=task.node,
            )
        )
    if task.node == START:
        return
    milliseconds = (clock.monotonic() - (job.started_at or 0.0)) * 1000
    data = b'{"task_id":"%b","step":%d,"attempt":%d,"duration_ms":%.3f}' % (
        task.id.encode(),
        task.step,
        job.call.attempt,
        milliseconds,
    )
    if result.is_cached:
        data = data[:-1] + b',"cached":true}'
    elif result.cache is not None:
        draft.cached.append(_cache_row(result, now))
    event = NewEvent(kind=EventKind.NODE_UPDATE, at=now, node=task.node, data=data, result=len(draft.results))
    draft.add_result(row, event)


def _cache_row(result: TaskResult, now: datetime) -> CacheRow:
    assert result.cache is not None, "it is to be cached"
    ttl = result.cache.ttl_seconds
    return CacheRow(
        namespace=result.cache.namespace,
        key=result.cache.key,
        value=encode_cached(result),
        expires_at=None if ttl is None else now + timedelta(seconds=ttl),
    )


def draft_end(draft: Draft, ending: RunEnding, now: datetime) -> None:
    """Draft the end of a run before its graph's end, or that it is given back."""
    match ending.kind:
        case EndKind.DRAIN:
            draft.release, draft.release_reason = True, ending.reason
        case EndKind.FAIL:
            assert ending.error is not None, "a failure has an error"
            draft.status, draft.error = RunStatus.FAILED, error_json(ending.error)
            draft.events.append(failed(ending.error, now))
        case EndKind.CANCEL:
            draft.status = RunStatus.CANCELLED
            data = orjson.dumps({"reason": ending.reason})
            draft.events.append(NewEvent(kind=EventKind.CANCELLED, at=now, data=data))
        case _:
            assert_never(ending.kind)
