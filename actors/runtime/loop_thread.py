"""A thread that owns an event loop.

Actors, user code and the like get a loop each, so that who blocks one does not block the others. `stop` ends what runs
there: tasks are cancelled and may clean up, then the loop is closed, and actors that were started in the last moment
are closed as well, so that nobody waits for an answer of a loop that is gone. The thread is a daemon: user code that
never returns must not keep a process alive.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import inspect
import threading
from asyncio import AbstractEventLoop
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

import structlog
from pykka import ActorRegistry

from actors.runtime.errors import WouldBlockLoopError
from actors.runtime.inbox import Inbox
from actors.runtime.messages import DownKind, DownReason
from actors.runtime.watchdog import STALL_LIMIT_SECONDS, LoopWatchdog, Stall, log_stall

__all__ = ["STOP_TIMEOUT_SECONDS", "LoopThread"]

log = structlog.get_logger("actors.runtime")

T = TypeVar("T")

STOP_TIMEOUT_SECONDS = 10.0
GRACE_SECONDS = 1.0  # for closing the loop itself, after the tasks have had their time
CANCEL_ROUNDS = 10  # a cancelled task may start another; one that does so for ever is left behind


class LoopThread:
    """An event loop on a thread of its own. Also a context manager. All methods from any other thread."""

    def __init__(
        self,
        name: str,
        *,
        loop_factory: Callable[[], AbstractEventLoop] = asyncio.new_event_loop,
        stall_limit_seconds: float | None = STALL_LIMIT_SECONDS,
        on_stall: Callable[[Stall], None] = log_stall,
    ) -> None:
        """`stall_limit_seconds` None: no watchdog."""
        self.name = name
        self._loop = loop_factory()
        self._stall_limit_seconds = stall_limit_seconds
        self._on_stall = on_stall
        self._watchdog: LoopWatchdog | None = None
        self._running = threading.Event()
        self._is_stopping = False
        self._cleanup_seconds = STOP_TIMEOUT_SECONDS
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def loop(self) -> AbstractEventLoop:
        return self._loop

    @property
    def thread_id(self) -> int | None:
        """The thread's identity, for stacks; None before the start."""
        return self._thread.ident

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> Self:
        """Start the thread and return when its loop runs."""
        self._thread.start()
        self._running.wait()
        if self._stall_limit_seconds is not None:
            assert self._thread.ident is not None, "a started thread has an identity"
            self._watchdog = LoopWatchdog(
                self._loop,
                self._thread.ident,
                name=self.name,
                limit_seconds=self._stall_limit_seconds,
                on_stall=self._on_stall,
            )
            self._watchdog.start()
        return self

    def stop(self, timeout_seconds: float = STOP_TIMEOUT_SECONDS) -> bool:
        """Cancel all tasks, let them clean up for at most `timeout_seconds`, close the loop, end the thread.

        Answers False when the thread does not end in time (something on the loop never returns): it is left behind and
        logged. Does nothing when it was never started or has ended.
        """
        if threading.current_thread() is self._thread:
            raise WouldBlockLoopError("LoopThread.stop()", "another thread")
        if self._thread.ident is None:
            self._loop.close()
            return True
        self._cleanup_seconds = timeout_seconds
        self._is_stopping = True
        try:
            self._loop.call_soon_threadsafe(self._loop.stop)
        except RuntimeError:
            if not self._loop.is_closed():
                raise
        self._thread.join(timeout_seconds + GRACE_SECONDS)
        if self._watchdog is not None:
            self._watchdog.stop()
        if self._thread.is_alive():
            log.error(
                "event loop did not stop and is left behind", loop=self.name, timeout_seconds=timeout_seconds
            )
            return False
        return True

    def run(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Run a coroutine on this loop and return a future for other threads."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.call_soon(self._running.set)
        while not self._is_stopping:
            try:
                self._loop.run_forever()
            except (SystemExit, KeyboardInterrupt):
                # A task raised it and asyncio lets it through the loop. It ends that task; the others did nothing.
                log.exception("a task tried to end its event loop", loop=self.name)
        try:
            self._end_tasks()
        finally:
            self._loop.close()
            _close_orphans(self._loop)
            asyncio.set_event_loop(None)

    def _end_tasks(self) -> None:
        deadline = self._loop.time() + self._cleanup_seconds
        for _ in range(CANCEL_ROUNDS):
            tasks = asyncio.all_tasks(self._loop)
            if not tasks:
                self._loop.run_until_complete(self._loop.shutdown_asyncgens())
                tasks = asyncio.all_tasks(self._loop)  # that turn of the loop may have let a new actor begin
            if not tasks:
                break
            for task in tasks:
                task.cancel()
            remaining_seconds = max(0.0, deadline - self._loop.time())
            self._loop.run_until_complete(asyncio.wait(tasks, timeout=remaining_seconds))
        left = [task.get_name() for task in asyncio.all_tasks(self._loop) if not _is_given_up(task)]
        if left:
            log.error("tasks ignored their cancellation", loop=self.name, tasks=left)


def _is_given_up(task: asyncio.Task[Any]) -> bool:
    """Close what a task would run where it has not begun; else Python complains of it whenever the task is freed."""
    coroutine = task.get_coro()
    if not inspect.iscoroutine(coroutine) or inspect.getcoroutinestate(coroutine) != inspect.CORO_CREATED:
        return False
    coroutine.close()
    return True


def _close_orphans(loop: AbstractEventLoop) -> None:
    """Close actors of a closed loop that its tasks could not close: started in the last moment, or never ending."""
    for ref in ActorRegistry.get_all():
        inbox = ref.actor_inbox
        if isinstance(inbox, Inbox) and inbox.loop is loop:
            ActorRegistry.unregister(ref)
            ref.actor_stopped.set()
            inbox.close("lost its event loop")
            inbox.lifeline.cut(DownReason(kind=DownKind.KILLED))
