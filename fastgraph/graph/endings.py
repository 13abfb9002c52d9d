"""What a task raised, as its ending: a question, something on its way further out, or a failure that may be tried again.

The retry policies are asked here, which is user code, so this is called where user code runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fastgraph.errors import GraphBubbleUp, GraphInterrupt, NodeCancelledError
from fastgraph.execution.tasks import InterruptRequest, TaskFailed, TaskInterrupted, WaitKind
from fastgraph.graph.commands import REFUSED_ANSWER
from fastgraph.graph.failures import BUBBLES_UP, record_error
from fastgraph.graph.questions import read_all_questions
from fastgraph.graph.retry import find_policy, has_attempts_left

if TYPE_CHECKING:
    from fastgraph.graph.task_call import TaskCall

__all__ = ["read_asked", "read_error", "read_together"]


def read_error(call: TaskCall, error: BaseException) -> tuple[TaskInterrupted | TaskFailed, BaseException]:
    """Turn what a task raised into its ending, beside the error that counts.

    Asks the node's retry policies, which is user code.
    """
    task = call.task
    if isinstance(error, GraphInterrupt):
        return _read_interrupt(call, error)
    if isinstance(error, GraphBubbleUp):
        # on its way to somebody further out: no failure of the node, so nothing to try again or to handle
        record = replace(record_error(error, node=task.node, attempt=call.attempt), facts={BUBBLES_UP: True})
        return TaskFailed(task_id=task.id, error=record), error
    if isinstance(error, asyncio.CancelledError):
        cancelled = NodeCancelledError(task.node)
        cancelled.__cause__ = error
        error = cancelled
    policies = call.graph.retry_policies(task.node)
    try:
        matched = find_policy(policies, error)
    except BaseException as second:  # noqa: BLE001 - a retry_on that raises is a failure like any other
        second.__context__ = error
        matched, error = None, second
    if matched is not None and not has_attempts_left(policies[matched], call.attempt):
        matched = None
    record = record_error(error, node=task.node, attempt=call.attempt)
    refused = getattr(error, REFUSED_ANSWER, None)
    return TaskFailed(task_id=task.id, error=record, matched_policy=matched, refused_answer=refused), error


def _read_interrupt(
    call: TaskCall, error: GraphInterrupt
) -> tuple[TaskInterrupted | TaskFailed, BaseException]:
    try:
        questions = read_asked(call, [error])
    except Exception as second:  # noqa: BLE001 - a question that can't be stored fails its node
        record = record_error(second, node=call.task.node, attempt=call.attempt)
        return TaskFailed(task_id=call.task.id, error=record), second
    return TaskInterrupted(task_id=call.task.id, interrupts=tuple(questions)), error


def read_together(
    call: TaskCall, asked: GraphInterrupt, more: Sequence[GraphInterrupt]
) -> list[InterruptRequest]:
    """Return what a task asks, `asked`, with what else its calls ask, `more`.

    Questions come one after the other, as in LangGraph, unless the graph collects them; timers, signals and children are
    waited for at the same time.
    """
    first = read_asked(call, [asked])
    seen = {question.id for question in first}
    rest = [question for question in read_asked(call, more) if question.id not in seen]
    if not call.graph.collects_interrupts:
        rest = [question for question in rest if question.kind is not WaitKind.INTERRUPT]
    return [*first, *rest]


def read_asked(call: TaskCall, asked: Sequence[GraphInterrupt]) -> list[InterruptRequest]:
    """Return what these exceptions ask, each question once. Raises UnstorableValueError for what can't be kept."""
    task = call.task
    return read_all_questions(
        asked,
        task_id=task.id,
        node=task.node,
        namespace=call.namespace,
        answers=call.answers,
        registry=call.graph.state.registry,
    )
