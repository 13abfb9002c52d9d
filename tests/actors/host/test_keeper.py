"""The keeper: backoff, restart, no leaked descriptors; hosts whose keeper is gone end themselves."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from actors.host import keeper as keeper_module
from actors.host.keeper import HostReport, Keeper
from fastgraph.settings import Settings
from support.waiting import until, until_async

pytestmark = pytest.mark.anyio


def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", drain_seconds=1.0, _env_file=None)


def report(keeper: Keeper) -> HostReport:
    [only] = keeper.reports()
    return only


async def test_a_killed_host_is_started_again_and_restart_gives_a_new_one(tmp_path: Path) -> None:
    keeper = Keeper(settings(tmp_path), 1)
    await keeper.start()
    try:
        assert await keeper.wait_ready(60)
        first = report(keeper).pid
        assert first is not None
        os.kill(first, signal.SIGKILL)

        async def is_new(last: int) -> int | None:
            now = report(keeper)
            return now.pid if now.state == "ready" and now.pid not in {None, last} else None

        second = await until_async(lambda: is_new(first), within_seconds=60)
        assert report(keeper).last_exit == -signal.SIGKILL
        assert second is not None
        await keeper.restart()
        assert await until_async(lambda: is_new(second), within_seconds=60)
        assert report(keeper).restarts == 2
    finally:
        await keeper.stop()
    assert (report(keeper).state, report(keeper).pid) == ("stopped", None)


def descriptors() -> int:
    return len(list(Path("/dev/fd").iterdir()))


async def tries(keeper: Keeper, count: int) -> bool:
    return report(keeper).restarts >= count


async def test_the_backoff_doubles_to_its_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper_module, "host_command", failing)
    monkeypatch.setattr(keeper_module, "BACKOFF_LAST_SECONDS", 0.4)
    keeper = Keeper(settings(tmp_path), 1)
    await keeper.start()
    await until_async(lambda: tries(keeper, 3))
    assert keeper._kept[0].backoff_seconds == 0.4
    await keeper.stop()


def failing(*_: str) -> list[str]:
    return [sys.executable, "-c", "raise SystemExit(7)"]


def committing(*arguments: str) -> list[str]:
    descriptor = arguments[arguments.index("--news-fd") + 1]
    code = f"import os; os.write({descriptor}, b'committed\\n'); os._exit(1)"
    return [sys.executable, "-c", code]


async def test_a_host_that_committed_begins_with_the_first_backoff(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "host_command", committing)
    keeper = Keeper(settings(tmp_path), 1)
    await keeper.start()
    await until_async(lambda: tries(keeper, 3))
    assert keeper._kept[0].backoff_seconds <= 0.4
    await keeper.stop()


async def test_a_host_that_can_not_be_started_leaks_no_descriptor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "host_command", lambda *_: [str(tmp_path / "is-not-there")])
    monkeypatch.setattr(keeper_module, "BACKOFF_FIRST_SECONDS", 0.01)
    monkeypatch.setattr(keeper_module, "BACKOFF_LAST_SECONDS", 0.01)
    keeper = Keeper(settings(tmp_path), 1)
    for kept in keeper._kept:
        kept.backoff_seconds = 0.01
    await keeper.start()
    await until_async(lambda: tries(keeper, 2))
    before = descriptors()
    await until_async(lambda: tries(keeper, 12))
    assert descriptors() <= before + 4  # one attempt may be under way
    await keeper.stop()


KEEPER = """
import asyncio, sys
from pathlib import Path
from actors.host.keeper import Keeper
from fastgraph.settings import Settings
async def keep():
    keeper = Keeper(Settings(data_dir=Path(sys.argv[1]), _env_file=None), 1)
    await keeper.start()
    assert await keeper.wait_ready(60)
    print(keeper.reports()[0].pid, flush=True)
    await asyncio.get_running_loop().create_future()
asyncio.run(keep())
"""


def is_gone(pid: int) -> Callable[[], bool]:
    def look() -> bool:
        stat = Path(f"/proc/{pid}/stat")
        try:
            return stat.read_text().rpartition(")")[2].split()[0] == "Z"
        except FileNotFoundError:
            return True

    return look


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
async def test_a_host_ends_with_its_killed_keeper(tmp_path: Path) -> None:
    keeping = await asyncio.to_thread(
        subprocess.Popen,
        [sys.executable, "-c", KEEPER, str(tmp_path / "data")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert keeping.stdout is not None
    pid = int(await asyncio.to_thread(keeping.stdout.readline))
    try:
        keeping.kill()
        await asyncio.to_thread(keeping.wait)
        await asyncio.to_thread(until, is_gone(pid), what="the host to end")
    finally:
        keeping.stdout.close()
        if not is_gone(pid)():
            os.kill(pid, signal.SIGKILL)
