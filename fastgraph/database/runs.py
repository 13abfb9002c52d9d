"""Reading runs: one, a page of them, and what health wants to know of all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, FromClause, Row, Select, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph.database.children import list_children
from fastgraph.database.pausing import is_paused, read_pauses
from fastgraph.database.slots import find_full_workflows
from fastgraph.database.tables import host_workflows, hosts, run_bodies, run_tags, runs, threads
from fastgraph.database.times import database_now, from_micros, optional_from_micros, to_micros
from fastgraph.status import RunStatus

__all__ = [
    "RunFilters",
    "RunPage",
    "RunView",
    "count_by_status",
    "count_stranded",
    "find_oldest_queued",
    "find_run",
    "find_runs",
    "list_runs",
]

_parent = runs.alias("parent")
_JOINED = (
    runs.join(run_bodies, run_bodies.c.run_key == runs.c.key)
    .join(threads, threads.c.key == runs.c.thread_key)
    .outerjoin(_parent, _parent.c.key == run_bodies.c.parent_run_key)
)
_COULD_GO_ON = {RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.PAUSED}
_HEAD = [column for column in runs.c if column.name not in {"lost_by", "lost_reason", "early_losses"}]
_BODY = [
    run_bodies.c[name]
    for name in (
        *("name", "payload", "tags", "context", "config", "result", "error"),
        *(
            "created_at",
            "started_at",
            "finished_at",
            "waiting_for",
            "retried_from",
            "settled_at",
            "priority",
            "kept_at",
        ),
    )
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run as the API shows it; `bytes` are encoded JSON. `key` is the cursor of a list.

    `waiting_for` says what is in a run's way: as its owner wrote it, or why a queued run does not start; else None.
    """

    key: int
    run_id: str
    thread_id: str
    thread_key: int
    name: str
    workflow: str
    status: RunStatus
    payload: bytes
    result: bytes | None
    error: bytes | None
    tags: tuple[str, ...]
    context: bytes | None
    config: bytes | None
    owner: str | None
    epoch: int
    seq: int
    inbox: int
    consumed: int
    deaths: int
    checkpoint_number: int
    base_checkpoint: int | None
    graph_hash: str | None
    wake_at: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    waiting_for: str | None
    retried_from: str | None = None
    settled_at: datetime | None = None
    parent_run_id: str | None = None
    children: tuple[str, ...] = ()
    priority: int = 0
    kept_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilters:
    """Which runs a list shows; what is None or empty filters nothing. Several statuses mean any of them."""

    statuses: tuple[str, ...] = ()
    workflow: str | None = None
    name: str | None = None
    tag: str | None = None
    thread_id: str | None = None
    parent: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """Runs, newest first; `total` counts all that the filters meet, `next_before` is the cursor of the next page."""

    runs: tuple[RunView, ...]
    total: int
    next_before: int | None


async def find_run(connection: AsyncConnection, *, run_id: str) -> RunView | None:
    """Return a run by its id (unique index), or None."""
    row = (await connection.execute(_select().where(runs.c.run_id == run_id))).first()
    if row is None:
        return None
    return await _with_children(connection, _view(row, await _explain(connection, [row])))


async def find_runs(connection: AsyncConnection, *, run_keys: Collection[int]) -> dict[int, RunView]:
    """Return runs by their keys, without their children."""
    rows = await connection.execute(_select().where(runs.c.key.in_(sorted(run_keys))))
    return {row.key: _view(row, {}) for row in rows}


