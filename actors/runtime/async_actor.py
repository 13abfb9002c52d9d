"""`AsyncActor`: Pykka's actor as one task of an asyncio loop.

What Pykka promises stays (refs, tell, ask, proxies, the registry); these differ, each with a test that attacks it:
* hooks and `on_receive` may be coroutine functions; one message is handled at a time, also across awaits;
* stop and supervision go ahead of user messages; what waits behind a stop is refused, never forgotten;
* an exception, from ask and tell alike, and a BaseException stop this actor alone; the asker gets the error,
  `on_failure` is called (also when `on_start` failed), and `ActorRegistry.stop_all` never is;
* the end is watched through `inbox.lifeline`, also when the task was cancelled or its loop went away.

It leans on internals of Pykka 4.5 that `tests/actors/runtime/test_pykka_contract.py` pins down. A handler must never
block the loop: the watchdog of `LoopThread` names the one that does.
"""

from __future__ import annotations

import asyncio
import contextvars
import traceback
from asyncio import AbstractEventLoop, Task, _get_running_loop
from collections.abc import Callable
from types import CoroutineType, TracebackType
from typing import Any, ClassVar

import pykka
import structlog
from pykka import ActorRegistry
from pykka._envelope import Envelope
from pykka.messages import _ActorStop

from actors.runtime.errors import ActorGoneError, NoLoopError
from actors.runtime.inbox import INBOX_CAPACITY, Inbox
from actors.runtime.messages import DownKind, DownReason
from actors.runtime.reply import ActorFuture, answerable

__all__ = ["MESSAGES_A_TURN", "AsyncActor"]

log = structlog.get_logger("actors.runtime")

MESSAGES_A_TURN = 64  # handled in a row before the other actors of the loop get their turn


