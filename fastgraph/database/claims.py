"""Claims: who may take which run, and what it is handed.

Candidates are looked for without a lock, then locked with SKIP LOCKED as the last of the run locks (so a claim never
waits for a run, and hosts that claim at once get different runs), then checked again on the locked heads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

from fastgraph import fault_points
from fastgraph.database.endings import supersede
from fastgraph.database.heads import RunHead
from fastgraph.database.pausing import unpaused
from fastgraph.database.records import ClaimedRun, ClaimRuns, InboxRow
from fastgraph.database.tables import checkpoints, host_workflows, inbox, run_bodies, runs, threads
from fastgraph.database.times import from_micros, optional_from_micros, to_micros
from fastgraph.database.transaction import Thread, Transaction
from fastgraph.database.versions import is_pinned_elsewhere
from fastgraph.errors import ConflictError
from fastgraph.status import ENDED, WAITING, RunStatus

__all__ = ["claim_runs", "find_candidates", "is_claimable", "refuse_claim"]

# A paused run is claimed by nobody, whatever comes for it.
_WAKEABLE = WAITING - {RunStatus.PAUSED}
_UNCLAIMABLE = ENDED | {RunStatus.PAUSED}
_holder = runs.alias("holder")
# Literal words: with bound values the partial index ix_runs_claimable could not be used.
_QUEUED_OR_RUNNING: ColumnElement[bool] = literal_column("runs.status IN ('queued', 'running')")
_IS_NO_SUSPECT = runs.c.deaths < bindparam("max_deaths")
# Written into the statement: its parts together would pass SQLite's limit of parameters.
_IS_NOT_EXCLUDED = runs.c.key.not_in(bindparam("exclude", expanding=True, literal_execute=True))
_LIMIT = bindparam("limit", type_=runs.c.key.type)
_TURN_IS_FREE = or_(
    threads.c.turn.is_(None),
    threads.c.turn == runs.c.key,
    and_(runs.c.status == "queued", _holder.c.status == "interrupted", _holder.c.inbox == _holder.c.consumed),
)
_GIVING_WAY = case((threads.c.turn != runs.c.key, threads.c.turn)).label("giving_way")
_BODIES = select(
    *(run_bodies.c[name] for name in ("run_key", "name", "payload", "context", "config")),
    *(run_bodies.c[name] for name in ("parent_run_key", "deadline_at", "created_at", "migration")),
).where(run_bodies.c.run_key.in_(bindparam("keys", expanding=True)))
_COMMANDS = (
    select(inbox.c.run_key, inbox.c.number, inbox.c.kind, inbox.c.body, inbox.c.created_at)
    .join(runs, runs.c.key == inbox.c.run_key)
    .where(inbox.c.run_key.in_(bindparam("keys", expanding=True)), inbox.c.number > runs.c.consumed)
    .order_by(inbox.c.run_key, inbox.c.number)
)
_LAST_CHECKPOINTS = (
    select(checkpoints.c.thread_key, func.max(checkpoints.c.number))
    .where(checkpoints.c.thread_key.in_(bindparam("keys", expanding=True)))
    .group_by(checkpoints.c.thread_key)
)
_HASHES = select(host_workflows.c.name, host_workflows.c.graph_hash).where(
    host_workflows.c.boot_id == bindparam("boot_id")
)


def find_candidates(
    connection: Connection, operation: ClaimRuns, *, slots: Mapping[str, int]
) -> list[tuple[int, int, int | None]]:
    """Return (run key, thread key, key of the run that has to give way) of up to `limit` runs that may be claimed
    now, in the order of their rank; none of a workflow that has no slot free, or is paused.

    By ix_runs_claimable, ix_runs_woken and ix_runs_wake_at; one name by its unique index.
    """
    workflows = unpaused(connection, [name for name in operation.workflows if slots.get(name, 1) > 0])
    if not workflows or operation.limit < 1:
        return []
    values: dict[str, Any] = {
        "limit": operation.limit,
        "now": to_micros(operation.now),
        "max_deaths": operation.max_deaths,
    }
    if operation.only_run_id is not None:
        own = and_(
            runs.c.run_id == bindparam("run_id"),
            runs.c.workflow.in_(workflows),
            is_claimable(bindparam("now")),
        )
        rows = connection.execute(_candidates(own), values | {"run_id": operation.only_run_id})
        return [(row[0], row[1], row[2]) for row in rows]
    values["boot_id"] = operation.owner
    if operation.exclude:
        values["exclude"] = list(operation.exclude)
    statement = _candidates_of(tuple(workflows), connection.dialect.name, excluding=bool(operation.exclude))
    return [(row[0], row[1], row[2]) for row in connection.execute(statement, values)]


def claim_runs(tx: Transaction, operation: ClaimRuns, candidates: Sequence[int]) -> tuple[ClaimedRun, ...]:
    """Take the candidates that are still free. Raises ConflictError where the host's own boot has been declared
    dead."""
    now = to_micros(operation.now)
    taken = [
        tx.heads[key] for key in candidates if key in tx.heads and _take(tx, tx.heads[key], operation, now)
    ]
    return _describe(tx, operation, taken) if taken else ()


def refuse_claim(boot_id: str) -> ConflictError:
    """Return the error for a boot that is unknown or over."""
    return ConflictError(
        f"Host {boot_id} has no living row, so it can't claim runs. It was declared dead or never published itself; "
        "end this process and start a new one."
    )


def _take(tx: Transaction, head: RunHead, operation: ClaimRuns, now: int) -> bool:
    thread = tx.threads.get(head.thread_key)
    if thread is None or head.owner is not None or head.status in _UNCLAIMABLE or not _may_wake(head, now):
        return False
    if operation.only_run_id is None and head.deaths >= operation.max_deaths:
        return False
    if tx.slots.get(head.workflow, 1) < 1 or not _take_turn(tx, thread, head, now):
        return False
    if head.workflow in tx.slots:
        tx.slots[head.workflow] -= 1
    fault_points.within(fault_points.RUN_CLAIM)
    if head.wake_at is not None and head.status in WAITING:
        fault_points.within(fault_points.TIMER_FIRE)
    head.owner = operation.owner
    head.epoch += 1
    if head.status not in WAITING:
        head.wake_at = None
    head.is_cold = True
    return True


def _may_wake(head: RunHead, now: int) -> bool:
    is_due = head.wake_at is not None and head.wake_at <= now
    if head.status in WAITING:
        return is_due or head.inbox > head.consumed
    return is_due or head.wake_at is None


def _take_turn(tx: Transaction, thread: Thread, head: RunHead, now: int) -> bool:
    """Take the thread's turn; an interrupted run that has it gives way to a queued one."""
    if thread.turn not in {None, head.key}:
        assert thread.turn is not None
        holder = tx.heads.get(thread.turn)
        if head.status != RunStatus.QUEUED or holder is None or holder.status != RunStatus.INTERRUPTED:
            return False
        if holder.inbox != holder.consumed:
            return False
        supersede(tx, holder, at=now)
    if thread.turn != head.key:
        thread.turn = head.key
        tx.rows.turns_taken.append((head.key, thread.key))
    return True


