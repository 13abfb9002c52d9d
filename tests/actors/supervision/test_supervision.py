"""A supervisor at work: death watch, restarts, escalation, orderly stops, dead letters, the tree for health."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import pykka
import pytest
from pykka._envelope import Envelope
from structlog.testing import capture_logs

from actors.runtime import (
    ActorState,
    AsyncActor,
    ChildState,
    DownKind,
    LoopThread,
    ref_ask,
    ref_end,
    ref_kill,
    ref_stop,
    report_of,
)
from actors.supervision.child_spec import ChildSpec
from actors.supervision.dead_letters import KEPT_LETTERS, DeadLetters
from actors.supervision.decisions import Restart
from actors.supervision.messages import ChildDown, Escalation, RestartChild
from actors.supervision.supervision import ChildExistsError, Supervision
from actors.writer import Writer
from support.clocks import ManualClock

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def quiet_logs() -> Iterator[None]:
    with capture_logs():
        yield


@dataclass
class Waiting:
    seconds: float
    call: Callable[[], object]
    is_cancelled: bool = False

    def cancel(self) -> None:
        self.is_cancelled = True


class ManualTimers:
    """Timers that a test fires; it moves the clock on as far."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.waiting: list[Waiting] = []

    def call_later(self, seconds: float, call: Callable[[], object]) -> Waiting:
        self.waiting.append(Waiting(seconds, call))
        return self.waiting[-1]

    def fire(self) -> float:
        timer = self.waiting.pop(0)
        self.clock.advance(timer.seconds)
        if not timer.is_cancelled:
            timer.call()
        return timer.seconds


class Boss(AsyncActor):
    """A supervisor of whatever it is told to start."""

    def __init__(self, clock: ManualClock, timers: ManualTimers) -> None:
        super().__init__()
        self.escalations: list[Escalation] = []
        self.supervision = Supervision(
            self,
            clock=clock,
            random=Random(1),
            on_escalate=self.escalations.append,
            call_later=timers.call_later,
        )

    def on_receive(self, message: Any) -> Any:
        match message:
            case ChildSpec():
                return self.supervision.start_child(message)
            case ChildDown() | RestartChild():
                return self.supervision.handle(message)
            case "stop all":
                return self.supervision.stop_all()
            case str():
                return self.supervision.stop_child(message)
            case BaseException():
                raise message

    async def on_stop(self) -> None:  # type: ignore[override]  # Pykka's hook is plain
        await self.supervision.stop_all()


