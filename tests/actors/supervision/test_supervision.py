"""A supervisor at work: death watch, restarts, escalation, the tree for health."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pykka
import pytest
from structlog.testing import capture_logs

from actors.runtime import (
    ActorState,
    ChildState,
    DownKind,
    LoopThread,
    ref_ask,
    ref_end,
    ref_stop,
    report_of,
)
from actors.supervision.child_spec import ChildSpec
from actors.supervision.decisions import Restart
from actors.supervision.messages import ChildDown, RestartChild
from actors.supervision.supervision import ChildExistsError
from actors.writer import Writer
from support.supervised import Boss, House, Worker

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def quiet_logs() -> Iterator[None]:
    with capture_logs():
        yield


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
