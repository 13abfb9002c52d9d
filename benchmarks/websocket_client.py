"""A WebSocket client that costs little: it counts frames of a server and keeps the texts of those it is asked
to.

A thousand of these live in one loop. Server frames are not masked and ours are not fragmented, so a frame is
a head of 2, 4 or 10 bytes and its content; anything else than a text is only answered (a ping) or noted (a
close).
"""

from __future__ import annotations

import asyncio
import os
import struct
import time
from collections.abc import Callable
from functools import partial

__all__ = ["Watcher", "open_watchers"]

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
OPEN_AT_ONCE = 50

OnText = Callable[[bytes, float], None]


class Watcher(asyncio.Protocol):
    """One socket; `count` texts have come, and `on_text` is told each with its time where it was given."""

    def __init__(self, host: str, path: str, on_text: OnText | None = None) -> None:
        self.count = 0
        self.last_at = 0.0
        self.is_closed = False
        self.close_code: int | None = None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request = (
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()
        self._on_text = on_text
        self._bytes = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.time()
        self._bytes += data
        if not self.opened.done():
            head, end, rest = bytes(self._bytes).partition(b"\r\n\r\n")
            if not end:
                return
            if b" 101 " not in head.split(b"\r\n", 1)[0]:
                self.opened.set_exception(RuntimeError(head.decode(errors="replace")))
                return
            self.opened.set_result(None)
            self._bytes = bytearray(rest)
        self._take_frames(now)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_closed = True
        if not self.opened.done():
            self.opened.set_exception(exc or RuntimeError("the server closed before it opened"))

    def stop_reading(self) -> None:
        """Take nothing more from the socket, as a client that hangs."""
        if self._transport is not None:
            self._transport.pause_reading()

    def read_on(self) -> None:
        """Read again what waits, and what comes."""
        if self._transport is not None:
            self._transport.resume_reading()

    def close(self) -> None:
        """Close without a farewell; the server notes it."""
        if self._transport is not None:
            self._transport.abort()

    def _take_frames(self, now: float) -> None:
        data, place = self._bytes, 0
        while len(data) - place >= 2:
            length, head = data[place + 1] & 0x7F, 2
            if length == 126:
                if len(data) - place < 4:
                    break
                length, head = struct.unpack_from("!H", data, place + 2)[0], 4
            elif length == 127:
                if len(data) - place < 10:
                    break
                length, head = struct.unpack_from("!Q", data, place + 2)[0], 10
            end = place + head + length
            if end > len(data):
                break
            self._take_frame(
                data[place] & 0x0F, bytes(data[place + head : end]) if self._wants(data[place]) else b"", now
            )
            place = end
        if place:
            del data[:place]

    def _wants(self, first: int) -> bool:
        return self._on_text is not None or first & 0x0F in {PING, CLOSE}

    def _take_frame(self, kind: int, content: bytes, now: float) -> None:
        if kind == TEXT:
            self.count += 1
            self.last_at = now
            if self._on_text is not None:
                self._on_text(content, now)
        elif kind == CLOSE:
            self.is_closed = True
            self.close_code = int.from_bytes(content[:2], "big") if content else None
        elif kind == PING and self._transport is not None:
            mask = os.urandom(4)
            masked = bytes(letter ^ mask[index % 4] for index, letter in enumerate(content))
            self._transport.write(bytes([0x80 | PONG, 0x80 | len(content)]) + mask + masked)


async def open_watchers(
    port: int, path: str, count: int, *, on_text: OnText | None = None, every: int = 10
) -> list[Watcher]:
    """Open so many sockets; one in `every` hands its texts to `on_text`, the others only count."""
    loop = asyncio.get_running_loop()
    watchers: list[Watcher] = []
    for first in range(0, count, OPEN_AT_ONCE):
        group = [
            Watcher(f"127.0.0.1:{port}", path, on_text if number % every == 0 else None)
            for number in range(first, min(count, first + OPEN_AT_ONCE))
        ]
        for watcher in group:
            await loop.create_connection(partial(_same, watcher), "127.0.0.1", port)
        await asyncio.gather(*(watcher.opened for watcher in group))
        watchers += group
    return watchers


def _same(watcher: Watcher) -> Watcher:
    return watcher
