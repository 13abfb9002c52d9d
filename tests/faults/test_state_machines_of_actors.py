"""Random histories of a mailbox and of a supervisor: asks are answered or refused, children live or their end is told.

A history is what Hypothesis draws: asks, tells, stops, kills, errors, turns of the loop, time that goes by. A mutant whose
inbox does not close, and one that never has enough of deaths, must be found out, or the machines would prove nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable
from typing import Any, TypeVar

import pykka
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from actors.runtime import ActorFailedError, AsyncActor, ref_ask, ref_end, ref_kill
from actors.runtime.errors import InboxFullError
from actors.runtime.inbox import Inbox
from actors.supervision import decisions
from actors.supervision.decisions import Restart
from support.supervised import House

T = TypeVar("T")

MODEL = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
MUTANT = settings(
    MODEL,
    max_examples=300,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    database=None,
    derandomize=True,
)
TURNS = 30
MOST_DEATHS, WINDOW_SECONDS = 5, 60.0


class OnALoop(RuleBasedStateMachine):
    """A machine whose subject lives on a loop that only the machine turns."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()

    def do(self, work: Awaitable[T]) -> T:
        async def wait() -> T:
            return await asyncio.wait_for(work, 10)

        return self.loop.run_until_complete(wait())

    def turn(self, times: int = TURNS) -> None:
        async def turn() -> None:
            for _ in range(times):
                await asyncio.sleep(0)

        self.loop.run_until_complete(turn())

    def teardown(self) -> None:
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.turn()
        self.loop.close()


class Worker(AsyncActor):
    """Answers, raises, or waits for a while and then answers."""

    inbox_capacity = 6

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.handled: list[int] = []

    async def on_receive(self, message: Any) -> Any:
        kind, number = message
        self.handled.append(number)
        if kind == "die":
            raise ValueError("die")
        if kind == "wait":
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return number


class Mailbox(OnALoop):
    """One actor, asked and ended in any order. What is asked is counted, and so is every answer."""

    @initialize()
    def start(self) -> None:
        self.number = 0
        self.asks: dict[int, asyncio.Future[Any]] = {}
        self.told: list[int] = []

        async def begin() -> pykka.ActorRef[Worker]:
            return Worker.start(loop=self.loop)

        self.ref = self.do(begin())
        worker = self.ref._actor_weakref()
        assert worker is not None
        self.worker = worker

    @rule(kind=st.sampled_from(["answer", "wait", "die"]))
    def ask(self, kind: str) -> None:
        self.number += 1

        async def ask() -> asyncio.Future[Any]:
            return asyncio.ensure_future(outcome(self.ref, (kind, self.number)))

        self.asks[self.number] = self.do(ask())

    @rule(kind=st.sampled_from(["answer", "wait", "answer", "die"]))
    def tell(self, kind: str) -> None:
        self.number += 1
        try:
            self.ref.tell((kind, self.number))
        except (pykka.ActorDeadError, InboxFullError):
            return
        self.told.append(self.number)

    @rule(times=st.integers(1, 4))
    def turn_the_loop(self, times: int) -> None:
        self.turn(times)

    @rule()
    def stop(self) -> None:
        async def stop() -> None:
            self.ref.stop(block=False)

        self.do(stop())

    @rule()
    def kill(self) -> None:
        async def kill() -> None:
            ref_kill(self.ref)

        self.do(kill())

    @rule()
    def settle(self) -> None:
        """Once the loop has turned enough nobody waits any more: each is answered, refused, or told of the failure."""
        self.turn(TURNS + 4 * len(self.asks))
        for number, answer in self.asks.items():
            assert answer.done(), f"ask {number} waits for ever"
            assert answer.result() in (number, "refused", "failed")
        self.asks.clear()

    @invariant()
    def what_was_handled_came_in_order_and_once(self) -> None:
        if hasattr(self, "worker"):
            assert self.worker.handled == sorted(set(self.worker.handled))

    def teardown(self) -> None:
        try:
            if hasattr(self, "ref"):
                self.settle()
        finally:
            super().teardown()


