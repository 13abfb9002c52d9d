"""Hints between the processes of one machine: datagrams on Unix sockets in a short folder.

Each process binds `<boot>.sock` in a folder named after the data directory (a socket's path ends at 104 bytes, so the
folder is not the data directory itself). A datagram to a dead process fails at once and its socket is removed; one to a
process that does not read is dropped when its buffer is full.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from actors.hints.hints import Hint, HintListener, decode_hints, encode_hints
from actors.hints.listeners import Listeners

__all__ = ["UnixSocketHints", "socket_folder"]

PATH_BYTES = 104
DATAGRAM_BYTES = 65_536


def socket_folder(data_dir: Path) -> Path:
    """The folder of all sockets of a data directory."""
    name = hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:16]
    base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    if len(base) + 70 > PATH_BYTES:
        base = "/tmp"  # noqa: S108 - a folder of mode 0700 below it; any longer place has no room for a socket
    return Path(base) / f"fastgraph-{os.getuid()}-{name}"


class UnixSocketHints:
    """Implements `HintBus` for one machine."""

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
        """Bind the socket and listen. Raises OSError where the folder can't be made or is another user's."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self._folder.stat().st_uid != os.getuid():
            raise PermissionError(
                f"{self._folder} belongs to another user. Set XDG_RUNTIME_DIR to a folder of yours."
            )
        self._path.unlink(missing_ok=True)
        self._socket.bind(str(self._path))
        self._loop.add_reader(self._socket.fileno(), self._read)

    async def stop(self) -> None:
        """Listen no more."""
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def publish(self, hints: Iterable[Hint]) -> None:
        """Send to all other processes and tell the listeners here. Any thread."""
        told = tuple(hints)
        self._listeners.tell(told)
        messages = encode_hints(told)
        for path in self._others():
            for message in messages:
                if not self._send(message, path):
                    break

    def _others(self) -> list[Path]:
        try:
            places = list(self._folder.iterdir())
        except OSError:  # the folder went away with the machine's temporary files: the polls go on
            return []
        return [place for place in places if place != self._path and place.suffix == ".sock"]

    def _send(self, message: bytes, path: Path) -> bool:
        try:
            self._socket.sendto(message, str(path))
        except ConnectionRefusedError:  # nobody has it open: its process is dead
            with suppress(OSError):
                path.unlink()
            return False
        except (
            OSError
        ):  # its buffer is full, or it has just gone: the hint is lost, and a poll finds what it was about
            return False
        return True

    def _read(self) -> None:
        for _ in range(64):
            try:
                message = self._socket.recv(DATAGRAM_BYTES)
            except (BlockingIOError, InterruptedError):
                return
            self._listeners.tell(decode_hints(message))
