"""A run that waits for a time or a signal gives itself up, wakes in time, and forgets nothing of it in a crash."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fastgraph import RetryPolicy
from fastgraph.database.records import SendSignal
from fastgraph.errors import ConflictError, SignalTimeoutError
from fastgraph.graph import waits
from fastgraph.graph.waits import sleep_node, sleep_until, wait_for_signal
from support.boots import House
from support.small_flows import Log, chain, parallel, retrying, says

pytestmark = pytest.mark.anyio


async def signal(house: House, run_id: str, name: str, body: bytes, dedup_id: str | None = None) -> None:
    """Send a signal as the API does."""
    operation = SendSignal(run_id=run_id, name=name, body=body, dedup_id=dedup_id, now=datetime.now(UTC))
    sent = await house.writer.write(operation)
    for boot in house.boots:
        if boot.is_alive:
            boot.supervisor.tell_inbox_grew(sent.run_key)
    house.hint()


def sleeper(seconds: float, counts: Counter[str] | None = None) -> Any:
    def nap(state: Log) -> dict[str, Any]:
        if counts is not None:
            counts["nap"] += 1
        waits.sleep(seconds)
        return {"log": ["slept"]}

    return nap


def waiter(name: str, **how: Any) -> Any:
    def node(state: Log) -> dict[str, Any]:
        return {"log": [wait_for_signal(name, **how)]}

    node.__name__ = f"wait_{name}"
    return node


async def test_a_sleeping_run_has_no_owner_and_wakes_in_time(any_house: House) -> None:
    counts: Counter[str] = Counter()
    await any_house.boot(chain("sleeps", says("before"), sleeper(0.4, counts), says("after")))
    begun = datetime.now(UTC)
    run_id = await any_house.accept("sleeps")
    run = await any_house.reaches(run_id, "sleeping")
    assert run.owner is None
    assert run.wake_at is not None
    assert run.waiting_for is not None
    assert run.waiting_for.startswith("The time ")
    run = await any_house.ended(run_id)
    assert run.status == "completed"
    assert datetime.now(UTC) - begun >= timedelta(seconds=0.4)
    assert (await any_house.values(run_id))["log"] == ["before", "slept", "after"]
    assert counts == {"nap": 2}
    [told] = await any_house.tells(run_id, "sleeping")
    assert (told["node"], set(told["data"])) == ("nap", {"until"})


async def test_a_node_that_only_sleeps_and_an_async_one(house: House) -> None:
    async def later(state: Log) -> dict[str, Any]:
        await sleep_until(datetime.now(UTC) - timedelta(seconds=1))
        await waits.sleep(0.05)
        return {"log": ["later"]}

    pause = sleep_node(0.05)
    pause.__name__ = "pause"
    await house.boot(chain("pauses", pause, later))
    run_id = await house.accept("pauses")
    assert (await house.ended(run_id)).status == "completed"
    assert (await house.values(run_id))["log"] == ["later"]


async def test_a_run_that_slept_while_its_host_was_dead_wakes_on_another(any_house: House) -> None:
    graph = chain("naps", sleeper(0.5), says("after"))
    first = await any_house.boot(graph)
    run_id = await any_house.accept("naps")
    until = (await any_house.reaches(run_id, "sleeping")).wake_at
    await first.die()
    await any_house.free_dead(first)
    assert (await any_house.run(run_id)).wake_at == until
    assert until is not None
    second = await any_house.boot(graph)
    second.supervisor.loop.call_later(0.6, second.supervisor.request_claim)
    assert (await any_house.ended(run_id)).status == "completed"


async def test_a_timer_rings_while_a_sibling_works_and_several_sleep(house: House) -> None:
    def short(state: Log) -> dict[str, Any]:
        waits.sleep(0.05)
        return {"log": ["short"]}

    def long(state: Log) -> dict[str, Any]:
        waits.sleep(0.2)
        return {"log": ["long"]}

    await house.boot(parallel("both", short, long, last=says("end")))
    run_id = await house.accept("both")
    assert (await house.ended(run_id)).status == "completed"
    assert (await house.values(run_id))["log"] == ["long", "short", "end"]


async def test_a_signal_wakes_the_run_that_waits_for_it(any_house: House) -> None:
    await any_house.boot(chain("waits", waiter("paid"), says("after")))
    run_id = await any_house.accept("waits")
    run = await any_house.reaches(run_id, "waiting")
    assert (run.owner, run.waiting_for) == (None, "Signal paid.")
    await signal(any_house, run_id, "other", b"1")
    await signal(any_house, run_id, "paid", b'{"amount":3}')
    assert (await any_house.ended(run_id)).status == "completed"
    assert (await any_house.values(run_id))["log"] == [{"amount": 3}, "after"]
    told = await any_house.tells(run_id, "signal", 2)
    assert [event["data"] for event in told] == [
        {"name": "other", "number": 1, "body": 1},
        {"name": "paid", "number": 2, "body": {"amount": 3}},
    ]


async def test_early_signals_are_taken_in_order_and_a_repeated_one_counts_once(any_house: House) -> None:
    run_id = await any_house.accept("three")
    await signal(any_house, run_id, "n", b"1", "first")
    await signal(any_house, run_id, "n", b"9", "first")
    await signal(any_house, run_id, "n", b"2")

    def takes(state: Log) -> dict[str, Any]:
        return {"log": [wait_for_signal("n"), wait_for_signal("n"), wait_for_signal("n")]}

    await any_house.boot(chain("three", takes))
    await any_house.tells(run_id, "waiting", 3)
    await any_house.reaches(run_id, "waiting")
    await signal(any_house, run_id, "n", b"3")
    await any_house.ended(run_id)
    assert (await any_house.values(run_id))["log"] == [1, 2, 3]


async def test_an_early_signal_that_does_not_fit_is_dropped_with_a_warning(any_house: House) -> None:
    for name, schema in (("typed", int), ("json", {"type": "integer"})):
        await any_house.boot(chain(name, waiter("n", schema=schema)))
        run_id = await any_house.accept(name)
        await any_house.reaches(run_id, "waiting")
        await signal(any_house, run_id, "n", b'"three"')
        await any_house.tells(run_id, "warning")
        await signal(any_house, run_id, "n", b"3")
        assert (await any_house.ended(run_id)).status == "completed"
        assert (await any_house.values(run_id))["log"] == [3]


async def test_a_wait_that_times_out_raises_in_the_node(house: House) -> None:
    def patient(state: Log) -> dict[str, Any]:
        try:
            return {"log": [wait_for_signal("never", timeout=0.1)]}
        except SignalTimeoutError as error:
            return {"log": [str(error)[:22]]}

    await house.boot(chain("patient", patient), chain("impatient", waiter("never", timeout=timedelta(0))))
    run_id = await house.accept("patient")
    await house.ended(run_id)
    assert (await house.values(run_id))["log"] == ["Signal 'never' did not"]
    failed = await house.ended(await house.accept("impatient"))
    assert (failed.status, b"SignalTimeoutError" in (failed.error or b"")) == ("failed", True)


async def test_an_answered_wait_is_not_asked_again_when_the_node_is_retried(house: House) -> None:
    counts: Counter[str] = Counter()

    def flaky(state: Log) -> dict[str, Any]:
        body = wait_for_signal("go")
        counts["after"] += 1
        if counts["after"] == 1:
            raise ConnectionError("once")
        return {"log": [body]}

    await house.boot(retrying("flaky", flaky, RetryPolicy(initial_interval=0.01)))
    run_id = await house.accept("flaky")
    await house.reaches(run_id, "waiting")
    await signal(house, run_id, "go", b"7")
    assert (await house.ended(run_id)).status == "completed"
    assert (await house.values(run_id))["log"] == [7]


async def test_an_ended_run_takes_no_signal(house: House) -> None:
    await house.boot(chain("short", says("x")))
    run_id = await house.accept("short")
    await house.ended(run_id)
    with pytest.raises(ConflictError):
        await signal(house, run_id, "late", b"1")


async def test_a_run_past_its_deadline_fails_while_it_works(house: House) -> None:
    await house.boot(chain("slow", sleeper(0.3)))
    deadline = datetime.now(UTC) + timedelta(seconds=0.1)
    run_id = await house.accept("slow", deadline_at=deadline)
    run = await house.ended(run_id)
    assert run.status == "failed"
    assert b"RunTimeoutError" in (run.error or b"")
