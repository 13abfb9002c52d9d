"""What a task has begun beside its own code: functional tasks and nested runs, and what they ask when they end.

A task is over only when these are, so that nothing of it still runs when its step is committed. Sync functions get a
thread each up to a bound; coroutines belong to the task's loop.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable, Coroutine, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from threading import Lock
from typing import Any, TypeVar

from fastgraph.errors import GraphInterrupt

__all__ = ["MAX_THREADS", "OpenCalls", "SyncAsyncFuture"]

T = TypeVar("T")
MAX_THREADS = 256


class SyncAsyncFuture(Future[T]):
    """A future with `.result()` that can be awaited, too."""

    def __await__(self) -> Generator[Any, None, T]:
        return asyncio.wrap_future(self).__await__()


class OpenCalls:
    """The calls of one attempt of one task. Calls may be begun from any thread, `finish` is awaited once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._futures: list[Future[Any]] = []
        self._tasks: list[asyncio.Task[Any]] = []

    def submit(self, function: Callable[[], T]) -> SyncAsyncFuture[T]:
        """Call a function in a thread, in a copy of this context."""
        future = SyncAsyncFuture[T]()
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="fastgraph-task")
            self._futures.append(future)
        self._pool.submit(copy_context().run, _settle, future, function)
        return future

    def create_task(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run a coroutine on the running loop."""
        task = asyncio.get_running_loop().create_task(coroutine)
        task.add_done_callback(_forget)
        self._tasks.append(task)
        return task

    @contextmanager
    def in_progress(self) -> Iterator[None]:
        """Count the block, a nested run, as a call of the task."""
        future: Future[Any] = Future()
        with self._lock:
            self._futures.append(future)
        try:
            yield
        except GraphInterrupt as asked:
            future.set_exception(asked)
            raise
        finally:
            if not future.done():
                future.set_result(None)
                with self._lock:
                    self._futures.remove(future)

    async def finish(self, run_sync: Callable[..., Any] | None) -> list[GraphInterrupt]:
        """Wait until all calls are over and return what they ask, in the order in which they began."""
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._futures:
            if run_sync is None:
                concurrent.futures.wait(self._futures)
            else:
                await run_sync(concurrent.futures.wait, self._futures)
        self._close()
        endings = [task.exception() for task in self._tasks if not task.cancelled()]
        endings += [future.exception() for future in self._futures]
        return [ending for ending in endings if isinstance(ending, GraphInterrupt)]

    async def abandon(self, run_sync: Callable[..., Any] | None) -> None:
        """The task has failed: stop its coroutines, and wait for its threads where that blocks no loop."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._pool is not None and run_sync is None:
            self._pool.shutdown(wait=True)
        self._close()

    def _close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False)


def _settle(future: Future[Any], function: Callable[[], Any]) -> None:
    try:
        future.set_result(function())
    except BaseException as error:  # noqa: BLE001 - it goes to whoever asks for the result
        future.set_exception(error)


def _forget(task: asyncio.Task[Any]) -> None:
    """Look at the error of a call whose result nobody asked for, so that asyncio does not complain about it."""
    if not task.cancelled():
        task.exception()
