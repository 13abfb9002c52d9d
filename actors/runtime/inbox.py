"""The inbox of an `AsyncActor`: bounded, closable, with a control lane.

Promises: a put never blocks and either is accepted or raises; what is accepted is handled or, at the actor's end,
refused, so that no ask is ever left without an answer (stock Pykka drains until empty and goes, and a put between the
two is lost). Accepting and closing exclude each other by one lock. The bound holds for user messages; control messages
are exempt and go first.

Senders may be on any thread; taking is for the actor's task alone. The sleeping task is woken through a future of its
loop: directly from that loop, by `call_soon_threadsafe` from elsewhere. An asyncio.Event per message costs a third of
the speed (`tests/actors/runtime/test_speed.py`).
"""

from __future__ import annotations

import asyncio
import threading
import time
from asyncio import AbstractEventLoop, _get_running_loop
from collections import deque
from collections.abc import Callable
from enum import IntEnum
from time import monotonic_ns
from typing import Any

from pykka._envelope import Envelope
from pykka.messages import _ActorStop

from actors.runtime.errors import ActorGoneError, InboxFullError
from actors.runtime.lifeline import Lifeline
from actors.runtime.messages import ControlMessage
from actors.runtime.report import ActorReport, ActorState, ChildReport
from actors.runtime.timings import no_counts

__all__ = ["INBOX_CAPACITY", "Inbox", "LetterSink"]

INBOX_CAPACITY = (
    10_000  # user messages; a refused one is an error for its sender, so this is far above any burst
)

LetterSink = Callable[
    [str, str], None
]  # (actor, message class): a message without an asker that nobody will handle

_CONTROL = (_ActorStop, ControlMessage)


class _Phase(IntEnum):
    OPEN = 0
    STOPPING = 1  # control messages still come in: whoever asks for the stop now waits for the end
    CLOSED = 2


