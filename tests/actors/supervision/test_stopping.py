"""Ends: orderly stops, kills, what a supervisor leaves behind, and messages that nobody will handle."""

from collections.abc import Iterator
from typing import Any

import pykka
import pytest
from pykka._envelope import Envelope
from structlog.testing import capture_logs

from actors.runtime import (
    DownKind,
    ref_ask,
    ref_end,
    ref_kill,
    ref_stop,
)
from actors.supervision.dead_letters import KEPT_LETTERS, DeadLetters
from actors.supervision.decisions import Restart
from support.clocks import ManualClock
from support.supervised import House, Stubborn

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