class AsyncActor(pykka.Actor):
    """An actor on an event loop: `loop`, or the one that runs where it is made.

    `start()` may be called from any thread; `__init__` runs there, all hooks and handlers run on the loop. Raises
    NoLoopError where no loop runs and none is given. The hooks may be plain or coroutine functions; a coroutine function
    needs `# type: ignore[override]`, since Pykka declares its hooks as plain.
    """

    inbox_capacity: ClassVar[int] = INBOX_CAPACITY
    actor_inbox: Inbox

    def __init__(self, *, loop: AbstractEventLoop | None = None) -> None:
        loop = loop or _get_running_loop()
        if loop is None:
            raise NoLoopError(type(self).__name__)
        super().__init__()
        self._loop = loop
        self._task: Task[None] | None = None
        self._asked: Envelope[Any] | None = None
        self.actor_inbox.attach(
            loop=loop,
            name=type(self).__name__,
            urn=self.actor_urn,
            capacity=self.inbox_capacity,
            on_kill=self.kill,
        )

    @property
    def loop(self) -> AbstractEventLoop:
        """The loop that this actor lives on."""
        return self._loop

    # The three hooks that Pykka documents for new kinds of actors.

    @staticmethod
    def _create_actor_inbox() -> Inbox:
        return Inbox()

    @staticmethod
    def _create_future() -> ActorFuture[Any]:
        return ActorFuture()

    def _start_actor_loop(self) -> None:
        if _get_running_loop() is self._loop:
            self._create_task()
            return
        try:
            self._loop.call_soon_threadsafe(self._create_task)
        except RuntimeError as error:
            if not self._loop.is_closed():
                raise
            self._finish(DownReason(kind=DownKind.KILLED, error=error))
            raise ActorGoneError(str(self), "was started on a closed event loop") from error

    def on_start(self) -> Any:
        """Run on the loop before the first message; plain or coroutine function. What it raises ends the actor."""

    def on_stop(self) -> Any:
        """Run on the loop after an orderly stop; plain or coroutine function. New messages are already refused."""

    def on_failure(
        self,
        exception_type: type[BaseException] | None,
        exception_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> Any:
        """Run on the loop after anything was raised, or the actor was killed; plain or coroutine function."""

    def kill(self) -> None:
        """End the actor where it stands: what it awaits is cancelled, then `on_failure` runs. Any thread.

        A handler that swallows the cancellation, or never awaits, is not ended by this.
        """
        on_its_loop(self._loop, self._cancel)

    def stack(self, frames: int) -> str:
        """Return where the actor's task stands, innermost call last; empty where it has none. Its loop only."""
        found: list[str] = []
        awaited: Any = None if self._task is None else self._task.get_coro()
        while awaited is not None and len(found) < frames:
            frame = getattr(awaited, "cr_frame", None)
            if frame is not None:
                found += traceback.format_stack(frame, limit=1)
            awaited = getattr(awaited, "cr_await", None)
        return "".join(found)

    def _create_task(self) -> None:
        if self.actor_stopped.is_set():
            return
        # A context of its own: the spawner's (a request's id, a run's log fields) is not the actor's.
        context = contextvars.Context()
        self._task = self._loop.create_task(self._live(), name=self.actor_urn, context=context)
        self._task.add_done_callback(self._task_done)

    def _cancel(self) -> None:
        if self._task is None:
            self._finish(DownReason(kind=DownKind.KILLED))
        else:
            self._task.cancel()

    async def _live(self) -> None:
        reason = await self._work()
        self.actor_inbox.stop_taking(_why(reason))
        self._answer_failed(reason)
        self._finish(await self._last_hook(reason))

    async def _work(self) -> DownReason:
        """Run `on_start` and then handle messages until the end. Everything that is raised ends here."""
        try:
            await _completed(self.on_start())
            self.actor_inbox.has_started = True
            await self._handle_messages()
        except GeneratorExit:
            raise  # the coroutine is being closed from outside and may not await again; `_task_done` does the rest
        except asyncio.CancelledError as error:
            # What a handler awaits may be cancelled by somebody else: that is a failure, and no kill of this actor.
            is_killed = self._task is not None and self._task.cancelling()
            return DownReason(kind=DownKind.KILLED if is_killed else DownKind.FAILED, error=error)
        except BaseException as error:  # noqa: BLE001 - the boundary of the actor: asker, log, on_failure and watchers get it
            return DownReason(kind=DownKind.FAILED, error=error)
        return DownReason(kind=DownKind.STOPPED)

    async def _handle_messages(self) -> None:
        """Handle messages until a stop. The hot loop: no lock on the way in, no task and no event a message."""
        inbox, loop, handle = self.actor_inbox, self._loop, self._handle_receive
        remaining = MESSAGES_A_TURN
        while True:
            envelope = inbox.take()
            if envelope is None:
                sleeper = inbox.sleeper(loop)
                if sleeper is not None:
                    await sleeper
                    remaining = MESSAGES_A_TURN
                continue
            self._asked = envelope
            message = envelope.message
            if message.__class__ is _ActorStop:
                return
            inbox.begin(message)
            answer = handle(message)
            if answer.__class__ is CoroutineType:
                answer = await answer
            inbox.end()
            if envelope.reply_to is not None:
                envelope.reply_to.set(answer)
            self._asked = envelope = message = answer = None  # an idle actor keeps no message alive
            remaining -= 1
            if not remaining:
                await asyncio.sleep(0)  # a bare yield, so that one full inbox can't hold the loop
                remaining = MESSAGES_A_TURN

    def _answer_failed(self, reason: DownReason) -> None:
        """Give the error to whoever asked what was being handled, and log it."""
        self.actor_inbox.abandon()
        if reason.error is None:
            return
        envelope = self._asked
        message = type(envelope.message).__name__ if envelope else None
        if reason.kind is DownKind.FAILED:
            log.error("actor failed", actor=str(self), message=message, exc_info=reason.error)
        else:
            log.info("actor killed", actor=str(self), message=message)
        if envelope is not None and envelope.reply_to is not None:
            error = answerable(str(self), reason.error)
            envelope.reply_to.set_exception((type(error), error, error.__traceback__))
        self._asked = None

    async def _last_hook(self, reason: DownReason) -> DownReason:
        """Run `on_stop`, or `on_failure` after a failure, also of `on_stop`. Nothing raised here harms anybody else."""
        error = reason.error
        try:
            if reason.kind is DownKind.STOPPED:
                await _completed(self.on_stop())
                return reason
        except GeneratorExit:
            raise
        except BaseException as raised:  # a boundary: the error becomes the reason of the end
            error, reason = raised, DownReason(kind=DownKind.FAILED, error=raised)
            log.exception("on_stop of an actor failed", actor=str(self))
        assert error is not None, "an actor that was not stopped died of something"
        try:
            await _completed(self.on_failure(type(error), error, error.__traceback__))
        except GeneratorExit:
            raise
        except BaseException:  # a boundary: the actor is ending anyway, and its first error stays the reason
            log.exception("on_failure of an actor failed", actor=str(self))
        return reason

    def _finish(self, reason: DownReason) -> None:
        """Make the end known: registry, flag, whoever waits for the stop, watchers. Does nothing the second time."""
        if self.actor_stopped.is_set():
            return
        ActorRegistry.unregister(self.actor_ref)
        self.actor_stopped.set()
        stop, self._asked = self._asked, None
        self.actor_inbox.close(_why(reason))
        if stop is not None and stop.reply_to is not None:
            stop.reply_to.set(None)
        self.actor_inbox.lifeline.cut(reason)

    def _task_done(self, task: Task[None]) -> None:
        """The net under `_live`: a task that was cancelled before its first step, or closed, has run none of it."""
        if self.actor_stopped.is_set():
            return
        error = None if task.cancelled() else task.exception()
        reason = DownReason(kind=DownKind.KILLED, error=error or asyncio.CancelledError())
        self.actor_inbox.stop_taking(_why(reason))
        self._answer_failed(reason)
        self._finish(reason)


async def _completed(answer: Any) -> Any:
    """Return what a hook answered, awaiting it when the hook is a coroutine function."""
    return await answer if answer.__class__ is CoroutineType else answer


def _why(reason: DownReason) -> str:
    return "has stopped" if reason.kind is DownKind.STOPPED else f"died ({reason})"


def on_its_loop(loop: AbstractEventLoop, call: Callable[[], object]) -> None:
    """Call on `loop`: at once when it runs here, soon otherwise; not at all when it is closed."""
    if _get_running_loop() is loop:
        call()
        return
    try:
        loop.call_soon_threadsafe(call)
    except RuntimeError:
        if not loop.is_closed():
            raise
