"""Hints between the processes of one machine: datagrams on Unix sockets in a short folder.

Each process binds a socket in a folder named after the data directory (a socket's path ends at 104 bytes, so it is not
the data directory itself), mode 0700, and sends to every other socket there. A datagram to a dead process fails at once
and its socket is removed; one to a process that does not read is dropped when its buffer is full. Nothing waits.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import stat
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from actors.hints.hints import Hint, HintListener, decode_hints, encode_hints
from actors.hints.listeners import Listeners
from fastgraph.errors import FastGraphError

__all__ = ["PATH_BYTES", "UnixSocketHints", "UnsafeFolderError", "socket_folder"]

PATH_BYTES = 104  # macOS; Linux allows 108
NAME_BYTES = 70  # our folder and a socket's name, at most
BIND_TRIES = 100  # each fails only if another process ended in the same instant
DATAGRAM_BYTES = 65_536
DATAGRAMS_A_TURN = 64  # read before the loop's other work has its turn


class UnsafeFolderError(FastGraphError):
    """The folder of the sockets is not this user's alone."""

    def __init__(self, folder: Path, seen: str) -> None:
        self.folder = folder
        super().__init__(
            f"{folder} {seen}, but other users must not be able to write there. "
            "Remove it, or set XDG_RUNTIME_DIR to a folder of yours."
        )


def socket_folder(data_dir: Path) -> Path:
    """Return the folder of all sockets of a data directory; it need not exist yet."""
    name = hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:16]
    base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    if len(os.fsencode(base)) + NAME_BYTES > PATH_BYTES:
        base = "/tmp"  # noqa: S108 - a folder of mode 0700 below it; any longer place has no room for a socket
    return Path(base) / f"fastgraph-{os.getuid()}-{name}"


class UnixSocketHints:
    """Implements `HintBus` for one machine. `name` is the boot's; its end and our pid name the socket."""

    def __init__(self, data_dir: Path, *, name: str, loop: asyncio.AbstractEventLoop) -> None:
        self._folder = socket_folder(data_dir)
        self._path = self._folder / f"{name[-12:]}{os.getpid():x}.sock"
        self._loop = loop
        self._listeners = Listeners(loop)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def subscribe(self, listener: HintListener) -> Callable[[], None]:
        """Hear hints from now on; the answer ends that."""
        return self._listeners.add(listener)

    async def start(self) -> None:
        """Bind the socket and listen. Raises UnsafeFolderError, or OSError where the folder can't be made."""
        for remaining in reversed(range(BIND_TRIES)):
            try:
                _make_private(self._folder)
                self._path.unlink(missing_ok=True)
                self._socket.bind(str(self._path))
                break
            except FileNotFoundError:  # the last process of before took the folder with it, just now
                if remaining == 0:
                    raise
        self._loop.add_reader(self._socket.fileno(), self._read)

    async def stop(self) -> None:
        """Listen no more. Does nothing the second time."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            # A socket that stays would be removed by the next publisher; a folder can be removed only when it is empty.
            with suppress(OSError):
                self._path.unlink()
            with suppress(OSError):
                self._folder.rmdir()

    def publish(self, hints: Iterable[Hint]) -> None:
        """Tell the listeners here and send to all other processes. Any thread; never blocks, never raises."""
        told = tuple(hints)
        self._listeners.tell(told)
        messages = encode_hints(told)
        for path in self._others():
            for message in messages:
                if not self._send(message, path):
                    break

    def _others(self) -> list[str]:
        try:
            names = os.listdir(self._folder)  # noqa: PTH208 - once a commit: a third of the price of Paths
        except OSError:  # the folder went away with the machine's temporary files: the polls go on
            return []
        own = self._path.name
        return [f"{self._folder}/{name}" for name in names if name != own and name.endswith(".sock")]

    def _send(self, message: bytes, path: str) -> bool:
        try:
            self._socket.sendto(message, path)
        except ConnectionRefusedError:  # nobody has it open: its process is dead
            with suppress(OSError):
                Path(path).unlink()
            return False
        except (
            OSError
        ):  # its buffer is full, or it has just gone: the hint is lost, and a poll finds what it was about
            return False
        return True

    def _read(self) -> None:
        """Take what has come, and tell it once."""
        hints: dict[Hint, None] = {}
        for _ in range(DATAGRAMS_A_TURN):
            try:
                message = self._socket.recv(DATAGRAM_BYTES)
            except OSError:  # nothing is left to be read
                break
            hints.update(dict.fromkeys(decode_hints(message)))
        self._listeners.tell(hints)


def _make_private(folder: Path) -> None:
    """Make the folder, or make sure that it is a real one of this user alone."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700, parents=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise UnsafeFolderError(folder, "is no folder")
    if found.st_uid != os.getuid():
        raise UnsafeFolderError(folder, "belongs to another user")
    if stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(0o700)