class Inbox:
    """Messages of one actor, and what health wants to know of it."""

    __slots__ = (
        "_controls",
        "_current",
        "_current_since_ns",
        "_lock",
        "_loop",
        "_name",
        "_on_kill",
        "_phase",
        "_sleeper",
        "_urn",
        "_users",
        "busy_ns",
        "capacity",
        "children",
        "has_started",
        "high_water",
        "letter_sink",
        "lifeline",
        "processed",
        "refused",
        "timings",
    )

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users: deque[tuple[Envelope[Any], float]] = deque()
        self._controls: list[Envelope[Any]] = []
        self._phase = _Phase.OPEN
        self._sleeper: asyncio.Future[None] | None = None
        self._loop: AbstractEventLoop | None = None
        self._name = self._urn = ""
        self._on_kill: Callable[[], None] | None = None
        self._current: type | None = None
        self._current_since_ns = 0
        self.capacity = INBOX_CAPACITY
        self.has_started = False
        self.high_water = self.processed = self.refused = 0
        self.timings = no_counts()
        self.busy_ns = 0
        self.lifeline = Lifeline()
        self.letter_sink: LetterSink | None = None
        self.children: Callable[[], tuple[ChildReport, ...]] | None = None

    def attach(
        self, *, loop: AbstractEventLoop, name: str, urn: str, capacity: int, on_kill: Callable[[], None]
    ) -> None:
        """Say whose inbox this is; Pykka makes it before the actor knows."""
        self._loop, self._name, self._urn, self.capacity = loop, name, urn, capacity
        self._on_kill = on_kill

    @property
    def loop(self) -> AbstractEventLoop | None:
        return self._loop

    @property
    def owner(self) -> str:
        """The actor as errors and logs name it."""
        return f"{self._name} ({self._urn})"

    def put(self, envelope: Envelope[Any], /) -> None:
        """Accept a message, from any thread, without ever blocking.

        Raises InboxFullError at the bound and ActorGoneError once the actor stops. A late stop with somebody waiting
        for it raises nothing: the reply says that the actor is gone, as Pykka's `stop()` expects.
        """
        is_control = isinstance(envelope.message, _CONTROL)
        refusal: Exception | None = None
        sleeper: asyncio.Future[None] | None = None
        with self._lock:
            if self._phase and (not is_control or self._phase is _Phase.CLOSED):
                refusal = ActorGoneError(self.owner)
            elif is_control:
                self._controls.append(envelope)
            elif (depth := len(self._users)) >= self.capacity:
                refusal = InboxFullError(self.owner, depth)
            else:
                self._users.append((envelope, time.monotonic()))
                if depth >= self.high_water:
                    self.high_water = depth + 1
            if refusal is None:
                sleeper, self._sleeper = self._sleeper, None
        if refusal is not None:
            self._refuse_at_the_door(envelope, refusal)
        elif sleeper is not None:
            self._wake(sleeper)

    def take(self) -> Envelope[Any] | None:
        """Return the next message, control first, or None. The actor's task only."""
        if self._controls:
            return self._controls.pop(0)
        if self._users:
            return self._users.popleft()[0]
        return None

    def sleeper(self, loop: AbstractEventLoop) -> asyncio.Future[None] | None:
        """Return a future that the next put will complete, or None when something came in meanwhile."""
        with self._lock:
            if self._users or self._controls:
                return None
            self._sleeper = future = loop.create_future()
            return future

    def begin(self, message: object) -> None:
        """Note what the actor handles from now on."""
        self._current = message.__class__
        self._current_since_ns = monotonic_ns()

    def end(self) -> None:
        """Note that it has handled it, and how long that took."""
        self._current = None
        self.processed += 1
        took_ns = monotonic_ns() - self._current_since_ns
        self.busy_ns += took_ns
        self.timings[(took_ns >> 10).bit_length()] += 1

    def abandon(self) -> None:
        """Note that it will never be handled to the end."""
        self._current = None

    def kill(self) -> None:
        """End the actor where it stands; see `AsyncActor.kill`. Any thread; nothing happens when it is gone."""
        on_kill = self._on_kill
        if on_kill is not None:
            on_kill()

    def get(self) -> Envelope[Any]:
        """Part of Pykka's protocol: the next message. Never blocks; raises IndexError when there is none."""
        envelope = self.take()
        if envelope is None:
            raise IndexError(f"The inbox of {self.owner} is empty; its task waits for it, not a thread.")
        return envelope

    def empty(self) -> bool:
        """Part of Pykka's protocol."""
        return not self._users and not self._controls

    def stop_taking(self, why: str) -> None:
        """Refuse user messages from now on, and those that wait: askers get ActorGoneError, the rest are dead letters."""
        with self._lock:
            self._phase = max(self._phase, _Phase.STOPPING)
            left = [envelope for envelope, _ in self._users]
            self._users.clear()
        self._refuse(left, why)

    def close(self, why: str) -> None:
        """Close for good. Whoever waits for the stop is told that it has happened, every other message is refused."""
        self.stop_taking(why)
        with self._lock:
            self._phase = _Phase.CLOSED
            left, self._controls = self._controls, []
            self._on_kill = None  # a reference that outlives the actor keeps its inbox, not the actor
        for envelope in left:
            if isinstance(envelope.message, _ActorStop) and envelope.reply_to is not None:
                envelope.reply_to.set(None)
        self._refuse([envelope for envelope in left if not isinstance(envelope.message, _ActorStop)], why)

    def report(self) -> ActorReport:
        """Return a snapshot, from any thread and without a lock."""
        now = time.monotonic()
        try:
            oldest: float | None = now - self._users[0][1]
        except IndexError:
            oldest = None
        current, reason = self._current, self.lifeline.reason
        return ActorReport(
            urn=self._urn,
            name=self._name,
            state=self._state(current),
            depth=len(self._users),
            capacity=self.capacity,
            high_water=self.high_water,
            oldest_age_seconds=oldest,
            processed=self.processed,
            refused=self.refused,
            current_message=current.__name__ if current else None,
            current_age_seconds=(monotonic_ns() - self._current_since_ns) / 1e9 if current else None,
            timings=tuple(self.timings),
            busy_seconds=self.busy_ns / 1e9,
            error=str(reason) if reason is not None and reason.error is not None else None,
            children=self.children() if self.children is not None else (),
        )

    def _state(self, current: type | None) -> ActorState:
        if self.lifeline.reason is not None:
            return ActorState.STOPPED
        if self._phase:
            return ActorState.STOPPING
        if not self.has_started:
            return ActorState.STARTING
        return ActorState.BUSY if current else ActorState.IDLE

    def _wake(self, sleeper: asyncio.Future[None]) -> None:
        loop = self._loop
        if _get_running_loop() is loop:
            _complete(sleeper)
            return
        assert loop is not None, "an actor slept without a loop"
        try:
            loop.call_soon_threadsafe(_complete, sleeper)
        except RuntimeError as error:
            # The loop was closed under the actor: nobody will ever take this message, nor any that waits with it.
            if not loop.is_closed():
                raise
            self.close("lost its event loop")
            raise ActorGoneError(self.owner, "lost its event loop") from error

    def _refuse_at_the_door(self, envelope: Envelope[Any], refusal: Exception) -> None:
        self.refused += 1
        if isinstance(envelope.message, _ActorStop):
            if envelope.reply_to is not None:
                envelope.reply_to.set_exception((type(refusal), refusal, None))
            return
        if envelope.reply_to is None and isinstance(refusal, ActorGoneError):
            self._lay_aside(envelope)
        raise refusal

    def _refuse(self, envelopes: list[Envelope[Any]], why: str) -> None:
        for envelope in envelopes:
            if envelope.reply_to is not None:
                error = ActorGoneError(self.owner, why)
                envelope.reply_to.set_exception((ActorGoneError, error, None))
            else:
                self._lay_aside(envelope)

    def _lay_aside(self, envelope: Envelope[Any]) -> None:
        if self.letter_sink is not None:
            self.letter_sink(self.owner, type(envelope.message).__name__)


def _complete(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)
