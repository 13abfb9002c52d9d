"""The wire between a host and a task process: whole messages, each a word, a few facts and a few pieces of bytes.

One socket pair a process; nothing but our two sides ever holds an end of it, so its end is the other side's death. What is
sent is JSON and encoded values, never pickled objects: a task process runs user code, and a host must not be taken over by
what comes out of it.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

__all__ = ["Channel", "ChannelClosedError", "Message"]

_LENGTHS = struct.Struct(">IQ")


class ChannelClosedError(Exception):
    """The other side is gone."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `parts` are large or encoded values, taken as they are."""

    word: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    parts: Sequence[bytes] = ()


class Channel:
    """One end. Any thread may send; one thread receives."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._lock = threading.Lock()

    def send(self, message: Message) -> None:
        """Send a message whole; blocks while the other side does not read. Raises ChannelClosedError."""
        head = orjson.dumps([message.word, message.facts, [len(part) for part in message.parts]])
        body = b"".join(message.parts)
        with self._lock:
            try:
                self._socket.sendall(_LENGTHS.pack(len(head), len(body)) + head + body)
            except OSError as error:
                raise ChannelClosedError from error

    def receive(self, timeout_seconds: float | None = None) -> Message:
        """Return the next message. Raises TimeoutError where none begins in time, and ChannelClosedError."""
        try:
            self._socket.settimeout(timeout_seconds)
            first = self._socket.recv(1)
            self._socket.settimeout(None)
        except TimeoutError:
            raise
        except OSError as error:
            raise ChannelClosedError from error
        if not first:
            raise ChannelClosedError
        head_size, body_size = _LENGTHS.unpack(first + self._read(_LENGTHS.size - 1))
        word, facts, sizes = orjson.loads(self._read(head_size))
        body = memoryview(self._read(body_size))
        parts = []
        start = 0
        for size in sizes:
            parts.append(bytes(body[start : start + size]))
            start += size
        return Message(word, facts, parts)

    def close(self) -> None:
        """Close this end; the other side reads its end."""
        self._socket.close()

    def _read(self, size: int) -> bytes:
        buffer = bytearray(size)
        view = memoryview(buffer)
        done = 0
        while done < size:
            try:
                count = self._socket.recv_into(view[done:])
            except OSError as error:
                raise ChannelClosedError from error
            if not count:
                raise ChannelClosedError
            done += count
        return bytes(buffer)