async def list_runs(
    connection: AsyncConnection, *, filters: RunFilters, before: int | None = None, limit: int = 100
) -> RunPage:
    """Return a page of runs, newest first; `before` is the `key` after which it begins."""
    conditions = _conditions(filters)
    counted = select(func.count()).select_from(_counted_tables(filters)).where(*conditions)
    total = (await connection.execute(counted)).scalar_one()
    query = _select().where(*conditions).order_by(runs.c.key.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(runs.c.key < before)
    rows = (await connection.execute(query)).all()
    reasons = await _explain(connection, rows)
    views = [_view(row, reasons) for row in rows[:limit]]
    children = await list_children(connection, run_keys=[view.key for view in views])
    page = tuple(
        replace(view, children=tuple(children[view.key])) if view.key in children else view for view in views
    )
    return RunPage(runs=page, total=total, next_before=page[-1].key if len(rows) > limit else None)


async def count_by_status(connection: AsyncConnection) -> dict[RunStatus, int]:
    """Count the runs of each status, by the index on it; a status without runs counts 0."""
    rows = await connection.execute(select(runs.c.status, func.count()).group_by(runs.c.status))
    found = {row[0]: row[1] for row in rows}
    return {status: found.get(status, 0) for status in RunStatus}


async def find_oldest_queued(connection: AsyncConnection) -> RunView | None:
    """Return the run that has been queued longest, or None; one that a pause holds waits for nothing else."""
    is_queued = and_(runs.c.status == RunStatus.QUEUED, ~is_paused(runs.c.workflow))
    query = _select().where(is_queued).order_by(runs.c.key).limit(1)
    row = (await connection.execute(query)).first()
    return None if row is None else _view(row, await _explain(connection, [row]))


async def count_stranded(connection: AsyncConnection, *, now: datetime | None = None) -> int:
    """Count the runs that are running without a living owner, without those that a pause holds; by the database's time
    unless `now` is given."""
    moment = database_now(connection.dialect.name) if now is None else to_micros(now)
    living = exists().where(
        hosts.c.boot_id == runs.c.owner, hosts.c.ended_at.is_(None), hosts.c.lease_until > moment
    )
    is_held = and_(runs.c.owner.is_(None), is_paused(runs.c.workflow))
    query = (
        select(func.count()).select_from(runs).where(runs.c.status == RunStatus.RUNNING, ~living, ~is_held)
    )
    count: int = (await connection.execute(query)).scalar_one()
    return count


async def _with_children(connection: AsyncConnection, run: RunView) -> RunView:
    children = await list_children(connection, run_keys=[run.key])
    return replace(run, children=tuple(children.get(run.key, ()))) if children else run


def _select() -> Select[Any]:
    return select(
        *_HEAD, *_BODY, threads.c.thread_id, threads.c.turn, _parent.c.run_id.label("parent_run_id")
    ).select_from(_JOINED)


def _conditions(filters: RunFilters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.statuses:
        found.append(runs.c.status.in_([str(status) for status in filters.statuses]))
    if filters.workflow is not None:
        found.append(runs.c.workflow == filters.workflow)
    if filters.name is not None:
        found.append(run_bodies.c.name == filters.name)
    if filters.tag is not None:
        found.append(runs.c.key.in_(select(run_tags.c.run_key).where(run_tags.c.tag == filters.tag)))
    if filters.thread_id is not None:
        found.append(threads.c.thread_id == filters.thread_id)
    if filters.parent is not None:
        own = select(runs.c.key).where(runs.c.run_id == filters.parent).scalar_subquery()
        found.append(runs.c.key.in_(select(run_bodies.c.run_key).where(run_bodies.c.parent_run_key == own)))
    if filters.created_after is not None:
        found.append(run_bodies.c.created_at > to_micros(filters.created_after))
    if filters.created_before is not None:
        found.append(run_bodies.c.created_at < to_micros(filters.created_before))
    return found


def _counted_tables(filters: RunFilters) -> FromClause:
    """Join only what is filtered by: a count reads every row that it meets."""
    counted: FromClause = runs
    if filters.name is not None or filters.created_after is not None or filters.created_before is not None:
        counted = counted.join(run_bodies, run_bodies.c.run_key == runs.c.key)
    if filters.thread_id is not None:
        counted = counted.join(threads, threads.c.key == runs.c.thread_key)
    return counted


async def _explain(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> dict[int, str]:
    """Return for each run that is paused, or queued with something in its way, what that is."""
    reasons = await _explain_pauses(connection, rows)
    queued = [row for row in rows if row.status == RunStatus.QUEUED and row.owner is None]
    if not queued:
        return reasons
    served = await _served_workflows(connection, sorted({row.workflow for row in queued}))
    busy = await _busy_turns(connection, [row.turn for row in queued if row.turn not in {None, row.key}])
    full = await find_full_workflows(connection, sorted(served))
    for row in queued:
        if row.key in reasons:
            continue
        if row.workflow not in served:
            reasons[row.key] = f"a host that has workflow {row.workflow!r}; no living one has it"
        elif row.turn in busy:
            reasons[row.key] = f"its turn in thread {row.thread_id}, which run {busy[row.turn]} has"
        elif row.workflow in full:
            reasons[row.key] = (
                f"a free place of workflow {row.workflow!r}: {full[row.workflow]} of its runs may go on at once"
            )
    return reasons


async def _explain_pauses(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> dict[int, str]:
    """Say of runs that would go on, but for a pause of theirs, of their workflow or of the server, which one it is."""
    open_rows = [row for row in rows if row.status in _COULD_GO_ON]
    if not open_rows:
        return {}
    pauses = await read_pauses(connection)
    reasons = {}
    for row in open_rows:
        if row.status == RunStatus.PAUSED:
            reasons[row.key] = "an unpause: it is paused"
        elif pauses.covers(row.workflow):
            reasons[row.key] = f"an unpause: {pauses.reason(row.workflow)}"
    return reasons


async def _served_workflows(connection: AsyncConnection, names: Sequence[str]) -> set[str]:
    query = (
        select(host_workflows.c.name)
        .join(hosts, hosts.c.boot_id == host_workflows.c.boot_id)
        .where(
            host_workflows.c.name.in_(names),
            hosts.c.ended_at.is_(None),
            hosts.c.lease_until > database_now(connection.dialect.name),
        )
        .distinct()
    )
    return {row[0] for row in await connection.execute(query)}


async def _busy_turns(connection: AsyncConnection, keys: Sequence[int]) -> dict[int, str]:
    if not keys:
        return {}
    free = and_(runs.c.status == RunStatus.INTERRUPTED, runs.c.inbox == runs.c.consumed)
    query = select(runs.c.key, runs.c.run_id).where(runs.c.key.in_(keys), or_(~free))
    return {row[0]: row[1] for row in await connection.execute(query)}


def _view(row: Row[Any], reasons: dict[int, str]) -> RunView:
    return RunView(
        key=row.key,
        run_id=row.run_id,
        thread_id=row.thread_id,
        thread_key=row.thread_key,
        name=row.name,
        workflow=row.workflow,
        status=RunStatus(row.status),
        payload=row.payload,
        result=row.result,
        error=row.error,
        tags=tuple(orjson.loads(row.tags)),
        context=row.context,
        config=row.config,
        owner=row.owner,
        epoch=row.epoch,
        seq=row.seq,
        inbox=row.inbox,
        consumed=row.consumed,
        deaths=row.deaths,
        checkpoint_number=row.checkpoint,
        base_checkpoint=row.base_checkpoint,
        graph_hash=row.graph_hash,
        wake_at=optional_from_micros(row.wake_at),
        created_at=from_micros(row.created_at),
        started_at=optional_from_micros(row.started_at),
        finished_at=optional_from_micros(row.finished_at),
        waiting_for=reasons.get(row.key) or row.waiting_for,
        retried_from=row.retried_from,
        settled_at=optional_from_micros(row.settled_at),
        parent_run_id=row.parent_run_id,
        priority=row.priority,
        kept_at=optional_from_micros(row.kept_at),
    )
