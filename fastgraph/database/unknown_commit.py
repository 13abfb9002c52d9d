"""What became of a commit whose answer was lost.

PostgreSQL keeps the fate of every recent transaction by its number, so the question has an exact answer for every
kind of operation. SQLite rolls back a commit that failed; whether it did is read from the last event that was
written.
"""

from __future__ import annotations

import time

from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError

from fastgraph.database.tables import events
from fastgraph.database.transaction import Transaction

__all__ = ["ASK_SECONDS", "was_committed"]

ASK_SECONDS = 10.0  # for the server to notice that its client is gone, or to come back
PAUSE_SECONDS = 0.05
_NUMBER_OF_THE_FUTURE = "22023"


def was_committed(engine: Engine, tx: Transaction, *, ask_seconds: float = ASK_SECONDS) -> bool | None:
    """Say whether the transaction is durable; None where the store can't be asked for so long, or does not know yet."""
    deadline = time.monotonic() + ask_seconds
    while True:
        try:
            known = _ask_postgres(engine, tx) if tx.dialect == "postgresql" else _ask_sqlite(engine, tx)
        except DBAPIError:
            known = None
        if known is not None or time.monotonic() > deadline:
            return known
        time.sleep(PAUSE_SECONDS)


def _ask_postgres(engine: Engine, tx: Transaction) -> bool | None:
    try:
        with engine.connect() as connection:
            row = connection.exec_driver_sql("SELECT txid_status(%s)", (tx.transaction_id,)).one()
    except DBAPIError as error:
        # A standby that has taken over and had not got the transaction: it has given out no such number.
        if getattr(error.orig, "sqlstate", None) == _NUMBER_OF_THE_FUTURE:
            return False
        raise
    # "in progress" is a server that has not noticed yet that its client is gone, or is committing just now.
    return None if row[0] == "in progress" else bool(row[0] == "committed")


def _ask_sqlite(engine: Engine, tx: Transaction) -> bool:
    if not tx.rows.events:
        return False
    run_key, seq, _, kind, at, node, data = tx.rows.events[-1]
    written = select(events.c.feed_id).where(
        events.c.run_key == run_key, events.c.seq == seq, events.c.kind == kind, events.c.at == at
    )
    written = written.where(events.c.node.is_(node) if node is None else events.c.node == node)
    written = written.where(events.c.data.is_(data) if data is None else events.c.data == data)
    with engine.connect() as connection:
        return connection.execute(written).first() is not None
