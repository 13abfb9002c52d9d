"""What the machine allows without us: plain sqlite3 in groups, and a bare FastAPI application.

The record of the group commit is that of `docs/performance.md`: one guard UPDATE and three INSERTs of 300
bytes for each run of the group, WAL, synchronous=FULL, one transaction a group.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.server import ROOT, Server

__all__ = ["bare_application", "group_commit"]

ROW = os.urandom(300)
TABLES = ("results", "checkpoints", "events")


def group_commit(folder: Path, group: int, seconds: float) -> float:
    """Return the steps/s of plain sqlite3 that commits `group` runs' steps together."""
    file = folder / f"raw-{group}.db"
    connection = sqlite3.connect(file, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "page_size=4096", "cache_size=-16384"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE runs (key INTEGER PRIMARY KEY, owner TEXT, epoch INTEGER, seq INTEGER)")
    for table in TABLES:
        connection.execute(
            f"CREATE TABLE {table} (key INTEGER PRIMARY KEY, run INTEGER, seq INTEGER, body BLOB)"
        )
        connection.execute(f"CREATE UNIQUE INDEX {table}_place ON {table} (run, seq)")
    connection.executemany("INSERT INTO runs VALUES (?, 'owner', 1, 0)", [(key,) for key in range(group)])
    steps, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds:
        seq = steps // group
        rows = [(key, seq, ROW) for key in range(group)]
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "UPDATE runs SET seq = ? WHERE key = ? AND owner = 'owner' AND epoch = 1 AND seq = ?",
            [(seq + 1, key, seq) for key in range(group)],
        )
        for table in TABLES:
            connection.executemany(f"INSERT INTO {table} (run, seq, body) VALUES (?, ?, ?)", rows)
        connection.execute("COMMIT")
        steps += group
    connection.close()
    return steps / spent


@contextmanager
def bare_application(folder: Path) -> Iterator[Server]:
    """Run `bare_application.py` under the same uvicorn as ours for the length of a block."""
    server = Server([str(ROOT / "benchmarks" / "bare_application.py"), "serve"], folder=folder)
    try:
        server.wait_for_url()
        yield server
    finally:
        server.end()
