"""One owner: dead boots, zombies, actors that die, leases that lapse, stores that are away."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import orjson
import pytest
from sqlalchemy import update

from actors.runs.messages import HoldRuns, InboxesGrew, InboxGrew
from actors.runs.supervisor import BACKOFF
from actors.runtime import ref_ask, ref_end
from fastgraph import END, START
from fastgraph.database import tables
from fastgraph.database.host_records import FreeRun
from fastgraph.database.pausing import Pauses
from support.boots import Boot, House
from support.gates import Gate
from support.small_flows import Log, chain, held_by, new_graph, parallel, says
from support.stores import find_faults

pytestmark = pytest.mark.anyio


def counted(name: str, counts: Counter[str]) -> Any:
    def node(state: Log) -> dict[str, Any]:
        counts[name] += 1
        return {"log": [name]}

    node.__name__ = name
    return node


async def test_a_run_that_takes_no_message_costs_its_supervisor_nothing(house: House, gate: Gate) -> None:
    """What it missed is told again by the poll."""
    boot = await house.boot(chain("one", held_by(gate)))
    run_id = await house.accept("one")
    await gate.reached()
    actor = boot.run_actor(run_id)
    key, capacity = (await house.run(run_id)).key, actor.actor_inbox.capacity
    paused = HoldRuns(pauses=Pauses(is_server_paused=True))
    actor.actor_inbox.capacity = 0
    await ref_ask(boot.ref, paused)
    await ref_ask(boot.ref, InboxesGrew(run_keys=(key,)))
    actor.actor_inbox.capacity = capacity
    await ref_ask(boot.ref, paused)
    await ref_ask(actor.actor_ref, InboxGrew())
    assert actor._situation is not None
    assert actor._situation.hold == "the server is paused"


# Dead boots.


async def test_a_dead_boots_run_goes_on_and_keeps_what_was_recorded(any_house: House, gate: Gate) -> None:
    counts: Counter[str] = Counter()
    graph = parallel(
        "both", counted("quick", counts), held_by(gate, "slow", counts), last=counted("last", counts)
    )
    first = await any_house.boot(graph)
    run_id = await any_house.accept("both")
    await any_house.tells(run_id, "node_update")
    await gate.reached()
    await first.die()
    assert await any_house.free_dead(first) == (run_id,)
    await any_house.boot(graph)
    [recovered] = await any_house.tells(run_id, "recovered")
    assert recovered["data"] == {"from_host": first.boot_id, "reason": "its process is gone"}
    gate.open()
    assert (await any_house.ended(run_id)).status == "completed"
    assert counts == {"quick": 1, "slow": 2, "last": 1}
    assert (await any_house.values(run_id))["log"] == ["quick", "slow", "last"]
    assert (await any_house.kinds(run_id)).count("started") == 1
    assert await find_faults(any_house.store) == []


async def test_a_boot_that_dies_between_the_last_result_and_the_step_loses_neither(house: House) -> None:
    """The drain of a host leaves such a run too: all results there, the step not done."""
    gate, counts = Gate(), Counter[str]()
    graph = parallel("both", counted("a", counts), held_by(gate, "b", counts), last=counted("last", counts))
    first = await house.boot(graph)
    run_id = await house.accept("both")
    await gate.reached()
    draining = asyncio.create_task(first.drain())
    await asyncio.sleep(0)
    gate.open()
    await draining
    assert (await house.kinds(run_id))[-2:] == ["node_update", "node_update"]
    await house.boot(graph)
    assert (await house.ended(run_id)).status == "completed"
    assert counts == {"a": 1, "b": 1, "last": 1}


async def test_large_results_are_not_stored_twice_by_a_recovery(house: House, gate: Gate) -> None:
    """The checkpoint after a recovery refers to the results that the dead boot recorded, and holds none of them."""

    def large(state: Log) -> dict[str, Any]:
        return {"value": "v" * 50_000, "log": ["large"]}

    graph = parallel("large", large, held_by(gate, "slow"), last=says("last"))
    first = await house.boot(graph)
    run_id = await house.accept("large")
    await house.tells(run_id, "node_update")
    await first.die()
    await house.boot(graph)
    await house.free_dead(first)
    gate.open()
    assert (await house.ended(run_id)).status == "completed"
    assert (await house.values(run_id))["value"] == "v" * 50_000
    stored = [commit.checkpoint for commit in house.commits_of(run_id) if commit.checkpoint is not None]
    assert max(len(checkpoint.changes) for checkpoint in stored) < 1_000


async def test_a_run_that_is_restarted_often_still_gets_its_snapshots(house: House) -> None:
    """The log since the last snapshot is counted over the lives of its actors."""
    gates = [Gate() for _ in range(40)]

    def churn(state: Log) -> dict[str, Any]:
        count = state.get("count", 0) + 1
        if count % 10 == 0:
            gates[count // 10 - 1].pass_through()
        return {"count": count}

    builder = new_graph()
    builder.add_node("churn", churn)
    builder.add_edge(START, "churn")
    builder.add_conditional_edges(
        "churn", lambda state: "churn" if state["count"] < 400 else END, ["churn", END]
    )
    graph = builder.compile(name="churn")
    boot = await house.boot(graph)
    run_id = await house.accept("churn")
    for gate in gates:
        await gate.reached()
        await boot.die()
        gate.open()
        last, boot = boot, await house.boot(graph)
        await house.free_dead(last)
    assert (await house.ended(run_id)).status == "completed"
    stored = [commit.checkpoint for commit in house.commits_of(run_id) if commit.checkpoint is not None]
    assert any(checkpoint.is_snapshot for checkpoint in stored)


# Zombies.


async def test_a_zombies_commit_writes_nothing_and_stops_it_at_once(any_house: House, gate: Gate) -> None:
    boot = await any_house.boot(chain("held", held_by(gate), says("after")))
    run_id = await any_house.accept("held")
    await gate.reached()
    ref = boot.actor(run_id)
    await take_away(any_house, boot, run_id)
    before = await any_house.events(run_id)
    gate.open()
    await ref_end(ref, 1.0)
    assert (await any_house.run(run_id)).epoch == 3
    assert await any_house.events(run_id) == before


async def take_away(house: House, boot: Boot, run_id: str) -> None:
    """Let somebody else own the run: a boot of another name that does nothing."""
    run = await house.run(run_id)
    free = FreeRun(
        run_key=run.key,
        owner=boot.boot_id,
        epoch=run.epoch,
        reason="gone",
        not_before=None,
        now=datetime.now(UTC),
    )
    assert await house.writer.write(free)

    values = {"owner": "another", "epoch": run.epoch + 2}
    house.change(update(tables.runs).values(values).where(tables.runs.c.key == run.key))


async def test_a_late_ending_of_a_dead_actors_task_reaches_nobody(house: House, gate: Gate) -> None:
    counts: Counter[str] = Counter()
    boot = await house.boot(chain("held", held_by(gate, "held", counts)))
    run_id = await house.accept("held")
    await gate.reached()
    await boot.kill_run(run_id)
    await gate.reached(2)
    gate.open()
    assert (await house.ended(run_id)).status == "completed"
    assert (await house.kinds(run_id)).count("node_update") == 1


# Actors that die.


async def test_an_actor_that_dies_is_rebuilt_from_the_store(any_house: House, gate: Gate) -> None:
    counts: Counter[str] = Counter()
    boot = await any_house.boot(chain("chain", counted("first", counts), held_by(gate, "second", counts)))
    run_id = await any_house.accept("chain")
    await gate.reached()
    await boot.kill_run(run_id)
    gate.open()
    assert (await any_house.ended(run_id)).status == "completed"
    assert counts == {"first": 1, "second": 2}
    [recovered] = await any_house.tells(run_id, "recovered")
    assert "Its actor died" in recovered["data"]["reason"]


async def test_an_actor_that_dies_five_times_in_a_minute_is_quarantined(house: House, gate: Gate) -> None:
    boot = await house.boot(chain("held", held_by(gate)))
    run_id = await house.accept("held")
    for number in range(1, 6):
        await gate.reached(number)
        boot.actor(run_id).tell("nonsense")
    run = await house.ended(run_id)
    error = orjson.loads(run.error or b"")
    assert (run.status, error["type"]) == ("quarantined", "Quarantined")
    assert "Its actor died" in error["message"]
    gaps = deaths_apart(await house.events(run_id))
    shortest = [
        BACKOFF.first_seconds * BACKOFF.factor**deaths * (1 - BACKOFF.jitter)
        for deaths in range(1, len(gaps) + 1)
    ]
    assert len(gaps) == 3
    assert all(gap >= least for gap, least in zip(gaps, shortest, strict=True))


def deaths_apart(events: list[dict[str, Any]]) -> list[float]:
    times = [
        datetime.fromisoformat(event["at"]).timestamp() for event in events if event["event"] == "recovered"
    ]
    return [after - before for before, after in pairwise(times)]


@pytest.mark.parametrize("path", [object(), None], ids=["no value", "a constraint"])
async def test_a_commit_that_can_never_succeed_costs_the_run_its_life_and_not_its_owner(
    any_house: House, path: Any
) -> None:
    """A run whose rows the store refuses is tried again and then quarantined; it is never held for ever."""
    house = any_house

    def breaks_rows(operations: Any) -> None:
        for operation in operations:
            for row in getattr(operation, "results", ()):
                object.__setattr__(row, "path", path)

    await house.boot(parallel("broken", says("a"), says("b")))
    house.before_write = breaks_rows
    run = await house.ended(await house.accept("broken"))
    house.before_write = None
    assert run.status == "quarantined"
    assert "refused to write" in orjson.loads(run.error or b"")["message"]
    other = await house.accept("broken")
    assert (await house.ended(other)).status == "completed"


async def test_what_left_late_does_not_speak_for_the_actor_that_came_after_it(
    house: House, gate: Gate
) -> None:
    from actors.runs.messages import LeaveReason, RunLeft

    boot = await house.boot(chain("held", held_by(gate)))
    run_id = await house.accept("held")
    await gate.reached()
    run = await house.run(run_id)
    boot.ref.tell(RunLeft(run_key=run.key, epoch=run.epoch - 1, reason=LeaveReason.WAITS))
    await boot.kill_run(run_id)
    gate.open()
    assert (await house.ended(run_id)).status == "completed"


# Leases that lapse.


async def test_runs_that_were_given_up_for_a_late_lease_are_taken_up_again(house: House, gate: Gate) -> None:
    """The lease could not be renewed in time, and nobody took the runs: they are still this boot's, without an actor."""
    counts: Counter[str] = Counter()
    boot = await house.boot(chain("held", counted("first", counts), held_by(gate, "held", counts)))
    run_id = await house.accept("held")
    await gate.reached()
    boot.lose()
    await gate.reached(2)
    gate.open()
    assert (await house.ended(run_id)).status == "completed"
    assert counts == {"first": 1, "held": 2}


