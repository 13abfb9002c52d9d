"""Child runs: who started whom, how a parent hears of the end, and which children end with their parent.

The end of a child puts a row into its parent's inbox in the same transaction, so no wake-up is lost. The other way round a
parent's end is found by whoever looks (`list_bound`): that may take a second, survives every crash, and goes down any depth.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import Connection, bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph import fault_points
from fastgraph.database.heads import RunHead
from fastgraph.database.tables import inbox, run_bodies, runs
from fastgraph.database.transaction import Transaction
from fastgraph.status import ENDED

__all__ = [
    "CHILD_ENDED",
    "BoundChild",
    "ChildOutcome",
    "find_parents",
    "list_bound",
    "list_children",
    "read_outcomes",
    "tell_parent",
]

CHILD_ENDED = "child_ended"
LIMIT = 500
_ENDED = sorted(str(status) for status in ENDED)
_PARENTS = select(run_bodies.c.run_key, run_bodies.c.parent_run_key).where(
    run_bodies.c.run_key.in_(bindparam("keys", expanding=True)), run_bodies.c.parent_run_key.is_not(None)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildOutcome:
    """A child as its parent asks for it: ended or not, with its result and error as JSON."""

    run_id: str
    status: str
    thread_key: int
    checkpoint_number: int
    result: bytes | None
    error: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundChild:
    """A child that has outlived its parent, and may not. `policy` is "cancel" or "terminate"."""

    run_id: str
    epoch: int
    policy: str
    parent_run_id: str | None


def find_parents(connection: Connection, *, keys: Collection[int]) -> dict[int, int]:
    """Return the parents of those of these runs that have one, by the primary key: child -> parent."""
    return {row[0]: row[1] for row in connection.execute(_PARENTS, {"keys": sorted(keys)})}


def tell_parent(tx: Transaction, child: RunHead, *, at: int) -> None:
    """Put the end of a run into its parent's inbox; `prepare` has locked the parent."""
    parent = tx.heads.get(tx.parents.get(child.key, 0))
    if parent is None or parent.status in ENDED:
        return
    fault_points.within(fault_points.CHILD_END)
    parent.inbox += 1
    parent.is_cold = True
    body = orjson.dumps({"run_id": child.run_id, "status": str(child.status)})
    tx.rows.inbox.append((parent.key, parent.inbox, CHILD_ENDED, body, at))
    tx.told[child.key] = parent.key


async def read_outcomes(connection: AsyncConnection, *, run_ids: Sequence[str]) -> dict[str, ChildOutcome]:
    """Return how these runs stand, by the unique index; an unknown one is left out."""
    query = (
        select(
            *(runs.c.run_id, runs.c.status, runs.c.thread_key, runs.c.checkpoint),
            *(run_bodies.c.result, run_bodies.c.error),
        )
        .join(run_bodies, run_bodies.c.run_key == runs.c.key)
        .where(runs.c.run_id.in_(run_ids))
    )
    return {
        row[0]: ChildOutcome(
            run_id=row[0],
            status=row[1],
            thread_key=row[2],
            checkpoint_number=row[3],
            result=row[4],
            error=row[5],
        )
        for row in await connection.execute(query)
    }


async def list_children(connection: AsyncConnection, *, run_keys: Collection[int]) -> dict[int, list[str]]:
    """Return the ids of the children of these runs, oldest first, by ix_run_bodies_parent; without children none."""
    query = (
        select(run_bodies.c.parent_run_key, runs.c.run_id)
        .join(runs, runs.c.key == run_bodies.c.run_key)
        .where(run_bodies.c.parent_run_key.in_(sorted(run_keys)))
        .order_by(run_bodies.c.run_key)
    )
    found: dict[int, list[str]] = {}
    for parent, run_id in await connection.execute(query):
        found.setdefault(parent, []).append(run_id)
    return found


async def list_bound(connection: AsyncConnection) -> list[BoundChild]:
    """Return the children that have to end because their parent has ended or is gone, by ix_run_bodies_bound.

    One that has been asked to cancel already is left to that.
    """
    parent = runs.alias("parent")
    is_asked = exists().where(inbox.c.run_key == runs.c.key, inbox.c.kind == "cancel")
    is_cancel = run_bodies.c.parent_close_policy == "cancel"
    query = (
        select(runs.c.run_id, runs.c.epoch, run_bodies.c.parent_close_policy, parent.c.run_id)
        .select_from(
            run_bodies.join(runs, runs.c.key == run_bodies.c.run_key).outerjoin(
                parent, parent.c.key == run_bodies.c.parent_run_key
            )
        )
        .where(
            run_bodies.c.parent_close_policy.in_(["cancel", "terminate"]),
            run_bodies.c.finished_at.is_(None),
            parent.c.key.is_(None) | parent.c.status.in_(_ENDED),
            runs.c.status.not_in(_ENDED),
            ~(is_cancel & is_asked),
        )
        .limit(LIMIT)
    )
    return [
        BoundChild(run_id=row[0], epoch=row[1], policy=row[2], parent_run_id=row[3])
        for row in await connection.execute(query)
    ]
