"""Reading what runs wait for: interrupts and their answers, and the attempts that are to be repeated.

Rows come and go with the owner's commits and end with the run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph.database.tables import interrupts, runs
from fastgraph.database.times import from_micros, optional_from_micros

__all__ = ["InterruptView", "count_pending", "list_of_run", "list_pending", "read_answers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InterruptView:
    """A question of a node; `answer` is None while nobody has answered or the owner has not taken the answer yet."""

    run_key: int
    run_id: str
    interrupt_id: str
    task_id: str
    node: str
    position: int
    value: bytes
    response_schema: bytes | None
    answer: bytes | None
    created_at: datetime
    kind: str = "interrupt"
    name: str | None = None
    due_at: datetime | None = None
    namespace: str = ""
    asked_by: str | None = None


async def list_pending(
    connection: AsyncConnection, *, run_key: int | None = None, kind: str = "interrupt", limit: int = 1_000
) -> list[InterruptView]:
    """List unanswered interrupts, or waits of another kind, of one run or of all, oldest first."""
    query = _select().where(interrupts.c.answer.is_(None), interrupts.c.kind == kind)
    if run_key is not None:
        query = query.where(interrupts.c.run_key == run_key)
    return [_view(row) for row in await connection.execute(query.limit(limit))]


async def count_pending(connection: AsyncConnection, *, kind: str = "interrupt") -> int:
    """Count what `list_pending` of all runs would list."""
    query = select(func.count()).where(interrupts.c.answer.is_(None), interrupts.c.kind == kind)
    return (await connection.execute(query)).scalar_one()


async def list_of_run(connection: AsyncConnection, *, run_key: int) -> list[InterruptView]:
    """Return all interrupts of a run, answered or not, oldest first, by the primary key."""
    return [_view(row) for row in await connection.execute(_select().where(interrupts.c.run_key == run_key))]


async def read_answers(connection: AsyncConnection, *, run_key: int) -> list[InterruptView]:
    """Return the answered interrupts of a run in their order, by the primary key; `task_id` says whose they are."""
    query = _select().where(interrupts.c.run_key == run_key, interrupts.c.answer.is_not(None))
    return [_view(row) for row in await connection.execute(query)]


def _select() -> Select[Any]:
    return (
        select(interrupts, runs.c.run_id)
        .join(runs, runs.c.key == interrupts.c.run_key)
        .order_by(interrupts.c.created_at, interrupts.c.run_key, interrupts.c.position)
    )


def _view(row: Row[Any]) -> InterruptView:
    return InterruptView(
        run_key=row.run_key,
        run_id=row.run_id,
        interrupt_id=row.interrupt_id,
        task_id=row.task_id,
        node=row.node,
        position=row.position,
        value=row.value,
        response_schema=row.response_schema,
        answer=row.answer,
        created_at=from_micros(row.created_at),
        kind=row.kind,
        name=row.name,
        due_at=optional_from_micros(row.due_at),
        namespace=row.namespace or "",
        asked_by=row.asked_by,
    )
