"""A load client on bare asyncio, because a comfortable one would be the slowest part of what it measures.

HTTP/1.1 with keep-alive, one request at a time a connection, whole answers with a Content-Length.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

__all__ = ["Connection", "Load", "post_once", "post_request", "run_load"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a load of requests gave: answers a second, and how long each took in ms."""

    per_second: float
    milliseconds: list[float]


class Connection:
    """One keep-alive connection to 127.0.0.1."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> Connection:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def send(self, request: bytes) -> bytes:
        """Send a whole request and return the body of its answer. Raises RuntimeError unless it says yes."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.partition(b":")[2])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        )
        body = await self._reader.readexactly(length)
        if head[9:10] != b"2":
            raise RuntimeError(f"{head.splitlines()[0].decode()}: {body[:300].decode(errors='replace')}")
        return body

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


async def post_once(port: int, path: str, body: bytes) -> bytes:
    """POST on a connection of its own: one that is kept is closed by the server after a few idle seconds."""
    connection = await Connection.open(port)
    try:
        return await connection.send(post_request(path, body, port))
    finally:
        await connection.close()


def post_request(path: str, body: bytes, port: int) -> bytes:
    """Return the bytes of a POST of JSON."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def run_load(port: int, request: bytes, *, count: int, connections: int) -> Load:
    """Send the same request `count` times over so many connections at once."""
    opened = [await Connection.open(port) for _ in range(connections)]
    milliseconds: list[float] = []
    left = iter(range(count))

    async def work(connection: Connection) -> None:
        for _ in left:
            began = time.perf_counter()
            await connection.send(request)
            milliseconds.append((time.perf_counter() - began) * 1000)

    began = time.perf_counter()
    await asyncio.gather(*(work(connection) for connection in opened))
    seconds = time.perf_counter() - began
    for connection in opened:
        await connection.close()
    return Load(per_second=count / seconds, milliseconds=milliseconds)
