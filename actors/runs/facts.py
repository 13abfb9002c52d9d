"""Events and rows of a run, made from what happened; pure, one function a fact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, assert_never

import orjson

from actors.executors.executor import Job
from actors.runs.beginning import breakpoint_task
from actors.runs.committer import Draft
from actors.runs.inbox import Resume
from actors.runs.shown_error import error_facts, error_json
from actors.runs.situation import EndKind, RunEnding, Situation
from actors.runs.task_artifacts import artifact_data
from actors.runs.task_services import HostTaskServices
from fastgraph.clock import Clock, to_rfc3339
from fastgraph.database.node_cache import namespace_text
from fastgraph.database.records import AttemptRow, CacheRow, ClaimedRun, InterruptRow, NewEvent, ResultRow
from fastgraph.errors import AmbiguousResumeError, UnknownInterruptError
from fastgraph.events import EventKind
from fastgraph.execution.checkpoint import Checkpoint, UnknownTarget
from fastgraph.execution.interrupts import interrupt_id, match_answers
from fastgraph.execution.plan import START
from fastgraph.execution.tasks import ErrorRecord, InterruptRequest, Task, TaskFailed, TaskResult
from fastgraph.graph.caching import encode_cached
from fastgraph.ids import checkpoint_id
from fastgraph.state.plain import encode
from fastgraph.status import RunStatus

__all__ = [
    "attempt_row",
    "breakpoint_question",
    "checkpoint",
    "completed",
    "draft_answers",
    "draft_breakpoint",
    "draft_end",
    "draft_question",
    "draft_refusal",
    "draft_result",
    "draft_waiting",
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
        namespace=namespace_text(result.cache.namespace),
        key=result.cache.key,
        value=encode_cached(result),
        expires_at=None if ttl is None else now + timedelta(seconds=ttl),
    )


def draft_question(draft: Draft, task: Task, request: InterruptRequest, now: datetime) -> None:
    """Draft a question of a task with the event that tells of it."""
    schema = orjson.dumps(request.response_schema) if request.response_schema is not None else None
    row = InterruptRow(
        interrupt_id=request.id,
        task_id=task.id,
        node=task.node,
        position=request.position,
        value=request.value.to_bytes(),
        response_schema=schema,
    )
    draft.interrupts.append(row)
    draft.events.append(_interrupted(row, now))


def breakpoint_question(run_id: str, place: str, nodes: Sequence[str]) -> dict[str, Any]:
    """A static interrupt as a question: any answer goes on."""
    return {"id": interrupt_id(f"{run_id}:{place}", 0), "value": {"breakpoint": list(nodes)}}


def draft_breakpoint(draft: Draft, place: str, node: str, question: dict[str, Any], now: datetime) -> None:
    """Draft a static interrupt as a question of the place where the run stands."""
    value = orjson.dumps(question["value"])
    row = InterruptRow(interrupt_id=question["id"], task_id=place, node=node, position=0, value=value)
    draft.interrupts.append(row)
    draft.events.append(_interrupted(row, now))


def _interrupted(row: InterruptRow, now: datetime) -> NewEvent:
    data = b'{"interrupt_id":"%b","value":%b,"response_schema":%b}' % (
        row.interrupt_id.encode(),
        row.value,
        row.response_schema or b"null",
    )
    return NewEvent(kind=EventKind.INTERRUPTED, at=now, node=row.node, data=data)


def draft_answers(draft: Draft, situation: Situation, command: Resume, now: datetime) -> None:
    """Give answers to the questions that wait for them; an answer to nothing becomes a warning."""
    pending = situation.pending_interrupts
    resume = command.answers if command.answers is not None else command.value
    try:
        answers = match_answers(resume, pending, is_strict=True)
    except (AmbiguousResumeError, UnknownInterruptError) as error:
        draft.events.append(warning(f"An answer was not taken: {error}", now))
        return
    for asked in situation.asked.values():
        for interrupt in asked.interrupt_ids:
            if interrupt not in answers or interrupt in asked.answers:
                continue
            asked.answers[interrupt] = answers[interrupt]
            draft.answered.append((interrupt, encode(answers[interrupt], where="the answer")))
            data = orjson.dumps({"interrupt_id": interrupt})
            draft.events.append(NewEvent(kind=EventKind.RESUMED, at=now, node=asked.node, data=data))


def draft_refusal(draft: Draft, situation: Situation, failed: TaskFailed, now: datetime) -> None:
    """Take an answer back that its question's schema refused: the question stands again."""
    asked = situation.asked[failed.task_id]
    assert failed.refused_answer is not None, "an answer was refused"
    for interrupt in asked.forget_from(failed.refused_answer):
        draft.answered.append((interrupt, None))
        message = f"The answer does not fit, and is waited for again: {failed.error.message}"
        draft.events.append(warning(message, now, node=asked.node, interrupt_id=interrupt))


def draft_waiting(draft: Draft, situation: Situation, now: datetime) -> None:
    """Draft that the run waits: for answers, or else for the time of its next attempt."""
    if situation.pending_interrupts:
        draft.status = RunStatus.INTERRUPTED
        draft.waiting_for = _waiting_sentence(situation)
        return
    until = to_rfc3339(min(situation.retry_at.values()))
    draft.status = RunStatus.SLEEPING
    draft.waiting_for = f"The next attempt at {until}."
    draft.events.append(NewEvent(kind=EventKind.SLEEPING, at=now, data=orjson.dumps({"until": until})))


def _waiting_sentence(situation: Situation) -> str:
    """Why an interrupted run waits, for people."""
    nodes = sorted({asked.node for asked in situation.asked.values() if not asked.is_answered})
    place = breakpoint_task(situation.machine.checkpoint.number)
    if place in situation.asked:
        return f"A go-ahead at {', '.join(nodes)}."
    return f"An answer for {', '.join(nodes)}."


def draft_end(draft: Draft, ending: RunEnding, now: datetime) -> None:
    """Draft the end of a run before its graph's end, or that it is given back."""
    match ending.kind:
        case EndKind.DRAIN:
            draft.release = True
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
