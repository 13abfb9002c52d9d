"""SQLite's own troubles: a program that holds the write lock, a reader that never ends, kills at any moment."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from api.store_health import doubts_about_store, probe_store
from fastgraph.database.backup.checking import find_faults
from fastgraph.database.records import ArtifactRow, StoreUpload
from fastgraph.ids import new_id
from fastgraph.settings import Settings
from support.boots import House
from support.served_api import calling
from support.sources import ROOT
from support.stores import NOW
from support.waiting import until_async
from support.walks import Walk, completed, polling

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

RUNS, STEPS = 6, 12
LOCKED_SECONDS = 11.0  # two waits of SQLite's own, of 5 s each, are over by then
KILLS = 4
WAL_BYTES = 2 * 1024**2

WRITER = """
import sys
from pathlib import Path
from support.stores import open_store, write, new_run
folder = Path(sys.argv[1])
store = open_store(f"sqlite:///{folder / 'fastgraph.db'}", folder)
while True:
    for _ in range(20):
        store.spill.shrink(b'"' + b"x" * 300_000 + new_run().run_id.encode() + b'"')
        store.write_group([new_run(payload=b'{"text":"' + b"y" * 5000 + b'"}') for _ in range(10)])
    print("written", flush=True)
"""


async def test_another_program_holds_the_write_lock_for_ten_seconds(tmp_path: Path) -> None:
    walk = Walk()
    house = House.open(f"sqlite:///{tmp_path / 'fastgraph.db'}", tmp_path)
    await house.boot(walk.graph)
    with polling(house):
        runs = [await house.accept("walk", {"steps": STEPS}) for _ in range(RUNS)]
        await until_async(_executed(walk, RUNS), what="walks that have begun")
        await asyncio.to_thread(_hold_write_lock, tmp_path / "fastgraph.db", LOCKED_SECONDS)
        before = len(house.commits)
        assert before < RUNS * STEPS, "everything was over before the lock was taken"
        await completed(house, runs, STEPS)
    assert walk.most_executed() == 1
    await house.close()


def _executed(walk: Walk, least: int) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        return walk.executed.total() >= least

    return look


def _hold_write_lock(path: Path, seconds: float) -> None:
    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    connection.execute("BEGIN IMMEDIATE")
    threading.Event().wait(seconds)
    connection.execute("ROLLBACK")
    connection.close()


async def test_a_reader_that_never_ends_lets_the_log_grow_and_health_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.store_health.WAL_BYTES", WAL_BYTES)
    settings = Settings(data_dir=tmp_path / "data", _env_file=None)
    path = tmp_path / "data" / "fastgraph.db"
    wal = path.with_name("fastgraph.db-wal")
    async with calling(settings) as api:
        await api.host.publish()
        assert not doubts_about_store(await probe_store(api.services))
        reader = sqlite3.connect(path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM artifacts").fetchone()

        async def write_more() -> int:
            for _ in range(40):
                await asyncio.gather(*(api.services.writer.write(_upload()) for _ in range(50)))
            return wal.stat().st_size

        async def grows() -> bool:
            return await write_more() > WAL_BYTES

        await until_async(grows, within_seconds=60, what="a log that grows")
        health = (await api.http.get("/api/monitoring/health")).json()
        assert health["status"] in {"degraded", "failing"}
        assert any("a program that reads the file" in reason for reason in health["reasons"]), health[
            "reasons"
        ]
        assert health["store"]["is_writable"]
        grown = wal.stat().st_size
        assert health["store"]["wal_bytes"] > WAL_BYTES
        reader.execute("COMMIT")
        reader.close()
        # The next commit takes the log in, and what is written then goes to its beginning again.
        sizes = [await write_more() for _ in range(4)]
        assert max(sizes) <= grown + WAL_BYTES, "the log went on growing after the reader had ended"
        assert _frames_left(path) < grown // 4096 // 2


def _upload() -> StoreUpload:
    row = ArtifactRow(
        artifact_id=new_id(), name="x" * 200, media_type="text/plain", size=1, sha256="0" * 64, node=None
    )
    return StoreUpload(artifact=row, now=NOW)


def _frames_left(path: Path) -> int:
    """Frames of the log that are not in the database yet."""
    connection = sqlite3.connect(path, isolation_level=None)
    _, frames, taken = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    connection.close()
    return int(frames - taken)


def test_a_store_is_whole_after_every_kill(tmp_path: Path) -> None:
    """kill -9 in the middle of writing, again and again: pages, rows and files agree, and nothing that was told is lost."""
    told = 0
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    for kill in range(KILLS):
        command = [sys.executable, "-c", WRITER, str(tmp_path)]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, env=environment, text=True, cwd=ROOT
        ) as writer:
            assert writer.stdout is not None
            for _ in range(kill % 3 + 1):
                assert writer.stdout.readline() == "written\n"
                told += 200
            writer.send_signal(signal.SIGKILL)
            writer.wait()
        settings = Settings(
            data_dir=tmp_path, database_url=f"sqlite:///{tmp_path / 'fastgraph.db'}", _env_file=None
        )
        assert find_faults(settings) == []
        with sqlite3.connect(tmp_path / "fastgraph.db") as connection:
            (stored,) = connection.execute("SELECT count(*) FROM runs").fetchone()
        connection.close()
        assert stored >= told
