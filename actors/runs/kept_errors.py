"""The errors of failed attempts as the store keeps them, and what they mean for a run that is taken up.

An error that names a handler stands for a task that failed for good: the handler's task is put in its place again, and the
node is not executed again. Any other one stands for a task that waits for its next attempt.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from actors.runs.shown_error import error_facts
from actors.runs.situation import Situation
from fastgraph.database.records import AttemptRow
from fastgraph.execution.tasks import ErrorRecord, Task
from fastgraph.graph.error_handlers import HANDLED_BY, restore_error

__all__ = ["decode_error", "encode_error", "hand_over", "restore_handlers", "restore_retries"]

_FIRST_ATTEMPT = "first_attempt_at"


def restore_handlers(situation: Situation, rows: Sequence[AttemptRow]) -> None:
    """Put handlers in the places of tasks that failed for good; before any result of the step is recorded."""
    tasks = {task.id: task for task in situation.machine.open_tasks}
    for row in rows:
        task = tasks.get(row.task_id)
        if task is not None and HANDLED_BY in (error := decode_error(row.error)).facts:
            hand_over(situation, task, error)


def restore_retries(situation: Situation, rows: Sequence[AttemptRow]) -> None:
    """Put back which open tasks wait for another attempt, and for which."""
    names = {task.id for task in situation.machine.open_tasks}
    for row in rows:
        if row.task_id in names:
            situation.attempts[row.task_id] = row.attempt + 1
            situation.retry_at[row.task_id] = row.next_at
            began = orjson.loads(row.error).get(_FIRST_ATTEMPT)
            if began is not None:
                situation.first_attempt_at[row.task_id] = began


def hand_over(situation: Situation, task: Task, error: ErrorRecord) -> None:
    """Let a failed task's handler take its place; it is told what is kept of the error."""
    handler = situation.machine.record_failure(task.id, error.facts[HANDLED_BY])
    situation.handled[handler.id] = restore_error(error)


def encode_error(error: ErrorRecord, *, first_attempt_at: float | None = None) -> bytes:
    """Encode an error with all that its handler, or the next attempt, may want to know."""
    kept = {**error_facts(error), "facts": dict(error.facts), _FIRST_ATTEMPT: first_attempt_at}
    return orjson.dumps(kept, default=repr)


def decode_error(data: bytes) -> ErrorRecord:
    """Read what `encode_error` wrote."""
    kept = orjson.loads(data)
    return ErrorRecord(
        type=kept["type"],
        message=kept["message"],
        traceback=kept.get("traceback") or "",
        node=kept.get("node"),
        attempt=kept.get("attempt"),
        facts=kept.get("facts") or {},
    )
