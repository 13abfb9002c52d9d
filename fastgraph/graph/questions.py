"""What a task asks, read from the exception by which it left: questions of its own, or of what is nested in it.

A question's id comes from its task and its position there, so the same checkpoint asks under the same id however often
the task is executed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastgraph.errors import GraphInterrupt
from fastgraph.execution.interrupts import interrupt_id
from fastgraph.execution.tasks import InterruptRequest
from fastgraph.graph.commands import Interrupt, NestedInterrupt, PendingInterrupt
from fastgraph.state.builtin_types import DEFAULT_REGISTRY
from fastgraph.state.registry import TypeRegistry
from fastgraph.state.values import PlainCodec, StoredValue

__all__ = ["read_all_questions", "read_questions"]


def read_questions(
    error: GraphInterrupt,
    *,
    task_id: str,
    node: str,
    namespace: str,
    answers: Mapping[str, Any],
    registry: TypeRegistry,
) -> tuple[InterruptRequest, ...]:
    """Return what an exception asks. Raises UnstorableValueError for a question that can't be stored."""
    if isinstance(error, NestedInterrupt):
        return error.requests
    facts: dict[str, Any] = {}
    if isinstance(error, PendingInterrupt):
        facts = {
            "response_schema": error.response_schema,
            "kind": error.kind,
            "name": error.name,
            "due_at": error.due_at,
        }
    position = error.position if isinstance(error, PendingInterrupt) else _count_answers(task_id, answers)
    codec = PlainCodec(f"the interrupt of node {node!r}", registry)
    return tuple(
        InterruptRequest(
            id=interrupt_id(task_id, place),
            position=place,
            task_id=task_id,
            value=StoredValue.of(question.value if isinstance(question, Interrupt) else question, codec),
            namespace=namespace,
            **facts,
        )
        for place, question in enumerate(error.interrupts, start=position)
        if interrupt_id(task_id, place) not in answers
    )


def read_all_questions(
    errors: Sequence[GraphInterrupt],
    *,
    task_id: str,
    node: str,
    namespace: str,
    answers: Mapping[str, Any],
    registry: TypeRegistry = DEFAULT_REGISTRY,
) -> list[InterruptRequest]:
    """Return what several exceptions of one task ask, each question once."""
    found: dict[str, InterruptRequest] = {}
    for error in errors:
        read = read_questions(
            error, task_id=task_id, node=node, namespace=namespace, answers=answers, registry=registry
        )
        found.update((question.id, question) for question in read)
    return list(found.values())


def _count_answers(task_id: str, answers: Mapping[str, Any]) -> int:
    """How many of the task's own interrupts are answered: an interrupt that was raised by hand comes after these."""
    position = 0
    while interrupt_id(task_id, position) in answers:
        position += 1
    return position
