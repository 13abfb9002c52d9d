"""Runs and versions of their workflow: pinned while their own lives, held where they do not fit, moved on demand."""

from __future__ import annotations

import operator
from typing import Annotated, Any, TypedDict

import pytest

from fastgraph import END, START, Send, StateGraph, interrupt
from fastgraph.clock import SystemClock
from fastgraph.database.control_records import MigrateRun
from fastgraph.errors import ConflictError
from support.boots import House
from support.small_flows import Log, chain, says

pytestmark = pytest.mark.anyio


class Renamed(TypedDict, total=False):
    lines: Annotated[list[Any], operator.add]


def asks(state: Log) -> dict[str, Any]:
    return {"log": [interrupt("?")]}


def inquires(state: Log) -> dict[str, Any]:
    return {"log": ["asked by another name", interrupt("?")]}


async def migrate(house: House, run_id: str, graph_hash: str, *, nodes: Any = None, keys: Any = None) -> None:
    sent = await house.writer.write(
        MigrateRun(
            run_id=run_id,
            graph_hash=graph_hash,
            relocation={"nodes": nodes or {}, "keys": keys or {}},
            now=SystemClock().now(),
        )
    )
    for boot in house.boots:
        if boot.is_alive:
            boot.supervisor.tell_inbox_grew(sent.run_key)
    house.hint()


async def explained(house: House, run_id: str) -> Any:
    run = await house.run(run_id)
    return run if run.owner is None and "has changed" in (run.waiting_for or "") else None


async def test_a_run_stays_with_the_version_it_began_with_while_a_host_has_it(any_house: House) -> None:
    old, new = chain("w", says("a"), asks, says("old")), chain("w", says("a"), asks, says("new"))
    assert old.graph_hash != new.graph_hash
    first = await any_house.boot(old)
    run_id = await any_house.accept("w")
    await any_house.reaches(run_id, "interrupted")
    await any_house.boot(new)
    await any_house.resume(run_id, "yes")
    assert (await any_house.ended(run_id)).status == "completed"
    assert (await any_house.values(run_id))["log"] == ["a", "yes", "old"]
    again = await any_house.accept("w")
    await any_house.reaches(again, "interrupted")
    await first.die()
    await any_house.free_dead(first)


async def test_where_no_host_has_its_version_it_goes_on_with_the_new_one(any_house: House) -> None:
    first = await any_house.boot(chain("w", asks, says("old")))
    run_id = await any_house.accept("w")
    await any_house.reaches(run_id, "interrupted")
    await first.die()
    await any_house.free_dead(first)
    await any_house.boot(chain("w", asks, says("new")))
    await any_house.resume(run_id, "yes")
    assert (await any_house.ended(run_id)).status == "completed"
    assert (await any_house.values(run_id))["log"] == ["yes", "new"]


async def test_a_lost_key_holds_the_run_until_it_is_migrated(any_house: House) -> None:
    first = await any_house.boot(chain("w", says("a"), asks))
    run_id = await any_house.accept("w")
    await any_house.reaches(run_id, "interrupted")
    await first.die()
    await any_house.free_dead(first)

    def asks_anew(state: Renamed) -> dict[str, Any]:
        return {"lines": [interrupt("?")]}

    builder = StateGraph(Renamed).add_node("a", lambda state: {}).add_node("asks", asks_anew)
    builder.add_edge(START, "a").add_edge("a", "asks").add_edge("asks", END)
    new = builder.compile(name="w")
    await any_house.boot(new)
    await any_house.resume(run_id, "yes")
    held = await any_house.until(lambda: explained(any_house, run_id))
    assert "no key 'log'" in held.waiting_for
    assert f"fastgraph workflows migrate w --run {run_id}" in held.waiting_for
    await migrate(any_house, run_id, new.graph_hash, keys={"log": "lines"})
    assert (await any_house.ended(run_id)).status == "completed"
    assert (await any_house.values(run_id))["lines"] == ["a", "yes"]
    assert "migrated" in await any_house.kinds(run_id)


async def test_a_renamed_node_begins_anew_and_a_dropped_one_is_gone(any_house: House) -> None:
    first = await any_house.boot(chain("w", says("a"), asks, says("b")))
    renamed, dropped = await any_house.accept("w"), await any_house.accept("w")
    for run_id in (renamed, dropped):
        await any_house.reaches(run_id, "interrupted")
    await first.die()
    await any_house.free_dead(first)
    new = chain("w", says("a"), inquires, says("b"))
    await any_house.boot(new)
    await migrate(any_house, dropped, new.graph_hash, nodes={"asks": None})
    assert (await any_house.ended(dropped)).status == "completed"
    assert (await any_house.values(dropped))["log"] == ["a"]
    await migrate(any_house, renamed, new.graph_hash, nodes={"asks": "inquires"})
    await any_house.tells(renamed, "interrupted", 2)
    await any_house.reaches(renamed, "interrupted")
    (question,) = await any_house.pending(renamed)
    assert question.node == "inquires"
    await any_house.resume(renamed, "well")
    assert (await any_house.ended(renamed)).status == "completed"
    assert (await any_house.values(renamed))["log"] == ["a", "asked by another name", "well", "b"]


async def test_what_a_send_carried_moves_with_its_node(house: House) -> None:
    def graph(worker: str) -> Any:
        builder = StateGraph(Log)
        builder.add_node("fan", lambda state: {})
        builder.add_node(worker, lambda item: {"log": [interrupt(item["value"])]})
        builder.add_edge(START, "fan")
        builder.add_conditional_edges("fan", lambda state: [Send(worker, {"value": n}) for n in (1, 2)])
        return builder.compile(name="w")

    first = await house.boot(graph("old_worker"))
    run_id = await house.accept("w")
    await house.until(lambda: _two_pending(house, run_id))
    await house.reaches(run_id, "interrupted")
    await first.die()
    await house.free_dead(first)
    new = graph("new_worker")
    await house.boot(new)
    await migrate(house, run_id, new.graph_hash, nodes={"old_worker": "new_worker"})
    questions = await house.until(lambda: _two_pending(house, run_id, "new_worker"))
    await house.reaches(run_id, "interrupted")
    await house.answer(run_id, {question.interrupt_id: int(question.value) * 10 for question in questions})
    assert (await house.ended(run_id)).status == "completed"
    assert (await house.values(run_id))["log"] == [10, 20]


async def _two_pending(house: House, run_id: str, node: str | None = None) -> Any:
    found = [row for row in await house.pending(run_id) if node in (None, row.node)]
    return found if len(found) == 2 else None


async def test_an_executed_run_is_not_migrated_behind_its_owner(house: House) -> None:
    graph = chain("w", asks)
    await house.boot(graph)
    run_id = await house.accept("w")
    await house.reaches(run_id, "interrupted")
    await house.resume(run_id, "yes")
    await house.ended(run_id)
    with pytest.raises(ConflictError):
        await migrate(house, run_id, graph.graph_hash)
