"""`Supervision`: what makes an `AsyncActor` a supervisor. It starts children, hears them die, and starts them again.

A collaborator that its owner holds. All of it runs on the owner's loop; deaths come in as `ChildDown` on the control
lane, from whichever thread a child ended on, also when its loop task was cancelled. The owner passes `ChildDown` and
`RestartChild` to `handle`, and awaits `stop_all` in its `on_stop` and `on_failure`. Children never outlive it: whatever
it dies of, those that are left are told to stop. What is decided stands in `decisions.py`; time, chance and timers are
handed in. Children are actors whose end can be watched: AsyncActors and the Writer.

A child that dies too often is not started again: `on_escalate` hears of it. What that means (quarantine of a run, the
end of the process) is the owner's affair.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from random import Random
from typing import Any, Protocol

import pykka
import structlog

from actors.runtime.ask import ref_end, ref_kill, ref_stop
from actors.runtime.async_actor import AsyncActor
from actors.runtime.errors import AskTimeoutError
from actors.runtime.inbox import Inbox
from actors.runtime.lifeline import watch_end
from actors.runtime.messages import DownKind, DownReason
from actors.runtime.report import ChildReport, ChildState, report_of
from actors.supervision.child_spec import ChildSpec
from actors.supervision.dead_letters import DeadLetters
from actors.supervision.decisions import Deaths, Verdict, after_death, backoff_seconds, count_recent, decide
from actors.supervision.messages import ChildDown, Escalation, RestartChild
from fastgraph.clock import Clock
from fastgraph.errors import FastGraphError

__all__ = ["KILL_SECONDS", "ChildExistsError", "Supervision"]

log = structlog.get_logger("actors.supervision")

KILL_SECONDS = 1.0  # a killed child has this long for its `on_failure`


class ChildExistsError(FastGraphError):
    """The supervisor has a child of this key already."""

    def __init__(self, key: str, state: str) -> None:
        self.key = key
        super().__init__(
            f"There is a child {key!r} already, and it is {state}. Stop it first, or choose another key."
        )


class Timer(Protocol):
    """What can still be called off."""

    def cancel(self) -> None: ...


CallLater = Callable[[float, Callable[[], object]], Timer]


@dataclass(slots=True)
class _Child:
    spec: ChildSpec
    ref: pykka.ActorRef[Any] | None = None
    state: ChildState = ChildState.RUNNING
    generation: int = 0
    started_at: float = 0.0
    deaths: Deaths = field(default_factory=Deaths)
    last_reason: DownReason | None = None
    timer: Timer | None = None
    restart_at: float | None = None
    last_died_at: datetime | None = None


class Supervision:
    """The children of `owner`. Methods on the owner's loop, but `report`, which any thread may call."""

    def __init__(
        self,
        owner: AsyncActor,
        *,
        clock: Clock,
        random: Random,
        on_escalate: Callable[[Escalation], None],
        dead_letters: DeadLetters | None = None,
        call_later: CallLater | None = None,
    ) -> None:
        self._owner_ref = owner.actor_ref
        self._clock = clock
        self._random = random
        self._on_escalate = on_escalate
        self._call_later: CallLater = call_later or owner.loop.call_later
        self.dead_letters = dead_letters or DeadLetters(clock)
        self._children: dict[str, _Child] = {}
        owner.actor_inbox.children = self.report
        owner.actor_inbox.lifeline.watch(self._owner_ended)

    def start_child(self, spec: ChildSpec) -> pykka.ActorRef[Any]:
        """Start a child and watch it. Raises ChildExistsError, or what the factory raises; then there is no child."""
        known = self._children.get(spec.key)
        if known is not None and known.state is not ChildState.GIVEN_UP:
            raise ChildExistsError(spec.key, known.state)
        child = _Child(spec)
        ref = self._start(child)
        # The oldest child is the first: stops go the other way round.
        self._children.pop(spec.key, None)
        self._children[spec.key] = child
        return ref

    def find(self, key: str) -> pykka.ActorRef[Any] | None:
        """Return the child's present reference; None while it waits for its restart, and when there is none."""
        child = self._children.get(key)
        return child.ref if child is not None and child.state is ChildState.RUNNING else None

    def handle(self, message: ChildDown | RestartChild) -> None:
        """Carry out what a message of the control lane calls for; one of a former generation calls for nothing."""
        child = self._children.get(message.key)
        if child is None or child.generation != message.generation:
            return
        if isinstance(message, RestartChild):
            if child.state is ChildState.WAITING:
                self._restart(child)
        elif child.state is ChildState.RUNNING:
            self._child_down(child, message.reason)

    async def stop_child(self, key: str) -> bool:
        """Stop a child and forget it, killing it after its timeout. Answers False where it lives on nevertheless.

        Such a child (a thread that never returns, a handler that swallows its cancellation) is left behind and logged.
        """
        child = self._children.get(key)
        if child is None:
            return True
        child.state = ChildState.STOPPING
        if child.timer is not None:
            child.timer.cancel()
        has_ended = child.ref is None or await self._end(child.spec, child.ref)
        if self._children.get(key) is child:
            del self._children[key]
        return has_ended

    async def stop_all(self) -> bool:
        """Stop all children, the youngest first, each within its timeout. Answers False where one lives on."""
        outcomes = []
        while self._children:
            outcomes.append(await self.stop_child(next(reversed(self._children))))
        return all(outcomes)

    def report(self) -> tuple[ChildReport, ...]:
        """Return a snapshot of the children and of theirs; any thread."""
        now = self._clock.monotonic()
        return tuple(_report(child, now) for child in list(self._children.values()))

    def _start(self, child: _Child) -> pykka.ActorRef[Any]:
        child.generation += 1
        child.started_at = self._clock.monotonic()
        child.ref = ref = child.spec.factory()
        child.state = ChildState.RUNNING
        if isinstance(ref.actor_inbox, Inbox):
            ref.actor_inbox.letter_sink = self.dead_letters.lay
        watch_end(ref, partial(self._tell_down, child.spec.key, child.generation))
        return ref

    def _restart(self, child: _Child) -> None:
        child.timer = child.restart_at = None
        try:
            self._start(child)
        except Exception as error:  # a boundary: a child that can't be started is one that died at once
            log.exception("child could not be started", child=child.spec.key)
            self._child_down(child, DownReason(kind=DownKind.FAILED, error=error))

    def _tell_down(self, key: str, generation: int, reason: DownReason) -> None:
        """Called where the child ended, on any thread."""
        try:
            self._owner_ref.tell(ChildDown(key=key, generation=generation, reason=reason))
        except pykka.ActorDeadError:
            # The supervisor ends as well; its `stop_all` looks after the children without this message.
            log.debug("child ended after its supervisor", child=key, reason=str(reason))

    def _owner_ended(self, reason: DownReason) -> None:
        """The net under `stop_all`: nobody restarts these any more, so they may not go on alone."""
        for child in self._children.values():
            child.state = ChildState.STOPPING
            if child.timer is not None:
                child.timer.cancel()
            if child.ref is not None:
                log.warning("child is stopped after its supervisor", child=child.spec.key, reason=str(reason))
                child.ref.stop(block=False)

    def _child_down(self, child: _Child, reason: DownReason) -> None:
        spec, now = child.spec, self._clock.monotonic()
        child.ref, child.last_reason, child.last_died_at = None, reason, self._clock.now()
        child.deaths = after_death(
            child.deaths,
            now=now,
            lived_seconds=now - child.started_at,
            backoff=spec.backoff,
            intensity=spec.intensity,
        )
        match decide(spec.restart, reason.kind, child.deaths, now=now, intensity=spec.intensity):
            case Verdict.FORGET:
                del self._children[spec.key]
            case Verdict.RESTART:
                self._schedule(child, now, reason)
            case Verdict.ESCALATE:
                child.state = ChildState.GIVEN_UP
                log.error(
                    "child died too often", child=spec.key, deaths=child.deaths.total, reason=str(reason)
                )
                self._on_escalate(Escalation(key=spec.key, reason=reason, deaths=child.deaths.total))

    def _schedule(self, child: _Child, now: float, reason: DownReason) -> None:
        seconds = backoff_seconds(child.deaths.in_a_row, child.spec.backoff, self._random)
        log.warning(
            "child is started again", child=child.spec.key, in_seconds=round(seconds, 3), reason=str(reason)
        )
        child.state, child.restart_at = ChildState.WAITING, now + seconds
        message = RestartChild(key=child.spec.key, generation=child.generation)
        child.timer = self._call_later(seconds, partial(self._tell_restart, message))

    def _tell_restart(self, message: RestartChild) -> None:
        if self._owner_ref.is_alive():
            self._owner_ref.tell(message)

    async def _end(self, spec: ChildSpec, ref: pykka.ActorRef[Any]) -> bool:
        try:
            await ref_stop(ref, spec.shutdown_timeout_seconds)
        except AskTimeoutError:
            log.warning(
                "child did not stop in time", child=spec.key, timeout_seconds=spec.shutdown_timeout_seconds
            )
            ref_kill(ref)
        try:
            await ref_end(ref, KILL_SECONDS)
        except AskTimeoutError:
            log.error("child lives on and is left behind", child=spec.key, actor=str(ref))  # noqa: TRY400 - no stack helps
            return False
        return True


def _report(child: _Child, now: float) -> ChildReport:
    ref, restart_at = child.ref, child.restart_at
    return ChildReport(
        key=child.spec.key,
        state=child.state,
        generation=child.generation,
        deaths=child.deaths.total,
        restart_in_seconds=max(0.0, restart_at - now) if restart_at is not None else None,
        last_reason=str(child.last_reason) if child.last_reason is not None else None,
        deaths_in_window=count_recent(child.deaths.recent, now, child.spec.intensity),
        last_died_at=child.last_died_at,
        actor=report_of(ref) if ref is not None else None,
    )
