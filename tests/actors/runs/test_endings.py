"""How a run stops before its end: cancelled, drained, failed beside siblings; and what of it is kept."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import orjson
import pytest

from fastgraph import is_cancelled, log
from support.boots import House
from support.gates import Gate
from support.small_flows import Log, chain, held_by, parallel, says
from support.waiting import until_async

pytestmark = pytest.mark.anyio


async def waits_for_ever(state: Log) -> None:
    await asyncio.get_running_loop().create_future()


async def test_a_cancelled_run_ends_as_soon_as_its_async_node_has_stopped(any_house: House) -> None:
    await any_house.boot(chain("waits", says("before"), waits_for_ever))
    run_id = await any_house.accept("waits")
    await any_house.tells(run_id, "node_started", 2)
    begun = asyncio.get_running_loop().time()
    await any_house.send(run_id, "cancel", {"reason": "enough"})
    run = await any_house.ended(run_id)
    assert run.status == "cancelled"
    assert asyncio.get_running_loop().time() - begun < any_house.settings.cancel_grace_seconds / 2
    [cancelled] = await any_house.tells(run_id, "cancelled")
    assert cancelled["data"] == {"reason": "enough"}
    assert (await any_house.values(run_id))["log"] == ["before"]


async def test_a_sync_node_sees_that_it_is_cancelled_and_its_result_is_kept(house: House, gate: Gate) -> None:
    def looks(state: Log) -> dict[str, Any]:
        gate.pass_through()
        while not is_cancelled():
            pass
        return {"log": ["stopped in time"]}

    await house.boot(chain("looks", looks, says("after")))
    run_id = await house.accept("looks")
    await gate.reached()
    gate.open()
    await house.send(run_id, "cancel")
    assert (await house.ended(run_id)).status == "cancelled"
    kinds = await house.kinds(run_id)
    assert kinds[-2:] == ["node_update", "cancelled"]
    assert kinds.count("node_started") == 1


async def test_a_node_that_does_not_stop_is_abandoned_after_its_grace(tmp_path: Any, gate: Gate) -> None:
    house = House.open(f"sqlite:///{tmp_path / 'fastgraph.db'}", tmp_path, cancel_grace_seconds=0.1)

    def stays(state: Log) -> dict[str, Any]:
        gate.pass_through()
        log("too late")
        return {"log": ["too late"]}

    boot = await house.boot(chain("stays", stays))
    run_id = await house.accept("stays")
    await gate.reached()
    await house.send(run_id, "cancel")
    assert (await house.ended(run_id)).status == "cancelled"
    assert boot.tools.threads.abandoned == 1
    gate.open()
    other = await house.accept("stays")
    assert (await house.ended(other)).status == "completed"
    kinds = await house.kinds(run_id)
    assert kinds[-1] == "cancelled"
    assert "log" not in kinds
    await house.close()


async def test_a_cancel_outlives_the_owner_that_heard_of_it(any_house: House) -> None:
    """The owner stops its tasks and is killed within the grace: the next owner hears of the cancel, too."""
    gate = Gate()
    graph = chain("two", held_by(gate), waits_for_ever)
    first = await any_house.boot(graph)
    run_id = await any_house.accept("two")
    await gate.reached()
    await any_house.send(run_id, "cancel", {"reason": "enough"})
    actor = first.run_actor(run_id)
    await until_async(lambda: is_stopping(actor), what="the owner to hear of the cancel")
    await first.die()
    gate.open()
    await any_house.boot(graph)
    await any_house.free_dead(first)
    assert (await any_house.ended(run_id)).status == "cancelled"
    run = await any_house.run(run_id)
    assert (run.inbox, run.consumed) == (1, 1)
    [cancelled] = await any_house.tells(run_id, "cancelled")
    assert cancelled["data"] == {"reason": "enough"}


async def is_stopping(actor: Any) -> bool:
    return actor._flow is not None and actor._flow._situation.is_ending


async def test_a_cancel_is_heard_of_though_its_hint_was_lost(house: House) -> None:
    """The next commit of the run says that its inbox has grown."""
    gate = Gate()
    boot = await house.boot(chain("two", held_by(gate), waits_for_ever))
    boot.supervisor.tell_inbox_grew = lambda run_key: None  # type: ignore[method-assign]
    run_id = await house.accept("two")
    await gate.reached()
    await house.send(run_id, "cancel")
    gate.open()
    assert (await house.ended(run_id)).status == "cancelled"


async def test_a_queued_run_is_cancelled_without_a_host(house: House) -> None:
    run_id = await house.accept("nobody-has-it")
    await house.send(run_id, "cancel", {"reason": "never mind"})
    assert (await house.run(run_id)).status == "cancelled"
    assert await house.kinds(run_id) == ["queued", "cancelled"]


async def test_an_interrupted_run_is_cancelled_without_an_actor(house: House) -> None:
    from fastgraph import interrupt

    def asks(state: Log) -> dict[str, Any]:
        return {"log": [interrupt("?")]}

    await house.boot(chain("asks", asks))
    run_id = await house.accept("asks")
    await house.reaches(run_id, "interrupted")
    await house.send(run_id, "cancel")
    run = await house.run(run_id)
    assert (run.status, run.waiting_for) == ("cancelled", None)
    assert await house.pending(run_id) == []


async def test_a_failure_stops_its_siblings_and_keeps_what_they_finished(house: House, gate: Gate) -> None:
    def breaks(state: Log) -> None:
        gate.pass_through()
        raise LookupError("broken")

    await house.boot(parallel("mixed", says("quick"), breaks, waits_for_ever))
    run_id = await house.accept("mixed")
    await house.tells(run_id, "node_update")
    gate.open()
    run = await house.ended(run_id)
    assert run.status == "failed"
    error = orjson.loads(run.error or b"")
    assert (error["type"], error["node"]) == ("LookupError", "breaks")
    failed = {
        event["node"]: event["data"]["error"]["type"] for event in await house.tells(run_id, "node_failed")
    }
    assert failed == {"breaks": "LookupError", "waits_for_ever": "CancelledError"}


async def test_a_drained_run_goes_on_elsewhere_and_finished_siblings_do_not_run_again(
    any_house: House, gate: Gate
) -> None:
    counts: Counter[str] = Counter()
    quick = held_by(open_gate(), "quick", counts)
    slow = held_by(gate, "slow", counts)
    graph = parallel("both", quick, slow, last=held_by(open_gate(), "last", counts))
    first = await any_house.boot(graph)
    run_id = await any_house.accept("both")
    await any_house.tells(run_id, "node_update")
    await gate.reached()
    draining = asyncio.create_task(first.drain())
    await asyncio.sleep(0)
    gate.open()
    await draining
    run = await any_house.run(run_id)
    assert (run.status, run.owner) == ("running", None)
    assert counts == {"quick": 1, "slow": 1}
    await any_house.boot(graph)
    assert (await any_house.ended(run_id)).status == "completed"
    assert counts == {"quick": 1, "slow": 1, "last": 1}
    assert (await any_house.values(run_id))["log"] == ["quick", "slow", "last"]
    [recovered] = await any_house.tells(run_id, "recovered")
    assert recovered["data"] == {"from_host": first.boot_id, "reason": "its host was ended in order"}


def open_gate() -> Gate:
    gate = Gate()
    gate.open()
    return gate


async def test_a_drain_past_its_time_abandons_what_runs_and_it_runs_again_elsewhere(
    tmp_path: Any, gate: Gate
) -> None:
    house = House.open(f"sqlite:///{tmp_path / 'fastgraph.db'}", tmp_path, drain_seconds=0.1)
    counts: Counter[str] = Counter()
    graph = chain("held", held_by(gate, "held", counts))
    first = await house.boot(graph)
    run_id = await house.accept("held")
    await gate.reached()
    await first.drain()
    second = await house.boot(graph)
    await gate.reached(2)
    gate.open()
    assert (await house.ended(run_id)).status == "completed"
    assert counts == {"held": 2}
    assert (await house.kinds(run_id)).count("node_update") == 1
    assert second.is_alive
    await house.close()


async def test_a_cancel_during_a_drain_has_the_last_word(house: House, gate: Gate) -> None:
    boot = await house.boot(chain("held", held_by(gate), says("after")))
    run_id = await house.accept("held")
    await gate.reached()
    draining = asyncio.create_task(boot.drain())
    await asyncio.sleep(0)
    await house.send(run_id, "cancel")
    await house.until(lambda: consumed(house, run_id))
    gate.open()
    await draining
    assert (await house.run(run_id)).status == "cancelled"


async def consumed(house: House, run_id: str) -> bool:
    run = await house.run(run_id)
    return run.consumed == run.inbox


async def test_a_cancel_is_consumed_once(house: House) -> None:
    await house.boot(chain("waits", waits_for_ever))
    run_id = await house.accept("waits")
    await house.tells(run_id, "node_started")
    await asyncio.gather(*(house.send(run_id, "cancel", {"reason": str(number)}) for number in range(5)))
    run = await house.ended(run_id)
    assert (run.status, run.consumed) == ("cancelled", run.inbox)
    assert (await house.kinds(run_id)).count("cancelled") == 1


async def test_a_command_that_this_host_does_not_know_is_told_of_and_holds_nothing_up(
    house: House, gate: Gate
) -> None:
    await house.boot(chain("held", held_by(gate)))
    run_id = await house.accept("held")
    await gate.reached()
    await house.send(run_id, "dance")
    [warning] = await house.tells(run_id, "warning")
    assert "dance" in warning["data"]["message"]
    gate.open()
    assert (await house.ended(run_id)).status == "completed"
