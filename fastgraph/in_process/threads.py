"""The threads of one run: work is begun in the order in which it is handed in, each piece in a thread of its own.

What an executor of the standard library keeps beside that (a future with a lock for each piece) nobody here asks for, and
a step of a thousand short tasks would spend a third of its time on it. Threads are made as they are needed: as long as
the limit is not reached no work waits for other work, since tasks of one step may wait for one another.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from contextvars import Context, copy_context
from queue import Empty, SimpleQueue
from threading import Lock, Thread

__all__ = ["RunThreads"]


class RunThreads:
    """Up to `limit` threads. `submit` and `close` are for one thread; the work must not raise."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._threads: list[Thread] = []
        self._work: SimpleQueue[tuple[Context, Callable[[], object]] | None] = SimpleQueue()
        self._unfinished = 0
        self._lock = Lock()

    def submit(self, work: Callable[[], object]) -> None:
        """Begin a piece of work with a copy of this context, or as soon as a thread is free where all are busy."""
        with self._lock:
            self._unfinished += 1
            is_short = self._unfinished > len(self._threads)
        self._work.put((copy_context(), work))
        if is_short and len(self._threads) < self._limit:
            name = f"fastgraph-node_{len(self._threads)}"
            thread = Thread(target=self._go, name=name)
            thread.start()
            self._threads.append(thread)

    def close(self) -> None:
        """Give up what has not begun, and wait for what has."""
        with suppress(Empty):
            while True:
                self._work.get_nowait()
        for _ in self._threads:
            self._work.put(None)
        for thread in self._threads:
            thread.join()

    def _go(self) -> None:
        while (piece := self._work.get()) is not None:
            context, work = piece
            context.run(work)
            del piece, context, work  # what they hold must not live until the next comes
            with self._lock:
                self._unfinished -= 1
