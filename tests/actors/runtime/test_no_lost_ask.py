"""No ask is ever lost: asks race with stops, kills and failures, with threads switched as often as Python can.

Stock Pykka left 48 of 486 such races without an answer. Each test counts both outcomes, so that a race that is never
met can't pass for one that is won.
"""

import asyncio
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pykka
import pytest
from structlog.testing import capture_logs

from actors.runtime import (
    ActorFailedError,
    AsyncActor,
    LoopThread,
    ref_ask,
    ref_ask_blocking,
    ref_kill,
    ref_stop,
)

RACES = 2_000
PATIENCE_SECONDS = 30.0


class Echo(AsyncActor):
    def on_receive(self, message: Any) -> Any:
        if message == "die":
            raise ValueError("die")
        return message


@pytest.fixture
def tiny_switch_interval() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.fixture(autouse=True)
def quiet_logs() -> Iterator[None]:
    """A thousand tracebacks, drawn for a terminal, would take minutes."""
    with capture_logs():
        yield


@pytest.fixture
def loop_thread() -> Iterator[LoopThread]:
    with LoopThread("race", stall_limit_seconds=None) as thread:
        yield thread


@pytest.mark.usefixtures("tiny_switch_interval")
@pytest.mark.parametrize("way_to_end", ["stop", "kill", "die"])
def test_asks_of_threads_that_race_with_the_end_are_all_answered(
    loop_thread: LoopThread, way_to_end: str
) -> None:
    outcomes: Counter[str] = Counter()
    for _ in range(RACES // 2):
        ref = Echo.start(loop=loop_thread.loop)
        assert ask_once(ref) == "answered", "it lives when the race begins, however busy the machine is"
        ender = threading.Thread(target=end, args=(ref, way_to_end))
        ender.start()
        # As many as it takes to see the end: the last one is the race.
        while True:
            outcome = ask_once(ref)
            outcomes[outcome] += 1
            if outcome != "answered":
                break
        ender.join()
    assert outcomes["refused"] + outcomes["failed"] == RACES // 2


@pytest.mark.usefixtures("tiny_switch_interval")
@pytest.mark.parametrize("pykkas_own", [False, True])
def test_many_asks_at_once_from_another_loop_are_all_answered(
    loop_thread: LoopThread, pykkas_own: bool
) -> None:
    outcomes: Counter[str] = Counter()

    async def ask(ref: pykka.ActorRef[Echo], number: int) -> None:
        try:
            if pykkas_own:
                assert await ref.ask(number, block=False) == number
            else:
                assert await ref_ask(ref, number) == number
        except pykka.ActorDeadError:
            outcomes["refused"] += 1
        else:
            outcomes["answered"] += 1

    async def race() -> None:
        for turn in range(RACES // 10):
            ref = Echo.start(loop=loop_thread.loop)
            asks = [asyncio.ensure_future(ask(ref, number)) for number in range(20)]
            async with asyncio.timeout(PATIENCE_SECONDS):
                if turn % 2:  # else the stop may be there first in all turns
                    await asks[turn % 20]
                await asyncio.gather(*asks, ref_stop(ref))

    asyncio.run(race())
    assert outcomes["refused"] + outcomes["answered"] == RACES // 10 * 20
    assert outcomes["answered"] > 0


@pytest.mark.usefixtures("tiny_switch_interval")
def test_asks_that_race_with_the_end_of_the_loop_are_all_answered() -> None:
    outcomes: Counter[str] = Counter()
    for _ in range(RACES // 20):
        thread = LoopThread("ending", stall_limit_seconds=None).start()
        ender = threading.Thread(target=thread.stop)
        ender.start()
        outcome = "answered"
        while outcome == "answered":
            try:
                ref = Echo.start(loop=thread.loop)
            except pykka.ActorDeadError:
                outcome = "refused at the start"
            else:
                outcome = ask_once(ref)
            outcomes[outcome] += 1
        ender.join()
    assert sum(outcomes.values()) - outcomes["answered"] == RACES // 20
    assert not [ref for ref in pykka.ActorRegistry.get_all() if ref.actor_class is Echo], (
        "no dead actor stays registered"
    )


def ask_once(ref: pykka.ActorRef[Echo]) -> str:
    try:
        assert ref_ask_blocking(ref, 7, PATIENCE_SECONDS) == 7
    except pykka.ActorDeadError:
        return "refused"
    except ActorFailedError:
        return "failed"
    return "answered"


def end(ref: pykka.ActorRef[Echo], way: str) -> None:
    try:
        match way:
            case "stop":
                assert ref.stop(timeout=PATIENCE_SECONDS)
            case "kill":
                ref_kill(ref)
            case _:
                ref.tell("die")
    except pykka.ActorDeadError:
        pytest.fail("the actor was gone before anybody ended it")
