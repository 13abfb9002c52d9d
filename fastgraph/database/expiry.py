"""Retention: which ended runs are over their time, how one goes, and what keeps it.

A run with many events goes in several transactions, so that no commit of another run waits behind a large one: first its
oldest events, whose numbers its watchers are then told as a gap, and with the last of them everything else at once. Whether
it is still due is asked in each transaction: a run that somebody keeps meanwhile stays as it is by then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, delete, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph import fault_points
from fastgraph.database.deletion import delete_run
from fastgraph.database.guard import require_run
from fastgraph.database.records import DeleteRun
from fastgraph.database.tables import events, run_bodies, runs
from fastgraph.database.times import to_micros
from fastgraph.database.transaction import Transaction
from fastgraph.retention import Retention
from fastgraph.status import ENDED

__all__ = ["EVENTS_A_BATCH", "ExpireRun", "ExpiredRun", "KeepRun", "carry_out_retention", "list_expired"]

EVENTS_A_BATCH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireRun:
    """Remove a run that ended at `finished_before` or earlier, or a part of it. Answers True where there is nothing left to
    do: it is gone, kept, or not due. Harmless to repeat, by any number of hosts."""

    run_id: str
    finished_before: datetime
    run_keys: tuple[int, ...] = ()
    size_bytes: int = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepRun:
    """Keep a run from retention, or not any more. Refused by RunNotFoundError. Answers True."""

    run_id: str
    is_kept: bool
    now: datetime
    run_keys: tuple[int, ...] = ()
    size_bytes: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiredRun:
    """A run that is due. `place` is where the next page begins."""

    run_id: str
    finished_before: datetime
    place: tuple[int, int]


def carry_out_retention(tx: Transaction, operation: ExpireRun | KeepRun) -> bool:
    """Carry out either."""
    return _expire_run(tx, operation) if isinstance(operation, ExpireRun) else _keep_run(tx, operation)


def _expire_run(tx: Transaction, operation: ExpireRun) -> bool:
    """Remove the oldest events of a run that is due, or, where few are left, the run. It writes by itself, as `delete_run`
    does."""
    head = tx.find_head(operation.run_id)
    if head is None or head.status not in ENDED or head.is_cold:
        return True
    connection = tx.connection
    due = select(run_bodies.c.run_key).where(
        run_bodies.c.run_key == head.key,
        run_bodies.c.kept_at.is_(None),
        run_bodies.c.finished_at <= to_micros(operation.finished_before),
    )
    if connection.execute(due).first() is None:
        return True
    of_run = events.c.run_key == head.key
    last = select(events.c.seq).where(of_run).order_by(events.c.seq).limit(1).offset(EVENTS_A_BATCH - 1)
    end = connection.execute(last).scalar()
    if end is not None:
        fault_points.within(fault_points.RETENTION_DELETE)
        connection.execute(delete(events).where(of_run, events.c.seq <= end))
        return False
    delete_run(tx, DeleteRun(run_id=operation.run_id))
    return True


def _keep_run(tx: Transaction, operation: KeepRun) -> bool:
    """Mark a run as kept, from the first time on, or not."""
    head = require_run(tx.find_head(operation.run_id), operation.run_id)
    body = run_bodies.c.run_key == head.key
    if operation.is_kept:
        kept = update(run_bodies).where(body, run_bodies.c.kept_at.is_(None))
        tx.connection.execute(kept.values(kept_at=to_micros(operation.now)))
    else:
        tx.connection.execute(update(run_bodies).where(body).values(kept_at=None))
    return True


async def list_expired(
    connection: AsyncConnection,
    retention: Retention,
    *,
    now: datetime,
    after: tuple[int, int] = (-1, -1),
    limit: int = 200,
) -> list[ExpiredRun]:
    """List runs that are due at `now`, those that ended first before others; by ix_run_bodies_ended, from a place on."""
    rules = _rules(retention, now)
    if not rules:
        return []
    latest = max(before for _, before in rules)
    query = (
        select(runs.c.run_id, runs.c.status, runs.c.workflow, run_bodies.c.finished_at, run_bodies.c.run_key)
        .join(runs, runs.c.key == run_bodies.c.run_key)
        .where(
            run_bodies.c.finished_at.is_not(None),
            run_bodies.c.kept_at.is_(None),
            run_bodies.c.finished_at <= to_micros(latest),
            tuple_(run_bodies.c.finished_at, run_bodies.c.run_key)
            > tuple_(bindparam("after_at", after[0]), bindparam("after_key", after[1])),
            or_(*(and_(rule, run_bodies.c.finished_at <= to_micros(before)) for rule, before in rules)),
        )
        .order_by(run_bodies.c.finished_at, run_bodies.c.run_key)
        .limit(limit)
    )
    found = []
    for run_id, status, workflow, finished_at, key in await connection.execute(query):
        age = retention.age_of(status=status, workflow=workflow)
        assert age is not None, "the query asks for what has an age"
        found.append(ExpiredRun(run_id=run_id, finished_before=now - age, place=(finished_at, key)))
    return found


def _rules(retention: Retention, now: datetime) -> Sequence[tuple[ColumnElement[bool], datetime]]:
    """Return for each kind of run that is removed one day which runs these are and when they must have ended."""
    named = sorted(retention.by_workflow)
    rules = []
    for status in sorted(str(status) for status in ENDED):
        for workflow in (*named, None):
            age = retention.age_of(status=status, workflow=workflow or "")
            if age is None:
                continue
            is_workflow = runs.c.workflow.not_in(named) if workflow is None else runs.c.workflow == workflow
            rules.append((and_(runs.c.status == status, is_workflow), now - age))
    return rules
