"""The threads of one run: work is begun in the order in which it is handed in, each piece in a thread of its own.

What an executor of the standard library keeps beside that (a future with a lock for each piece) nobody here asks for, and
a step of a thousand short tasks would spend a third of its time on it. A few threads are made at once; many that have
short work to do only take the interpreter's lock from one another, which doubles the time of such a step. More are made
as soon as work waits and none is finished, since tasks may wait for one another, or for the world: until the limit is
reached nothing stays waiting for longer than a few milliseconds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context, copy_context
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Final

__all__ = ["RunThreads"]

AT_ONCE: Final = min(32, (os.cpu_count() or 1) + 4)
GROW_SECONDS: Final = 0.002


class RunThreads:
    """Up to `limit` threads, `at_once` of them without delay. Whoever owns it calls its methods from one thread, and `grow`
    whenever something happened; the work must not raise."""

    def __init__(self, limit: int, *, at_once: int = AT_ONCE) -> None:
        self._limit = limit
        self._at_once = min(limit, at_once)
        self._threads: list[Thread] = []
        self._work: SimpleQueue[tuple[Context, Callable[[], object]] | None] = SimpleQueue()
        self._submitted = 0
        self._finished = 0
        self._lock = Lock()
        self._seen = -1
        self._since = 0.0

    def submit(self, work: Callable[[], object]) -> None:
        """Begin a piece of work with a copy of this context, or as soon as a thread is free where all are busy."""
        if self._work.empty():
            self._seen = -1
        self._submitted += 1
        is_short = self._submitted - self._finished > len(self._threads)
        self._work.put((copy_context(), work))
        if is_short and len(self._threads) < self._at_once:
            self._add_thread()

    def grow(self) -> float | None:
        """Make as many threads again where work has waited and none was finished for a while.

        Answers in how many seconds to ask again at the latest; None where no more threads are needed.
        """
        if self._work.empty() or len(self._threads) >= self._limit:
            return None
        now = time.monotonic()
        if self._finished != self._seen:
            self._seen, self._since = self._finished, now
        elif now - self._since >= GROW_SECONDS:
            self._since = now
            room = self._limit - len(self._threads)
            for _ in range(min(len(self._threads), self._work.qsize(), room)):
                self._add_thread()
        return GROW_SECONDS

    def close(self) -> None:
        """Give up what has not begun, and wait for what has."""
        with suppress(Empty):
            while True:
                self._work.get_nowait()
        for _ in self._threads:
            self._work.put(None)
        for thread in self._threads:
            thread.join()

    def _add_thread(self) -> None:
        thread = Thread(target=self._go, name=f"fastgraph-node_{len(self._threads)}")
        thread.start()
        self._threads.append(thread)

    def _go(self) -> None:
        while (piece := self._work.get()) is not None:
            context, work = piece
            context.run(work)
            del piece, context, work  # what they hold must not live until the next comes
            with self._lock:
                self._finished += 1
