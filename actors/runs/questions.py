"""What a run asks and waits for, as rows and events; pure, one function a fact."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import orjson

from actors.runs import facts
from actors.runs.beginning import breakpoint_task
from actors.runs.committer import Draft
from actors.runs.inbox import ChildEnded, Resume
from actors.runs.situation import Asked, Situation
from fastgraph.clock import to_rfc3339
from fastgraph.database.records import InterruptRow, NewEvent
from fastgraph.database.signals import StoredSignal
from fastgraph.errors import AmbiguousResumeError, UnknownInterruptError
from fastgraph.events import EventKind
from fastgraph.execution.interrupts import interrupt_id, match_answers
from fastgraph.execution.tasks import InterruptRequest, Task, TaskFailed, WaitKind
from fastgraph.state.plain import encode
from fastgraph.status import RunStatus

__all__ = [
    "breakpoint_question",
    "draft_answer",
    "draft_answers",
    "draft_breakpoint",
    "draft_child_ended",
    "draft_question",
    "draft_refusal",
    "draft_signals",
    "draft_waiting",
]

MAX_SHOWN_BYTES = 64 * 1024


def draft_question(draft: Draft, task: Task, request: InterruptRequest, now: datetime) -> None:
    """Draft a question or another wait of a task with the event that tells of it."""
    schema = orjson.dumps(request.response_schema) if request.response_schema is not None else None
    row = InterruptRow(
        interrupt_id=request.id,
        task_id=task.id,
        node=task.node,
        position=request.position,
        value=request.value.to_bytes(),
        response_schema=schema,
        kind=str(request.kind),
        name=request.name,
        due_at=request.due_at,
        namespace=request.namespace,
        asked_by=None if request.task_id == task.id else request.task_id,
    )
    draft.interrupts.append(row)
    draft.events.append(_asked(row, request.kind, now))


def breakpoint_question(run_id: str, place: str, nodes: Sequence[str]) -> dict[str, Any]:
    """A static interrupt as a question: any answer goes on."""
    return {"id": interrupt_id(f"{run_id}:{place}", 0), "value": {"breakpoint": list(nodes)}}


def draft_breakpoint(draft: Draft, place: str, node: str, question: dict[str, Any], now: datetime) -> None:
    """Draft a static interrupt as a question of the place where the run stands."""
    value = orjson.dumps(question["value"])
    row = InterruptRow(interrupt_id=question["id"], task_id=place, node=node, position=0, value=value)
    draft.interrupts.append(row)
    draft.events.append(_asked(row, WaitKind.INTERRUPT, now))


def _asked(row: InterruptRow, kind: WaitKind, now: datetime) -> NewEvent:
    if kind is WaitKind.INTERRUPT:
        data = b'{"interrupt_id":"%b","value":%b,"response_schema":%b}' % (
            row.interrupt_id.encode(),
            row.value,
            row.response_schema or b"null",
        )
        return NewEvent(kind=EventKind.INTERRUPTED, at=now, node=row.node, data=data)
    until = None if row.due_at is None else to_rfc3339(row.due_at)
    if kind is WaitKind.TIMER:
        shown: dict[str, Any] = {"until": until}
        return NewEvent(kind=EventKind.SLEEPING, at=now, node=row.node, data=orjson.dumps(shown))
    shown = {"for": row.kind, "name": row.name, "until": until}
    return NewEvent(kind=EventKind.WAITING, at=now, node=row.node, data=orjson.dumps(shown))


def draft_answers(draft: Draft, situation: Situation, command: Resume, now: datetime) -> None:
    """Give answers to the questions that wait for them; an answer to nothing becomes a warning."""
    pending = situation.pending_interrupts
    resume = command.answers if command.answers is not None else command.value
    try:
        answers = match_answers(resume, pending, is_strict=True)
    except (AmbiguousResumeError, UnknownInterruptError) as error:
        draft.events.append(facts.warning(f"An answer was not taken: {error}", now))
        return
    for asked, name, _ in situation.open_waits(WaitKind.INTERRUPT):
        if name in answers:
            draft_answer(draft, asked, name, answers[name], now)


def draft_answer(draft: Draft, asked: Asked, name: str, answer: Any, now: datetime) -> None:
    """Give a question its answer."""
    asked.answer(name, answer)
    draft.answered.append((name, encode(answer, where="the answer")))
    shown = {"interrupt_id": name}
    kind = asked.wait_of(name).kind
    if kind is not WaitKind.INTERRUPT:
        shown["from"] = str(kind)
    draft.events.append(NewEvent(kind=EventKind.RESUMED, at=now, node=asked.node, data=orjson.dumps(shown)))


def draft_refusal(draft: Draft, situation: Situation, failed: TaskFailed, now: datetime) -> None:
    """Take an answer back that its question's schema refused: the question stands again."""
    asked = situation.asked[failed.task_id]
    assert failed.refused_answer is not None, "an answer was refused"
    for name in asked.forget_from(failed.refused_answer):
        draft.answered.append((name, None))
        what = "A signal" if asked.wait_of(name).kind is WaitKind.SIGNAL else "The answer"
        message = f"{what} does not fit, and is waited for again: {failed.error.message}"
        draft.events.append(facts.warning(message, now, node=asked.node, interrupt_id=name))


def draft_signals(draft: Draft, came: Iterable[StoredSignal], now: datetime) -> None:
    """Tell of signals that came, with their bodies where they are small."""
    for signal in came:
        shown: dict[str, Any] = {"name": signal.name, "number": signal.number}
        if len(signal.body) <= MAX_SHOWN_BYTES:
            shown["body"] = orjson.Fragment(signal.body)
        draft.events.append(NewEvent(kind=EventKind.SIGNAL, at=now, data=orjson.dumps(shown)))


def draft_child_ended(draft: Draft, child: ChildEnded, now: datetime) -> None:
    """Tell that a child run has ended."""
    data = orjson.dumps({"run_id": child.run_id, "status": child.status})
    draft.events.append(NewEvent(kind=EventKind.CHILD_ENDED, at=now, data=data))


def draft_waiting(draft: Draft, situation: Situation, now: datetime) -> None:
    """Draft that the run waits, and for what: an answer, a signal or a child, or else a time."""
    draft.wake_at = due_at = situation.next_due()
    if situation.pending_interrupts:
        draft.status, draft.waiting_for = RunStatus.INTERRUPTED, _answer_sentence(situation)
        return
    waits = [wait for _, _, wait in situation.open_waits()]
    named = sorted(
        f"{'Signal' if wait.kind is WaitKind.SIGNAL else 'Child run'} {wait.name}"
        for wait in waits
        if wait.kind in {WaitKind.SIGNAL, WaitKind.CHILD}
    )
    if named:
        draft.status, draft.waiting_for = RunStatus.WAITING, f"{', '.join(named)}."
        return
    assert due_at is not None, "a run that can't go on waits for something"
    until = to_rfc3339(due_at)
    draft.status = RunStatus.SLEEPING
    if waits:
        draft.waiting_for = f"The time {until}."
        return
    draft.waiting_for = f"The next attempt at {until}."
    draft.events.append(NewEvent(kind=EventKind.SLEEPING, at=now, data=orjson.dumps({"until": until})))


def _answer_sentence(situation: Situation) -> str:
    """Why an interrupted run waits, for people."""
    nodes = sorted({asked.node for asked, _, _ in situation.open_waits(WaitKind.INTERRUPT)})
    place = breakpoint_task(situation.machine.checkpoint.number)
    if place in situation.asked:
        return f"A go-ahead at {', '.join(nodes)}."
    return f"An answer for {', '.join(nodes)}."