async def outcome(ref: pykka.ActorRef[Worker], message: tuple[str, int]) -> Any:
    """The answer, or how there came none."""
    try:
        return await ref_ask(ref, message)
    except (pykka.ActorDeadError, InboxFullError):
        return "refused"
    except (ActorFailedError, ValueError):
        return "failed"


def test_every_ask_of_any_history_is_answered_or_refused() -> None:
    run_state_machine_as_test(Mailbox, settings=MODEL)


def test_an_inbox_that_does_not_close_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def stay_open(inbox: Inbox, why: str) -> None:
        """The mutant: whoever puts something in afterwards is not refused, and what is left is not answered."""

    monkeypatch.setattr(Inbox, "close", stay_open)
    monkeypatch.setattr(Inbox, "stop_taking", stay_open)
    with pytest.raises(AssertionError, match="waits for ever"):
        run_state_machine_as_test(Mailbox, settings=MUTANT)


class Children(OnALoop):
    """A supervisor of three children. Its own bookkeeping is compared with a list of the deaths."""

    KEYS = ("a", "b", "c")

    @initialize(kinds=st.tuples(*[st.sampled_from(list(Restart))] * 3))
    def start(self, kinds: tuple[Restart, ...]) -> None:
        async def begin() -> House:
            return House()

        self.house = self.do(begin())
        self.kinds = dict(zip(self.KEYS, kinds, strict=True))
        self.deaths: dict[str, deque[float]] = {key: deque() for key in self.KEYS}
        self.given_up: set[str] = set()
        self.gone: set[str] = set()
        self.waiting: set[str] = set()
        self.refs = {key: self.do(self.house.start(key, restart=kind)) for key, kind in self.kinds.items()}

    @rule(key=st.sampled_from(KEYS), is_fault=st.booleans())
    def die(self, key: str, is_fault: bool) -> None:
        """A child ends: by an error, or in order."""
        if key in self.given_up | self.gone | self.waiting:
            return
        ref, now = self._living(key), self.house.clock.monotonic()
        if is_fault:
            self.do(self.house.die(ref))
        else:
            self.do(self._end_in_order(ref))
        kind = self.kinds[key]
        if kind is Restart.TEMPORARY or (kind is Restart.TRANSIENT and not is_fault):
            self.gone.add(key)
            return
        recent = self.deaths[key]
        recent.append(now)
        while recent and now - recent[0] > WINDOW_SECONDS:
            recent.popleft()
        if len(recent) >= MOST_DEATHS:
            self.given_up.add(key)
        else:
            self.waiting.add(key)

    @precondition(lambda self: bool(getattr(self, "waiting", None)))
    @rule()
    def backoff_is_over(self) -> None:
        seconds = self.house.timers.fire()
        assert 0 < seconds <= 60.0 * 1.5
        self.do(self.house.heard())
        self.waiting = {key for key in self.waiting if self._find(key) is None}

    @rule(seconds=st.sampled_from([0.1, 1.0, 20.0, 61.0]))
    def time_goes_by(self, seconds: float) -> None:
        self.house.clock.advance(seconds)

    @invariant()
    def the_supervisor_knows_the_same(self) -> None:
        if not hasattr(self, "refs"):
            return
        assert {told.key for told in self.house.boss.escalations} == self.given_up
        for key in self.KEYS:
            is_living = self._find(key) is not None
            assert is_living is (key not in self.given_up | self.gone | self.waiting), key

    async def _end_in_order(self, ref: pykka.ActorRef[Any]) -> None:
        ref.stop(block=False)
        await ref_end(ref)
        await self.house.heard()

    def _find(self, key: str) -> pykka.ActorRef[Any] | None:
        found = self.house.supervision.find(key)
        return found if found is not None and found.is_alive() else None

    def _living(self, key: str) -> pykka.ActorRef[Any]:
        found = self._find(key)
        assert found is not None, key
        return found


def test_children_of_any_history_are_restarted_given_up_or_gone() -> None:
    run_state_machine_as_test(Children, settings=MODEL)


def test_a_supervisor_that_never_has_enough_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "is_too_intense", lambda *_, **__: False)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Children, settings=MUTANT)
