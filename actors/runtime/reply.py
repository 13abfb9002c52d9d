"""Where an answer goes: to a coroutine, or to a thread that waits.

`LoopReply` is the quick one: a slot around a future of the asker's loop. `ActorFuture` is Pykka's `Future` for our
actors: `get()` blocks a thread and refuses to block a running loop, and `await` never blocks (Pykka's own does, pykka
#99). Both take the first answer and ignore later ones, and neither ever raises into the actor that answers: an asker
that went away, or whose loop is closed, is the asker's affair.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from asyncio import AbstractEventLoop, _get_running_loop
from collections.abc import Callable, Generator
from types import TracebackType
from typing import Any, TypeVar

import pykka

from actors.runtime.errors import ActorFailedError, WouldBlockLoopError

__all__ = ["ActorFuture", "LoopReply", "answerable"]

T = TypeVar("T")
ExcInfo = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]


def answerable(actor: str, error: BaseException) -> BaseException:
    """Return what an asker may get for `error`: itself, or an ActorFailedError around what would harm the asker.

    SystemExit or KeyboardInterrupt in a future ends the loop that awaits it, CancelledError looks like the asker's own
    cancellation, and a future refuses StopIteration.
    """
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    failed = ActorFailedError(actor, error)
    failed.__cause__ = error
    return failed


class LoopReply:
    """One answer for a coroutine on `loop`; `future` is what it awaits. `set` and `set_exception` from any thread."""

    __slots__ = ("_loop", "future")

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self.future: asyncio.Future[Any] = loop.create_future()

    def set(self, value: Any = None) -> None:
        if _get_running_loop() is self._loop:
            if not self.future.done():
                self.future.set_result(value)
        else:
            self._from_elsewhere(_set_result, value)

    def set_exception(self, exc_info: ExcInfo | None = None) -> None:
        error = (exc_info or sys.exc_info())[1]
        assert error is not None, "set_exception() without an exception"
        if _get_running_loop() is self._loop:
            _set_error(self.future, error)
        else:
            self._from_elsewhere(_set_error, error)

    def _from_elsewhere(self, settle: Callable[[asyncio.Future[Any], Any], None], what: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(settle, self.future, what)
        except RuntimeError:
            # The asker's loop is closed, so nobody awaits this any more. An open loop never raises here.
            if not self._loop.is_closed():
                raise


def _set_result(future: asyncio.Future[Any], value: Any) -> None:
    if not future.done():
        future.set_result(value)


def _set_error(future: asyncio.Future[Any], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)


class ActorFuture(pykka.Future[T]):
    """Pykka's future for `AsyncActor`: what `ref.ask(..., block=False)` and proxies answer. Any thread."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._is_done = False
        self._value: Any = None
        self._error: BaseException | None = None
        self._waiters: list[Callable[[], object]] = []

    def set(self, value: Any = None) -> None:
        self._settle(value, None)

    def set_exception(self, exc_info: ExcInfo | None = None) -> None:
        error = (exc_info or sys.exc_info())[1]
        assert error is not None, "set_exception() without an exception"
        self._settle(None, error)

    def get(self, *, timeout: float | None = None) -> Any:
        """Wait at most `timeout` seconds. Raises the actor's error, pykka.Timeout, or WouldBlockLoopError."""
        if self._get_hook is not None:
            return super().get(timeout=timeout)
        if not self._is_done:
            if _get_running_loop() is not None:
                raise WouldBlockLoopError("get() on an actor's future", "`await future`, or ref_ask()")
            arrived = threading.Event()
            self._when_done(arrived.set)
            if not arrived.wait(timeout):
                raise pykka.Timeout(f"{timeout} seconds")
        return self._outcome()

    def __await__(self) -> Generator[Any, None, Any]:
        if self._get_hook is not None:
            # A hook is somebody's blocking function (Pykka's own for stop, map, join); it belongs on a thread.
            return (yield from asyncio.to_thread(self.get).__await__())
        if not self._is_done:
            arrived = LoopReply(asyncio.get_running_loop())
            self._when_done(arrived.set)
            yield from arrived.future
        return self._outcome()

    __iter__ = __await__

    def _outcome(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._value

    def _when_done(self, waiter: Callable[[], object]) -> None:
        with self._lock:
            if not self._is_done:
                self._waiters.append(waiter)
                return
        waiter()

    def _settle(self, value: Any, error: BaseException | None) -> None:
        with self._lock:
            if self._is_done:
                return
            self._value, self._error = value, error
            self._is_done = True
            waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            waiter()
