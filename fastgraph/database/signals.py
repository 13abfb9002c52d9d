"""Signals: words from outside that a run may wait for, kept in the order in which they came.

A signal is durable when it is accepted, whether the run waits for it already or not. The same dedup id is one signal. It
comes with a row in the run's inbox, so it wakes the run like any command; its number is that row's.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph import fault_points
from fastgraph.database.guard import require_live_run
from fastgraph.database.records import Committed, SendSignal
from fastgraph.database.tables import signals
from fastgraph.database.times import to_micros
from fastgraph.database.transaction import Transaction

__all__ = ["StoredSignal", "has_signal", "read_signals", "send_signal"]

_SAME = select(signals.c.number).where(
    signals.c.run_key == bindparam("run_key"), signals.c.dedup_id == bindparam("dedup_id")
)
_FREE = (
    select(signals.c.number, signals.c.name, signals.c.body)
    .where(signals.c.run_key == bindparam("run_key"), signals.c.taken_by.is_(None))
    .order_by(signals.c.number)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSignal:
    """A signal that no wait has got yet; `body` is JSON."""

    number: int
    name: str
    body: bytes


def send_signal(tx: Transaction, operation: SendSignal) -> Committed:
    """Keep a signal and put a row into the run's inbox; nothing is added where the dedup id is known.

    Raises RunNotFoundError, and ConflictError where the run has ended.
    """
    head = require_live_run(tx.find_head(operation.run_id), operation.run_id, wanted="sent a signal")
    if operation.dedup_id is None or not _is_known(tx, head.key, operation.dedup_id):
        fault_points.within(fault_points.SIGNAL_SEND)
        head.inbox += 1
        head.is_cold = True
        at = to_micros(operation.now)
        row = (head.key, head.inbox, operation.name, operation.body, operation.dedup_id, at)
        tx.rows.signals.append(row)
        body = orjson.dumps({"number": head.inbox, "name": operation.name})
        tx.rows.inbox.append((head.key, head.inbox, "signal", body, at))
    return Committed(run_key=head.key, run_id=head.run_id, seq=head.seq, inbox=head.inbox)


async def has_signal(connection: AsyncConnection, *, run_key: int, dedup_id: str) -> bool:
    """Say whether a run was sent the signal with that dedup id."""
    return (await connection.execute(_SAME, {"run_key": run_key, "dedup_id": dedup_id})).first() is not None


async def read_signals(connection: AsyncConnection, *, run_key: int) -> list[StoredSignal]:
    """Return the signals of a run that no wait has got, in their order, by the primary key."""
    rows = await connection.execute(_FREE, {"run_key": run_key})
    return [StoredSignal(number=row[0], name=row[1], body=row[2]) for row in rows]


def _is_known(tx: Transaction, run_key: int, dedup_id: str) -> bool:
    """Look in the store and among what this very transaction is about to write."""
    if any(row[0] == run_key and row[4] == dedup_id for row in tx.rows.signals):
        return True
    return tx.connection.execute(_SAME, {"run_key": run_key, "dedup_id": dedup_id}).first() is not None
