"""Hints between real processes of one machine."""

import asyncio
import contextlib
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.hints.hints import Hint, HintKind
from actors.hints.unix_sockets import PATH_BYTES, UnixSocketHints, UnsafeFolderError, socket_folder

pytestmark = pytest.mark.anyio

PATIENCE_SECONDS = 30.0

# Says "ready" when it listens, then each hint that it hears, and publishes what it reads.
PEER = """
import asyncio, sys
from pathlib import Path
from actors.hints.hints import Hint, HintKind
from actors.hints.unix_sockets import UnixSocketHints

async def main():
    loop = asyncio.get_running_loop()
    bus = UnixSocketHints(Path(sys.argv[1]), name="peer" * 9, loop=loop)
    await bus.start()
    bus.subscribe(lambda hints: print(*(f"{hint.kind}={hint.run_key}" for hint in hints), flush=True))
    loop.add_reader(0, lambda: bus.publish([Hint(HintKind.EVENTS, int(sys.stdin.readline()))]))
    print("ready", flush=True)
    await loop.create_future()

asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def runtime_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder for sockets, of this test alone; pytest's own folders are too long for a socket's path."""
    folder = Path(tempfile.mkdtemp(prefix="fg-", dir="/tmp"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
async def bus(tmp_path: Path) -> AsyncIterator[UnixSocketHints]:
    bus = UnixSocketHints(tmp_path, name="a" * 36, loop=asyncio.get_running_loop())
    await bus.start()
    yield bus
    await bus.stop()


@contextlib.asynccontextmanager
async def peer(data_dir: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PEER, data_dir, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert await line(process) == "ready"
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_SECONDS):
        return (await process.stdout.readline()).decode().strip()


def heard(bus: UnixSocketHints) -> asyncio.Queue[tuple[Hint, ...]]:
    queue: asyncio.Queue[tuple[Hint, ...]] = asyncio.Queue()
    bus.subscribe(lambda hints: queue.put_nowait(tuple(hints)))
    return queue


async def test_processes_hear_each_other_and_themselves(bus: UnixSocketHints, tmp_path: Path) -> None:
    queue = heard(bus)
    async with peer(tmp_path) as process:
        bus.publish([Hint(HintKind.WORK), Hint(HintKind.EVENTS, 7), Hint(HintKind.WORK)])
        assert await line(process) == "work=None events=7"
        assert Hint(HintKind.WORK) in await queue.get(), "the publisher's own listeners are told as well"
        assert process.stdin is not None
        process.stdin.write(b"42\n")
        assert await asyncio.wait_for(queue.get(), PATIENCE_SECONDS) == (Hint(HintKind.EVENTS, 42),)
        assert await line(process) == "events=42"


async def test_the_socket_of_a_dead_process_is_removed_and_hinders_nobody(
    bus: UnixSocketHints, tmp_path: Path
) -> None:
    folder = socket_folder(tmp_path)
    async with peer(tmp_path) as process:
        process.kill()
        await process.wait()
        assert len(list(folder.iterdir())) == 2
        bus.publish([Hint(HintKind.WORK)])
        assert len(list(folder.iterdir())) == 1


async def test_a_process_that_does_not_read_loses_hints_and_blocks_nobody(
    bus: UnixSocketHints, tmp_path: Path
) -> None:
    deaf = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    path = socket_folder(tmp_path) / "deaf.sock"
    deaf.bind(str(path))
    many = [Hint(HintKind.EVENTS, number) for number in range(20_000)]
    for _ in range(20):
        bus.publish(many)
    assert path.exists(), "it lives, so its socket stays"
    async with peer(tmp_path) as process:
        bus.publish([Hint(HintKind.INBOX, 3)])
        assert await line(process) == "inbox=3"
    deaf.close()


async def test_many_hints_arrive_in_several_datagrams(bus: UnixSocketHints, tmp_path: Path) -> None:
    other = UnixSocketHints(tmp_path, name="b" * 36, loop=asyncio.get_running_loop())
    await other.start()
    queue = heard(other)
    keys = range(10**12, 10**12 + 1_000)
    bus.publish([Hint(HintKind.EVENTS, key) for key in keys])
    seen: set[int | None] = set()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(seen) < len(keys):
            seen.update(hint.run_key for hint in await queue.get())
    assert seen == set(keys)
    await other.stop()


async def test_a_bus_that_stopped_can_still_be_told_and_stopped_again(tmp_path: Path) -> None:
    bus = UnixSocketHints(tmp_path, name="a" * 36, loop=asyncio.get_running_loop())
    await bus.start()
    await bus.stop()
    bus.publish([Hint(HintKind.WORK)])
    await bus.stop()
    assert not socket_folder(tmp_path).exists(), "the last one takes the folder with it"


async def test_processes_that_come_and_go_at_once_never_stumble_over_the_folder(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()

    def come_and_go(number: int) -> None:
        async def once() -> None:
            for turn in range(50):
                bus = UnixSocketHints(tmp_path, name=f"{number}-{turn}", loop=asyncio.get_running_loop())
                await bus.start()
                await bus.stop()

        asyncio.run(once())

    await asyncio.gather(*(loop.run_in_executor(None, come_and_go, number) for number in range(4)))


async def test_a_folder_that_vanished_is_no_error(bus: UnixSocketHints, tmp_path: Path) -> None:
    folder = socket_folder(tmp_path)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    bus.publish([Hint(HintKind.WORK)])


async def test_the_folder_is_this_users_alone(bus: UnixSocketHints, tmp_path: Path) -> None:
    folder = socket_folder(tmp_path)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o777)
    again = UnixSocketHints(tmp_path, name="b" * 36, loop=asyncio.get_running_loop())
    await again.start()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    await again.stop()


@pytest.mark.parametrize("make", [Path.touch, lambda path: path.symlink_to("/")], ids=["a file", "a link"])
async def test_what_is_no_folder_of_ours_is_refused(tmp_path: Path, make: Callable[[Path], Any]) -> None:
    make(socket_folder(tmp_path))
    bus = UnixSocketHints(tmp_path, name="a" * 36, loop=asyncio.get_running_loop())
    with pytest.raises((UnsafeFolderError, FileExistsError)):
        await bus.start()
    await bus.stop()


@pytest.mark.parametrize("length", [1, 30, 60, 200])
async def test_a_sockets_path_is_short_enough_wherever_the_data_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/" + "x" * length)
    folder = socket_folder(tmp_path / ("long" * 40))
    name = f"{'a' * 12}{2**22:x}.sock"
    assert len(os.fsencode(folder / name)) < PATH_BYTES


async def test_each_data_directory_has_a_folder_of_its_own(tmp_path: Path) -> None:
    assert socket_folder(tmp_path / "a") != socket_folder(tmp_path / "b")
    assert socket_folder(tmp_path / "a") == socket_folder(tmp_path / "b" / ".." / "a")
