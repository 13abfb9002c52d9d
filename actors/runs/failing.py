"""What becomes of a failed attempt: another one, or a handler in the node's place. Rows and events, and the step's tasks.

Both are drafted before they begin, so a crash between costs nothing: the next owner finds the number of the attempt and its
time, or that the failed task has a handler, which is run then and never the node again.
"""

from __future__ import annotations

from datetime import datetime
from random import Random

from actors.runs import facts
from actors.runs.committer import Draft
from actors.runs.kept_errors import encode_error, hand_over
from actors.runs.situation import Situation
from fastgraph.execution.tasks import Task, TaskFailed
from fastgraph.graph.compiled import CompiledGraph
from fastgraph.graph.error_handlers import find_handler, note_handler
from fastgraph.graph.retry import delay_seconds

__all__ = ["draft_handover", "draft_retry"]


def draft_retry(
    draft: Draft,
    situation: Situation,
    *,
    graph: CompiledGraph,
    task: Task,
    failed: TaskFailed,
    now: datetime,
    random: Random,
) -> float:
    """Draft that a task is tried again, and return in how many seconds."""
    assert failed.matched_policy is not None, "some policy wants another attempt"
    attempt = situation.attempt_of(task.id)
    delay = delay_seconds(graph.retry_policies(task.node)[failed.matched_policy], attempt, random)
    error = encode_error(failed.error, first_attempt_at=situation.first_attempt_at.get(task.id))
    row = facts.attempt_row(task, attempt, error, now, delay)
    situation.attempts[task.id] = attempt + 1
    situation.retry_at[task.id] = row.next_at
    draft.attempts.append(row)
    draft.events.append(facts.node_retry(row, failed.error, now))
    return delay


def draft_handover(
    draft: Draft, situation: Situation, *, graph: CompiledGraph, task: Task, failed: TaskFailed, now: datetime
) -> bool:
    """Draft that a handler runs in a failed task's place; False where the node has none."""
    handler = find_handler(graph, task.node, failed)
    if handler is None:
        return False
    error = note_handler(failed.error, handler)
    draft.attempts.append(
        facts.attempt_row(task, situation.attempt_of(task.id), encode_error(error), now, delay_seconds=0.0)
    )
    draft.events.append(facts.node_failed(task, error, now, handled_by=handler))
    hand_over(situation, task, error)
    return True
