"""Sweeping: which files no row refers to.

The rows are read in a transaction of their own, behind the turnstile, on a connection of their own: so no commit of
another writer is half done while they are looked at (DESIGN section 5, "Sweeping"). A row that is committed later names a
file that its writer has made young before.
"""

from __future__ import annotations

from sqlalchemy import Column, Engine, bindparam, select

from fastgraph.blobs.files import SWEEP_AGE_SECONDS, FileBlobs
from fastgraph.database.tables import artifacts, spilled_values
from fastgraph.database.turnstile import Turnstile

__all__ = ["sweep_artifacts", "sweep_spilled"]


def sweep_artifacts(
    engine: Engine, turnstile: Turnstile, blobs: FileBlobs, *, older_than_seconds: float = SWEEP_AGE_SECONDS
) -> int:
    """Delete the files of artifacts that no row names and return how many."""
    return _sweep(engine, turnstile, blobs, artifacts.c.sha256, older_than_seconds)


def sweep_spilled(
    engine: Engine, turnstile: Turnstile, blobs: FileBlobs, *, older_than_seconds: float = SWEEP_AGE_SECONDS
) -> int:
    """Delete the files of spilled values that no result and no checkpoint refers to and return how many."""
    return _sweep(engine, turnstile, blobs, spilled_values.c.sha256, older_than_seconds)


def _sweep(
    engine: Engine, turnstile: Turnstile, blobs: FileBlobs, column: Column[str], older_than_seconds: float
) -> int:
    query = select(column).where(column.in_(bindparam("hashes", expanding=True))).distinct()

    def find_referenced(hashes: list[str]) -> set[str]:
        with turnstile.hold("sweep"), engine.connect() as connection, connection.begin():
            return {row[0] for row in connection.execute(query, {"hashes": hashes})}

    return blobs.sweep(find_referenced, older_than_seconds=older_than_seconds)