class Worker(AsyncActor):
    ended: list[str]

    def __init__(self, name: str, ended: list[str] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.name = name
        self.ended = ended if ended is not None else []

    def on_receive(self, message: Any) -> Any:
        if isinstance(message, BaseException):
            raise message
        return message

    def on_stop(self) -> None:
        self.ended.append(self.name)


class Stubborn(AsyncActor):
    """Waits for ever in its handler; swallows `swallows` cancellations."""

    def __init__(self, swallows: int) -> None:
        super().__init__()
        self.swallows = swallows

    async def on_receive(self, message: Any) -> None:
        while True:
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                self.swallows -= 1
                if self.swallows < 0:
                    raise


class House:
    """A boss, its clock and its timers, for one test."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.timers = ManualTimers(self.clock)
        self.ref = Boss.start(self.clock, self.timers)
        boss = self.ref._actor_weakref()
        assert boss is not None
        self.boss = boss
        self.supervision = boss.supervision
        self.started: list[pykka.ActorRef[Any]] = []

    def worker(self, name: str, ended: list[str] | None = None) -> Callable[[], pykka.ActorRef[Any]]:
        def factory() -> pykka.ActorRef[Any]:
            self.started.append(Worker.start(name, ended))
            return self.started[-1]

        return factory

    async def start(self, key: str, **options: Any) -> pykka.ActorRef[Any]:
        options.setdefault("factory", self.worker(key))
        ref: pykka.ActorRef[Any] = await ref_ask(self.ref, ChildSpec(key=key, **options))
        return ref

    async def die(self, ref: pykka.ActorRef[Any], error: BaseException | None = None) -> None:
        """Let a child die and its supervisor hear of it."""
        ref.tell(error or ValueError("die"))
        await ref_end(ref)
        await self.heard()

    async def heard(self) -> None:
        """All control messages that were sent before are handled: this one goes behind them."""
        await ref_ask(self.ref, ChildDown(key="nobody", generation=0, reason=None))  # type: ignore[arg-type]


@pytest.fixture
async def house() -> Any:
    house = House()
    yield house
    await ref_stop(house.ref)


async def test_a_child_that_dies_is_started_again_after_its_backoff_under_the_same_key(house: House) -> None:
    first = await house.start("a")
    await house.die(first)
    assert house.supervision.find("a") is None, "nobody is there during the backoff"
    assert 0.15 <= house.timers.fire() <= 0.2
    await house.heard()
    second = house.supervision.find("a")
    assert second is not None
    assert second is not first
    assert await ref_ask(second, 1) == 1


async def test_waits_grow_with_each_death_and_a_healthy_minute_lets_them_begin_again(house: House) -> None:
    ref = await house.start("a")
    waits = []
    for _ in range(4):
        await house.die(ref)
        waits.append(house.timers.fire())
        await house.heard()
        again = house.supervision.find("a")
        assert again is not None
        ref = again
    assert waits == sorted(waits)
    assert waits[-1] > 1
    house.clock.advance(61)
    await house.die(ref)
    assert house.timers.fire() <= 0.2


async def test_the_fifth_death_in_a_minute_escalates_and_no_sixth_life_begins(house: House) -> None:
    ref = await house.start("a")
    for number in range(5):
        await house.die(ref, ValueError(str(number)))
        if number < 4:
            house.timers.fire()
            await house.heard()
            again = house.supervision.find("a")
            assert again is not None
            ref = again
    assert len(house.started) == 5
    assert [(escalation.key, escalation.deaths) for escalation in house.boss.escalations] == [("a", 5)]
    assert str(house.boss.escalations[0].reason.error) == "4"
    assert house.timers.waiting == []
    report = house.supervision.report()[0]
    assert (report.state, report.deaths, report.actor) == (ChildState.GIVEN_UP, 5, None)
    assert (await house.start("a")).is_alive(), "a new life may be given on purpose"


async def test_a_start_that_fails_raises_and_leaves_no_child(house: House) -> None:
    def fail() -> pykka.ActorRef[Any]:
        raise OSError("no socket")

    with pytest.raises(OSError, match="no socket"):
        house.supervision.start_child(ChildSpec(key="a", factory=fail))
    assert house.supervision.report() == ()


async def test_a_restart_that_fails_is_a_death_and_escalates_in_the_end(house: House) -> None:
    starts = 0

    def only_once() -> pykka.ActorRef[Any]:
        nonlocal starts
        starts += 1
        if starts > 1:
            raise OSError("no socket")
        return Worker.start("once")

    await house.die(await house.start("a", factory=only_once))
    for _ in range(4):
        house.timers.fire()
        await house.heard()
    assert [str(escalation.reason.error) for escalation in house.boss.escalations] == ["no socket"]


async def test_a_child_whose_task_is_cancelled_is_seen_and_restarted(house: House) -> None:
    ref = await house.start("a")
    task = next(task for task in asyncio.all_tasks() if task.get_name() == ref.actor_urn)
    task.cancel()
    assert (await ref_end(ref)).kind is DownKind.KILLED
    await house.heard()
    house.timers.fire()
    await house.heard()
    assert house.supervision.find("a") is not None


async def test_a_child_whose_loop_ends_is_seen_from_its_own_thread(house: House) -> None:
    thread = LoopThread("of-a-child").start()
    ref = await house.start(
        "a", factory=lambda: Worker.start("far", loop=thread.loop), restart=Restart.TEMPORARY
    )
    assert await ref_ask(ref, 1) == 1
    await asyncio.to_thread(thread.stop)
    await ref_end(ref)
    await house.heard()
    assert house.supervision.report() == ()


async def test_temporary_and_transient_children_are_forgotten_when_they_end_well(house: House) -> None:
    temporary = await house.start("temporary", restart=Restart.TEMPORARY)
    transient = await house.start("transient", restart=Restart.TRANSIENT)
    permanent = await house.start("permanent")
    await house.die(temporary)
    for ref in (transient, permanent):
        await ref_stop(ref)
    await house.heard()
    assert [(report.key, report.state) for report in house.supervision.report()] == [
        ("permanent", ChildState.WAITING)
    ]


async def test_one_childs_death_leaves_the_others_alone(house: House) -> None:
    a, b = await house.start("a"), await house.start("b")
    await house.die(a)
    assert house.supervision.find("b") is b
    assert await ref_ask(b, 1) == 1


async def test_a_key_is_given_once(house: House) -> None:
    await house.start("a")
    with pytest.raises(ChildExistsError, match=r"'a' already, and it is running"):
        house.supervision.start_child(ChildSpec(key="a", factory=house.worker("a")))


async def test_children_are_stopped_the_youngest_first(house: House) -> None:
    ended: list[str] = []
    for name in "abc":
        await house.start(name, factory=house.worker(name, ended))
    await ref_stop(house.ref)
    assert ended == ["c", "b", "a"]


async def test_a_stop_on_purpose_is_no_death_and_calls_off_a_restart(house: House) -> None:
    await house.die(await house.start("waits"))
    await house.start("runs")
    assert await ref_ask(house.ref, "waits")
    assert await ref_ask(house.ref, "runs")
    await house.heard()
    assert house.supervision.report() == ()
    assert [timer.is_cancelled for timer in house.timers.waiting] == [True]
    assert await ref_ask(house.ref, "never was")


async def test_a_child_that_does_not_stop_in_time_is_killed(house: House) -> None:
    ref = await house.start("a", factory=lambda: Stubborn.start(0), shutdown_timeout_seconds=0.01)
    ref.tell("wait")
    assert await ref_ask(house.ref, "stop all")
    assert not ref.is_alive()


async def test_a_child_that_ignores_even_that_is_left_behind_and_named(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.supervision.supervision.KILL_SECONDS", 0.01)
    ref = await house.start("a", factory=lambda: Stubborn.start(1), shutdown_timeout_seconds=0.01)
    ref.tell("wait")
    with capture_logs() as logs:
        assert await ref_ask(house.ref, "stop all") is False
    assert [line["event"] for line in logs] == [
        "child did not stop in time",
        "child lives on and is left behind",
    ]
    ref_kill(ref)
    await ref_end(ref)


async def test_a_supervisor_that_dies_leaves_no_child_behind(house: House) -> None:
    a, b = await house.start("a"), await house.start("b")
    await house.die(b)
    house.ref.tell(SystemExit(1))
    await ref_end(house.ref)
    assert (await ref_end(a)).kind is DownKind.STOPPED
    house.timers.fire()
    assert len(house.started) == 2, "no restart after the end"


async def test_news_of_a_former_generation_is_old_news(house: House) -> None:
    first = await house.start("a")
    await house.die(first)
    house.timers.fire()
    await house.heard()
    old = ChildDown(key="a", generation=1, reason=await ref_end(first))
    house.ref.tell(old)
    house.ref.tell(RestartChild(key="a", generation=1))
    await house.heard()
    assert len(house.started) == 2
    assert house.supervision.find("a") is house.started[1]


async def test_the_writer_can_be_a_child(house: House) -> None:
    await house.start("writer", factory=lambda: Writer.start(write_group=list, on_committed=lambda _: None))
    report = house.supervision.report()[0]
    assert report.actor is not None
    assert report.actor.name == "Writer"
    assert await ref_ask(house.ref, "writer")


async def test_told_messages_that_nobody_handles_are_counted_and_named(house: House) -> None:
    ref = await house.start("a", restart=Restart.TEMPORARY)
    ref.tell(ValueError("die"))
    ref.tell("lost")
    ref.tell(17)
    await ref_end(ref)
    with pytest.raises(pykka.ActorDeadError):
        ref.actor_inbox.put(Envelope(1.5))
    letters = house.supervision.dead_letters
    assert letters.count == 3
    assert [(letter.actor, letter.message) for letter in letters.kept()] == [
        (str(ref), "str"),
        (str(ref), "int"),
        (str(ref), "float"),
    ]


def test_the_last_thousand_dead_letters_are_kept() -> None:
    letters = DeadLetters(ManualClock())
    for number in range(KEPT_LETTERS + 5):
        letters.lay("actor", str(number))
    assert letters.count == KEPT_LETTERS + 5
    assert [letters.kept()[0].message, letters.kept()[-1].message] == ["5", str(KEPT_LETTERS + 4)]


async def test_the_report_of_a_supervisor_is_the_tree_below_it(house: House) -> None:
    await house.start("inner", factory=lambda: Boss.start(house.clock, house.timers))
    inner = house.supervision.find("inner")
    assert inner is not None
    await ref_ask(inner, ChildSpec(key="leaf", factory=house.worker("leaf")))
    await house.die(await house.start("dying"))
    top = report_of(house.ref)
    assert top is not None
    middle, dying = top.children
    assert (middle.key, middle.state, middle.generation, middle.deaths) == ("inner", ChildState.RUNNING, 1, 0)
    assert middle.actor is not None
    leaf = middle.actor.children[0]
    assert leaf.key == "leaf"
    assert leaf.actor is not None
    assert leaf.actor.state in (ActorState.IDLE, ActorState.STARTING)
    assert (dying.state, dying.deaths, dying.actor) == (ChildState.WAITING, 1, None)
    assert dying.restart_in_seconds is not None
    assert dying.last_reason == "failed: ValueError: die"
