"""A write for the sake of writing: health wants to know whether the store takes any."""

from __future__ import annotations

from sqlalchemy import insert, update

from fastgraph.database.host_records import ProbeStore
from fastgraph.database.tables import probes
from fastgraph.database.times import to_micros
from fastgraph.database.transaction import Transaction

__all__ = ["probe_store"]

NAME = "health"


def probe_store(tx: Transaction, operation: ProbeStore) -> bool:
    """Write the row, at once. Answers True."""
    at = to_micros(operation.now)
    written = tx.connection.execute(update(probes).where(probes.c.name == NAME).values(at=at))
    if written.rowcount == 0:
        tx.connection.execute(insert(probes).values(name=NAME, at=at))
    return True
