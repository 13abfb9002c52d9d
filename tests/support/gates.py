"""Doors inside nodes: a node stops there until the test opens it, and the test knows that it has come."""

from __future__ import annotations

import asyncio
import threading

PATIENCE_SECONDS = 20.0


class Gate:
    """`pass_through` in a node (any thread), `reached` and `open` in the test. Opened once, it stays open."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._is_open = False
        self.arrivals = 0

    def pass_through(self) -> None:
        """Say that a node is here, and wait for the test."""
        with self._lock:
            self.arrivals += 1
            self._lock.notify_all()
            assert self._lock.wait_for(lambda: self._is_open, PATIENCE_SECONDS), "nobody opened the gate"

    def open(self) -> None:
        with self._lock:
            self._is_open = True
            self._lock.notify_all()

    async def reached(self, times: int = 1) -> None:
        """Wait until nodes have come here so often."""
        assert await asyncio.to_thread(self._wait_for, times), f"{self.arrivals} of {times} came to the gate"

    def _wait_for(self, times: int) -> bool:
        with self._lock:
            return self._lock.wait_for(lambda: self.arrivals >= times, PATIENCE_SECONDS)