def _describe(tx: Transaction, operation: ClaimRuns, heads: Sequence[RunHead]) -> tuple[ClaimedRun, ...]:
    connection, keys = tx.connection, [head.key for head in heads]
    bodies = {row[0]: row for row in connection.execute(_BODIES, {"keys": keys})}
    last = {
        row[0]: row[1]
        for row in connection.execute(_LAST_CHECKPOINTS, {"keys": [h.thread_key for h in heads]})
    }
    hashes = {row[0]: row[1] for row in connection.execute(_HASHES, {"boot_id": operation.owner})}
    commands: dict[int, list[InboxRow]] = {}
    for row in connection.execute(
        _COMMANDS, {"keys": [head.key for head in heads if head.inbox > head.consumed]}
    ):
        command = InboxRow(key=row[1], kind=row[2], body=row[3], created_at=from_micros(row[4]))
        commands.setdefault(row[0], []).append(command)
    claimed = []
    for head in heads:
        _, name, payload, context, config, parent, deadline, created, migration = bodies[head.key]
        number = last.get(head.thread_key, 0)
        if head.base_checkpoint is None:
            head.base_checkpoint = number
        if head.graph_hash is None:
            head.graph_hash = hashes.get(head.workflow)
        claimed.append(
            ClaimedRun(
                run_key=head.key,
                run_id=head.run_id,
                thread_key=head.thread_key,
                thread_id=tx.threads[head.thread_key].thread_id,
                workflow=head.workflow,
                name=name,
                epoch=head.epoch,
                seq=head.seq,
                status=RunStatus(head.status),
                deaths=head.deaths,
                inbox=head.inbox,
                consumed=head.consumed,
                payload=payload,
                context=context,
                config=config,
                checkpoint_number=number,
                base_checkpoint=head.base_checkpoint,
                graph_hash=head.graph_hash,
                migration=migration,
                recovered_from=head.lost_by,
                recovered_reason=head.lost_reason,
                parent_run_key=parent,
                deadline_at=optional_from_micros(deadline),
                timeout_seconds=0.0 if deadline is None else (deadline - created) / 1_000_000,
                commands=tuple(commands.get(head.key, ())),
            )
        )
    return tuple(claimed)


