"""Heads of runs: the rows of `runs` that one transaction has locked, as it will leave them.

A transaction reads and locks all heads first, in order of key (unsorted, PostgreSQL did 54 groups in 6 s where sorted
it did 12,581), decides on these objects in Python, and writes each changed head once at the end. So several commits
of one run chain on each other's numbers. No other module writes to `runs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Executable, bindparam, delete, insert, select, update

from fastgraph.database.hot import HotStatement
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
    "checkpoint", "base_checkpoint", "graph_hash", "wake_at", "lost_by", "lost_reason",
)  # fmt: skip
_COLD_COLUMNS = HEAD_COLUMNS[4:]
_KEYS_A_STATEMENT = 500

_HEADS = (
    select(*(runs.c[name] for name in HEAD_COLUMNS))
    .where(runs.c.key.in_(bindparam("keys", expanding=True)))
    .order_by(runs.c.key)
)
_LOCK = _HEADS.with_for_update()
_LOCK_FREE = _HEADS.with_for_update(skip_locked=True)
_KEYS = select(runs.c.run_id, runs.c.key).where(runs.c.run_id.in_(bindparam("run_ids", expanding=True)))

_INSERT = HotStatement(insert(runs), HEAD_COLUMNS)
_UPDATE_HOT = HotStatement(
    update(runs)
    .where(runs.c.key == bindparam("b_key"))
    .values(seq=bindparam("seq"), checkpoint=bindparam("checkpoint"), deaths=bindparam("deaths")),
    ("seq", "checkpoint", "deaths", "b_key"),
)
_UPDATE_COLD = HotStatement(
    update(runs)
    .where(runs.c.key == bindparam("b_key"))
    .values({name: bindparam(name) for name in _COLD_COLUMNS}),
    (*_COLD_COLUMNS, "b_key"),
)


class RunHead:
    """One row of `runs`. Change `seq`, `checkpoint` and `deaths` freely and set `is_changed`; with any other, set
    `is_cold`. The first three are all that a step changes, and no index knows them."""

    __slots__ = (*HEAD_COLUMNS, "is_changed", "is_cold")

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
    is_changed: bool
    is_cold: bool

    def __init__(self, row: Sequence[object]) -> None:
        for name, value in zip(HEAD_COLUMNS, row, strict=True):
            setattr(self, name, value)
        self.is_changed = False
        self.is_cold = False


def lock_heads(connection: Connection, keys: Iterable[int]) -> dict[int, RunHead]:
    """Read and lock the runs in order of key, by the primary key; a run that is not there is left out."""
    return _read(connection, _LOCK, keys)


def lock_free_heads(connection: Connection, keys: Iterable[int]) -> dict[int, RunHead]:
    """Read and lock those of the runs that nobody else has locked; never waits."""
    return _read(connection, _LOCK_FREE, keys)


def find_run_keys(connection: Connection, *, run_ids: Sequence[str]) -> dict[str, int]:
    """Return the keys of runs by their ids, by the unique index; an unknown one is left out."""
    return {row[0]: row[1] for row in connection.execute(_KEYS, {"run_ids": run_ids})}


def insert_heads(connection: Connection, heads: Sequence[RunHead]) -> None:
    """Write runs that are new, as they stand at the end of the transaction."""
    for head in heads:
        head.is_changed = head.is_cold = False
    _INSERT.run(connection, [tuple(getattr(head, name) for name in HEAD_COLUMNS) for head in heads])


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
            hot.append((head.seq, head.checkpoint, head.deaths, head.key))
    _UPDATE_HOT.run(connection, hot)
    _UPDATE_COLD.run(connection, cold)


def _read(connection: Connection, statement: Executable, keys: Iterable[int]) -> dict[int, RunHead]:
    ordered = sorted(keys)
    heads: dict[int, RunHead] = {}
    for start in range(0, len(ordered), _KEYS_A_STATEMENT):
        rows = connection.execute(statement, {"keys": ordered[start : start + _KEYS_A_STATEMENT]})
        heads.update((row[0], RunHead(row)) for row in rows)
    return heads