async def test_a_run_that_could_not_be_given_back_is_given_back_when_the_store_is_there(
    house: House, gate: Gate
) -> None:
    boot = await house.boot(chain("held", held_by(gate)))
    run_id = await house.accept("held")
    await gate.reached()
    house.is_away = True
    await boot.kill_run(run_id)
    await house.until(lambda: has_refused(house, 1))
    house.is_away = False
    house.hint()
    gate.open()
    assert (await house.ended(run_id)).status == "completed"


async def has_refused(house: House, times: int) -> bool:
    return house.refused >= times


# Stores that are away.


async def test_a_store_that_is_away_holds_the_run_and_then_it_goes_on(house: House, gate: Gate) -> None:
    boot = await house.boot(chain("held", held_by(gate), says("after")))
    run_id = await house.accept("held")
    await gate.reached()
    house.is_away = True
    gate.open()
    await house.until(lambda: has_refused(house, 2), "the store to be asked again")
    assert boot.supervisor.active_runs == 1
    house.is_away = False
    assert (await house.ended(run_id)).status == "completed"
    assert (await house.kinds(run_id)).count("node_started") == 2


async def test_a_claim_that_the_store_refuses_is_tried_again(house: House) -> None:
    boot = await house.boot(chain("chain", says("a")))
    house.is_away = True
    house.hint()
    await house.until(lambda: has_refused(house, 1))
    house.is_away = False
    assert boot.ref.is_alive()
    assert (await house.ended(await house.accept("chain"))).status == "completed"


