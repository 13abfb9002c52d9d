"""Commands from outside, as rows: they work while the owner is dead, on another machine, or not yet chosen.

Who adds a row raises `runs.inbox` in the same transaction, on the locked head; the owner's release is refused where
that number has grown. So no wake-up is lost. A command becomes an event when the owner consumes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph import fault_points
from fastgraph.database.endings import Ending, end_by_force
from fastgraph.database.guard import require_live_run
from fastgraph.database.heads import RunHead
from fastgraph.database.records import ClaimedRun, Committed, InboxRow, SendCommand
from fastgraph.database.tables import hosts, inbox, interrupts, runs
from fastgraph.database.times import database_now, from_micros, to_micros
from fastgraph.database.transaction import Transaction
from fastgraph.errors import ConflictError, LostOwnershipError
from fastgraph.events import EventKind
from fastgraph.status import RunStatus

__all__ = [
    "has_living_owner",
    "list_runs_with_commands",
    "read_own_commands",
    "read_unconsumed",
    "send_command",
]

_OPEN = (
    select(interrupts.c.interrupt_id)
    .where(
        interrupts.c.run_key == bindparam("run_key"),
        interrupts.c.answer.is_(None),
        interrupts.c.kind == "interrupt",
    )
    .order_by(interrupts.c.position)
)
_ANSWERS_UNDER_WAY = select(inbox.c.body).where(
    inbox.c.run_key == bindparam("run_key"), inbox.c.number > bindparam("consumed"), inbox.c.kind == "resume"
)
_UNCONSUMED = (
    select(inbox.c.number, inbox.c.kind, inbox.c.body, inbox.c.created_at)
    .where(inbox.c.run_key == bindparam("run_key"), inbox.c.number > bindparam("consumed"))
    .order_by(inbox.c.number)
)


def send_command(tx: Transaction, operation: SendCommand) -> Committed:
    """Put a command into a run's inbox, or end the run at once where `cancel` finds no living owner.

    Raises RunNotFoundError; ConflictError where the run has ended or, for `resume`, waits for no such answer.
    """
    wanted = {"cancel": "cancelled", "resume": "resumed"}.get(operation.kind, f"sent a {operation.kind}")
    head = require_live_run(tx.find_head(operation.run_id), operation.run_id, wanted=wanted)
    at = to_micros(operation.now)
    if operation.kind == "cancel" and not has_living_owner(tx, head):
        data = None if operation.body in {b"", b"null", b"{}"} else operation.body
        end_by_force(
            tx,
            head,
            Ending(status=RunStatus.CANCELLED, kind=EventKind.CANCELLED, data=data, error=None, at=at),
        )
        return Committed(
            run_key=head.key, run_id=head.run_id, seq=head.seq, inbox=head.inbox, woken=tx.told.get(head.key)
        )
    if operation.kind == "resume":
        _check_answers(tx, head, operation.body)
    fault_points.within(fault_points.COMMAND_SEND)
    head.inbox += 1
    head.is_cold = True
    tx.rows.inbox.append((head.key, head.inbox, operation.kind, operation.body, at))
    return Committed(run_key=head.key, run_id=head.run_id, seq=head.seq, inbox=head.inbox)


async def list_runs_with_commands(connection: AsyncConnection, *, owner: str) -> list[int]:
    """Return the keys of a boot's runs that have commands which it has not consumed, by ix_runs_owner."""
    rows = await connection.execute(
        select(runs.c.key).where(runs.c.owner == owner, runs.c.inbox > runs.c.consumed)
    )
    return [row[0] for row in rows]


async def read_own_commands(
    connection: AsyncConnection, claimed: ClaimedRun, *, owner: str, consumed: int
) -> list[InboxRow]:
    """Return the commands as `read_unconsumed` does to the run's owner. Raises LostOwnershipError for whoever is not any
    more: a run may be ended by force while its tasks go on for hours without a commit that would be refused."""
    run_key, epoch = claimed.run_key, claimed.epoch
    query = select(runs.c.owner, runs.c.epoch, runs.c.seq).where(runs.c.key == run_key)
    head = (await connection.execute(query)).first()
    if head is None or head.owner != owner or head.epoch != epoch:
        seen = None if head is None else (head.owner, head.epoch, head.seq)
        raise LostOwnershipError(run_key, expected=(owner, epoch, 0 if head is None else head.seq), seen=seen)
    return await read_unconsumed(connection, run_key=run_key, consumed=consumed)


async def read_unconsumed(connection: AsyncConnection, *, run_key: int, consumed: int) -> list[InboxRow]:
    """Return the commands after the first `consumed` ones, in their order, by the primary key."""
    rows = await connection.execute(_UNCONSUMED, {"run_key": run_key, "consumed": consumed})
    return [InboxRow(key=row[0], kind=row[1], body=row[2], created_at=from_micros(row[3])) for row in rows]


def has_living_owner(tx: Transaction, head: RunHead) -> bool:
    """A run has one while its boot is not over and its lease has not lapsed by the database's time."""
    if head.owner is None:
        return False
    living = select(hosts.c.boot_id).where(
        hosts.c.boot_id == head.owner,
        hosts.c.ended_at.is_(None),
        hosts.c.lease_until > database_now(tx.dialect),
    )
    return tx.connection.execute(living).first() is not None


def _check_answers(tx: Transaction, head: RunHead, body: bytes) -> None:
    """Raise ConflictError unless each answer meets a question that nobody has answered yet."""
    asked = [row[0] for row in tx.connection.execute(_OPEN, {"run_key": head.key})]
    under_way = tx.connection.execute(_ANSWERS_UNDER_WAY, {"run_key": head.key, "consumed": head.consumed})
    bodies = [row[0] for row in under_way] + [
        row[3] for row in tx.rows.inbox if row[0] == head.key and row[2] == "resume"
    ]
    open_ids = _without_answered(asked, [orjson.loads(text) for text in bodies])
    if not open_ids:
        raise ConflictError(f"Run {head.run_id} is {head.status} and waits for no answer.")
    answer = orjson.loads(body)
    if "answers" not in answer:
        if len(open_ids) > 1:
            raise ConflictError(
                f"Run {head.run_id} waits for {len(open_ids)} answers. Name each: "
                '{"answers": {"<interrupt_id>": value, …}}.'
            )
        return
    unknown = sorted(set(answer["answers"]) - set(open_ids))
    if unknown:
        raise ConflictError(f"Run {head.run_id} does not wait for an answer to {', '.join(unknown)}.")


def _without_answered(asked: Sequence[str], answers: Sequence[Any]) -> list[str]:
    """Leave out what answers under way have answered; a bare `resume` answers the only question there was."""
    open_ids = list(asked)
    for answer in answers:
        if "answers" in answer:
            open_ids = [interrupt_id for interrupt_id in open_ids if interrupt_id not in answer["answers"]]
        else:
            open_ids = open_ids[1:]
    return open_ids
