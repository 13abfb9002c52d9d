"""Heads of runs: the rows of `runs` that one transaction has locked, as it will leave them.

A transaction reads and locks all heads first, in order of key (unsorted, PostgreSQL did 54 groups in 6 s where sorted
it did 12,581), decides on these objects in Python, and writes each changed head once at the end. So several commits
of one run chain on each other's numbers. No other module writes to `runs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from fastgraph.database.hot import HotInsert, HotUpdate
from fastgraph.database.tables import runs

__all__ = [
    "HEAD_COLUMNS",
    "RunHead",
    "delete_head",
    "find_run_keys",
    "flush_heads",
    "insert_heads",
    "lock_free_heads",
    "lock_heads",
]

HEAD_COLUMNS = (
    "key", "run_id", "thread_key", "workflow", "status", "owner", "epoch", "seq", "inbox", "consumed", "deaths",
    "checkpoint", "base_checkpoint", "graph_hash", "wake_at", "lost_by", "lost_reason", "early_losses",
)  # fmt: skip
_COLD_COLUMNS = HEAD_COLUMNS[4:]

# Sent as text, with the keys as one value: a list of parameters would be another statement for each length.
_SELECT = f"SELECT {', '.join(f'runs.{name}' for name in HEAD_COLUMNS)} FROM runs WHERE runs.key "  # noqa: S608 - our table
_HEADS = {
    "sqlite": _SELECT + "IN (SELECT value FROM json_each(?)) ORDER BY runs.key",  # noqa: S608 - our table
    "postgresql": _SELECT + "= ANY(%s) ORDER BY runs.key FOR UPDATE",
}
_KEYS = select(runs.c.run_id, runs.c.key).where(runs.c.run_id.in_(bindparam("run_ids", expanding=True)))

_INSERT = HotInsert(runs, (*HEAD_COLUMNS, "rank"))
_UPDATE_HOT = HotUpdate(runs, ("seq", "checkpoint"), keys=("key",))
_UPDATE_COLD = HotUpdate(runs, _COLD_COLUMNS, keys=("key",))


class RunHead:
    """One row of `runs`. Change `seq` and `checkpoint` freely and set `is_changed`; with any other, set `is_cold`. These
    two are all that a step changes, and no index knows them."""

    __slots__ = (*HEAD_COLUMNS, "is_changed", "is_cold", "rank")

    key: int
    run_id: str
    thread_key: int
    workflow: str
    status: str
    owner: str | None
    epoch: int
    seq: int
    inbox: int
    consumed: int
    deaths: int
    checkpoint: int
    base_checkpoint: int | None
    graph_hash: str | None
    wake_at: int | None
    lost_by: str | None
    lost_reason: str | None
    early_losses: int  # owners in a row that were lost before they had gone on with it
    rank: int  # of a new run only: nobody changes it
    is_changed: bool
    is_cold: bool

    def __init__(self, row: Sequence[Any]) -> None:
        # One line for all, in the order of HEAD_COLUMNS: a loop over the names costs three times as much.
        # fmt: off
        (
            self.key, self.run_id, self.thread_key, self.workflow, self.status, self.owner, self.epoch, self.seq,
            self.inbox, self.consumed, self.deaths, self.checkpoint, self.base_checkpoint, self.graph_hash,
            self.wake_at, self.lost_by, self.lost_reason, self.early_losses,
        ) = row
        # fmt: on
        self.is_changed = False
        self.is_cold = False


def lock_heads(connection: Connection, keys: Iterable[int]) -> dict[int, RunHead]:
    """Read and lock the runs in order of key, by the primary key; a run that is not there is left out."""
    return _read(connection, keys, "")


def lock_free_heads(connection: Connection, keys: Iterable[int]) -> dict[int, RunHead]:
    """Read and lock those of the runs that nobody else has locked; never waits."""
    return _read(connection, keys, " SKIP LOCKED" if connection.dialect.name == "postgresql" else "")


def find_run_keys(connection: Connection, *, run_ids: Sequence[str]) -> dict[str, int]:
    """Return the keys of runs by their ids, by the unique index; an unknown one is left out."""
    return {row[0]: row[1] for row in connection.execute(_KEYS, {"run_ids": run_ids})}


def insert_heads(connection: Connection, heads: Sequence[RunHead]) -> None:
    """Write runs that are new, as they stand at the end of the transaction."""
    for head in heads:
        head.is_changed = head.is_cold = False
    names = (*HEAD_COLUMNS, "rank")
    _INSERT.run(connection, [tuple(getattr(head, name) for name in names) for head in heads])


def delete_head(connection: Connection, key: int) -> None:
    """Delete the row of a run, whose dependants are gone already."""
    connection.execute(delete(runs).where(runs.c.key == key))


def flush_heads(connection: Connection, heads: Iterable[RunHead]) -> None:
    """Write the changed heads, each once, in order of key; the locks are held, so the key alone finds the row."""
    hot, cold = [], []
    for head in heads:
        if head.is_cold:
            cold.append((*(getattr(head, name) for name in _COLD_COLUMNS), head.key))
        elif head.is_changed:
            hot.append((head.seq, head.checkpoint, head.key))
    _UPDATE_HOT.run(connection, hot)
    _UPDATE_COLD.run(connection, cold)


def _read(connection: Connection, keys: Iterable[int], suffix: str) -> dict[int, RunHead]:
    ordered = sorted(keys)
    if not ordered:
        return {}
    dialect = connection.dialect.name
    value: object = ordered if dialect == "postgresql" else str(ordered)
    rows = connection.exec_driver_sql(_HEADS[dialect] + suffix, (value,)).all()
    return {row[0]: RunHead(row) for row in rows}
