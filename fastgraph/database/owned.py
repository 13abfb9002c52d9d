"""Which runs the store gives to a boot: for its supervisor, which compares that with what it has."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph.database.tables import runs

__all__ = ["OwnedRun", "list_owned"]


@dataclass(frozen=True, slots=True)
class OwnedRun:
    """A run and the epoch of the claim that the store has on record."""

    key: int
    run_id: str
    epoch: int


async def list_owned(connection: AsyncConnection, *, owner: str) -> list[OwnedRun]:
    """List the runs that a boot owns, by ix_runs_owner; as many as a host may hold at most."""
    query = select(runs.c.key, runs.c.run_id, runs.c.epoch).where(runs.c.owner == owner)
    return [OwnedRun(row.key, row.run_id, row.epoch) for row in await connection.execute(query)]