@lru_cache(maxsize=64)
def _candidates_of(workflows: tuple[str, ...], dialect: str, *, excluding: bool) -> Select[Any]:
    """Return the statement that looks for candidates of these workflows; kept, since to build it takes longer than all
    else in a claim."""
    parts = [
        *(_candidates(and_(_is_queued(), runs.c.workflow == name), order=runs.c.rank) for name in workflows),
        _candidates(and_(_is_woken(), runs.c.workflow.in_(workflows))),
        _candidates(and_(_is_due(), runs.c.workflow.in_(workflows)), order=runs.c.wake_at),
    ]
    is_pinned = is_pinned_elsewhere(bindparam("boot_id"), dialect)
    parts = [part.where(~is_pinned) for part in parts]
    if excluding:
        parts = [part.where(_IS_NOT_EXCLUDED) for part in parts]
    found = union_all(*(select(part.subquery()) for part in parts)).subquery()
    return select(found).distinct().order_by(found.c.rank, found.c.key).limit(_LIMIT)


def _candidates(condition: ColumnElement[bool], *, order: ColumnElement[int] = runs.c.key) -> Select[Any]:
    return (
        select(runs.c.key, runs.c.thread_key, _GIVING_WAY, runs.c.rank)
        .join(threads, threads.c.key == runs.c.thread_key)
        .outerjoin(_holder, _holder.c.key == threads.c.turn)
        .where(runs.c.owner.is_(None), condition, _TURN_IS_FREE)
        # `owner` is the same in all: PostgreSQL sees that an index gives the order only where its first column is named.
        .order_by(*((order,) if order is runs.c.key else (runs.c.owner, order, runs.c.key)))
        .limit(_LIMIT)
    )


def is_claimable(now: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition under which an ownerless run could go on at `now`, whatever its deaths and its thread."""
    is_due = runs.c.wake_at <= now
    return or_(
        and_(_QUEUED_OR_RUNNING, or_(runs.c.wake_at.is_(None), is_due)),
        and_(runs.c.status.in_(sorted(_WAKEABLE)), or_(runs.c.inbox > runs.c.consumed, is_due)),
    )


def _is_queued() -> ColumnElement[bool]:
    is_not_delayed = or_(runs.c.wake_at.is_(None), runs.c.wake_at <= bindparam("now"))
    return and_(_QUEUED_OR_RUNNING, is_not_delayed, _IS_NO_SUSPECT)


def _is_woken() -> ColumnElement[bool]:
    return and_(runs.c.inbox > runs.c.consumed, runs.c.status.in_(sorted(_WAKEABLE)), _IS_NO_SUSPECT)


def _is_due() -> ColumnElement[bool]:
    return and_(runs.c.wake_at <= bindparam("now"), runs.c.status.in_(sorted(_WAKEABLE)), _IS_NO_SUSPECT)