async def test_a_run_whose_state_can_not_be_read_at_the_moment_does_not_fail_of_it(
    house: House, monkeypatch: pytest.MonkeyPatch, gate: Gate
) -> None:
    import sqlite3

    from sqlalchemy.exc import OperationalError

    from actors.runs import reading
    from fastgraph.database import checkpoints

    graph = chain("chain", says("a"), held_by(gate))
    first = await house.boot(graph)
    run_id = await house.accept("chain")
    await gate.reached()
    await first.die()
    gate.open()
    real = checkpoints.read_checkpoint
    failures: list[Exception] = []

    async def fails_twice(*args: Any, **facts: Any) -> Any:
        if len(failures) < 2:
            locked = sqlite3.OperationalError("database is locked")
            locked.sqlite_errorcode = sqlite3.SQLITE_BUSY
            failures.append(locked)
            raise OperationalError("SELECT", {}, locked)
        return await real(*args, **facts)

    monkeypatch.setattr(checkpoints, "read_checkpoint", fails_twice)
    monkeypatch.setattr(reading, "RETRY_SECONDS", 0.01)
    await house.boot(graph)
    await house.free_dead(first)
    run = await house.ended(run_id)
    assert run.status == "completed", run.error
    assert len(failures) == 2
    assert (await house.kinds(run_id)).count("recovered") == 1
