"""A run that asks gives itself up, waits as a row, and goes on with the answer; static breakpoints are questions too."""

from __future__ import annotations

from collections import Counter
from typing import Any

import orjson
import pytest

from fastgraph import START, interrupt
from support.boots import House
from support.small_flows import Log, chain, new_graph, parallel, says

pytestmark = pytest.mark.anyio


def asker(name: str, counts: Counter[str] | None = None) -> Any:
    """A node that asks for its own name and keeps the answer."""

    def node(state: Log) -> dict[str, Any]:
        if counts is not None:
            counts[name] += 1
        return {"log": [f"{name}={interrupt(name)}"]}

    node.__name__ = name
    return node


async def test_an_answer_wakes_a_run_that_asked(any_house: House) -> None:
    await any_house.boot(chain("asks", says("before"), asker("ask"), says("after")))
    run_id = await any_house.accept("asks")
    run = await any_house.reaches(run_id, "interrupted")
    assert (run.owner, run.waiting_for) == (None, "An answer for ask.")
    [question] = await any_house.pending(run_id)
    assert (question.node, orjson.loads(question.value)) == ("ask", "ask")
    await any_house.resume(run_id, "yes")
    run = await any_house.ended(run_id)
    assert (run.status, run.waiting_for) == ("completed", None)
    assert (await any_house.values(run_id))["log"] == ["before", "ask=yes", "after"]
    kinds = await any_house.kinds(run_id)
    assert (kinds.count("interrupted"), kinds.count("resumed"), kinds.count("started")) == (1, 1, 1)


async def test_waiting_for_is_cleared_when_the_run_goes_on(house: House) -> None:
    await house.boot(chain("twice", asker("first"), asker("second")))
    run_id = await house.accept("twice")
    await house.reaches(run_id, "interrupted")
    await house.resume(run_id, 1)
    await house.tells(run_id, "interrupted", 2)
    run = await house.reaches(run_id, "interrupted")
    assert run.waiting_for == "An answer for second."


async def test_parallel_questions_are_answered_by_id_and_a_part_is_enough_for_its_own_task(
    any_house: House,
) -> None:
    counts: Counter[str] = Counter()
    nodes = [asker(name, counts) for name in ("a", "b", "c")]
    await any_house.boot(parallel("many", *nodes, says("bystander"), last=says("end")))
    run_id = await any_house.accept("many")
    await any_house.reaches(run_id, "interrupted")
    pending = {question.node: question.interrupt_id for question in await any_house.pending(run_id)}
    assert set(pending) == {"a", "b", "c"}
    await any_house.answer(run_id, {pending["b"]: 2})
    await any_house.tells(run_id, "resumed")
    run = await any_house.until(lambda: waits_for(any_house, run_id, "An answer for a, c."))
    assert run.status == "interrupted"
    assert counts == {"a": 1, "b": 2, "c": 1}
    await any_house.answer(run_id, {pending["a"]: 1, pending["c"]: 3})
    await any_house.ended(run_id)
    assert (await any_house.values(run_id))["log"] == ["a=1", "b=2", "bystander", "c=3", "end"]
    assert counts == {"a": 2, "b": 2, "c": 2}


async def waits_for(house: House, run_id: str, sentence: str) -> Any:
    run = await house.run(run_id)
    return run if run.waiting_for == sentence and run.owner is None else None


async def test_several_questions_of_one_node_are_asked_one_after_the_other(house: House) -> None:
    def asks_twice(state: Log) -> dict[str, Any]:
        return {"log": [interrupt("first"), interrupt("second")]}

    await house.boot(chain("twice", asks_twice))
    run_id = await house.accept("twice")
    await house.reaches(run_id, "interrupted")
    await house.resume(run_id, 1)
    await house.tells(run_id, "interrupted", 2)
    await house.reaches(run_id, "interrupted")
    [question] = await house.pending(run_id)
    assert (question.position, orjson.loads(question.value)) == (1, "second")
    await house.resume(run_id, 2)
    await house.ended(run_id)
    assert (await house.values(run_id))["log"] == [1, 2]


async def test_an_answer_that_does_not_fit_is_dropped_and_asked_for_again(any_house: House) -> None:
    counts: Counter[str] = Counter()

    def asks_twice(state: Log) -> dict[str, Any]:
        counts["asks"] += 1
        return {"log": [interrupt("which?"), interrupt("how many?", response_schema=int)]}

    await any_house.boot(chain("typed", asks_twice))
    run_id = await any_house.accept("typed")
    await any_house.reaches(run_id, "interrupted")
    await any_house.resume(run_id, "pears")
    await any_house.tells(run_id, "interrupted", 2)
    await any_house.reaches(run_id, "interrupted")
    await any_house.resume(run_id, "a few")
    [warning] = await any_house.tells(run_id, "warning")
    assert "does not fit" in warning["data"]["message"]
    run = await any_house.reaches(run_id, "interrupted")
    assert run.waiting_for == "An answer for asks_twice."
    [question] = await any_house.pending(run_id)
    assert (question.position, warning["data"]["interrupt_id"]) == (1, question.interrupt_id)
    await any_house.resume(run_id, 3)
    assert (await any_house.ended(run_id)).status == "completed"
    assert (await any_house.values(run_id))["log"] == ["pears", 3]
    assert "node_failed" not in await any_house.kinds(run_id)
    assert counts["asks"] == 4


async def test_a_refused_answer_stays_refused_after_a_restart(house: House) -> None:
    def asks(state: Log) -> dict[str, Any]:
        return {"log": [interrupt("how many?", response_schema=int)]}

    graph = chain("typed", asks)
    first = await house.boot(graph)
    run_id = await house.accept("typed")
    await house.reaches(run_id, "interrupted")
    await house.resume(run_id, "a few")
    await house.tells(run_id, "warning")
    await house.reaches(run_id, "interrupted")
    await first.die()
    await house.boot(graph)
    await house.free_dead(first)
    await house.resume(run_id, 4)
    assert (await house.ended(run_id)).status == "completed"
    assert (await house.values(run_id))["log"] == [4]


async def test_an_answer_given_while_another_task_still_runs_is_taken_at_once(house: House) -> None:
    from support.gates import Gate

    gate = Gate()

    def slow(state: Log) -> dict[str, Any]:
        gate.pass_through()
        return {"log": ["slow"]}

    await house.boot(parallel("both", asker("ask"), slow))
    run_id = await house.accept("both")
    await house.tells(run_id, "interrupted")
    await house.resume(run_id, "early")
    updates = await house.tells(run_id, "node_update")
    assert updates[0]["node"] == "ask"
    gate.open()
    await house.ended(run_id)
    assert (await house.values(run_id))["log"] == ["ask=early", "slow"]


async def test_a_static_breakpoint_holds_before_its_node_and_any_answer_goes_on(any_house: House) -> None:
    await any_house.boot(chain("held", says("a"), says("b"), says("c")))
    run_id = await any_house.accept("held", config={"interrupt_before": ["b"]})
    run = await any_house.reaches(run_id, "interrupted")
    assert run.waiting_for == "A go-ahead at b."
    assert (await any_house.values(run_id))["log"] == ["a"]
    await any_house.resume(run_id, None)
    assert (await any_house.ended(run_id)).status == "completed"
    assert (await any_house.values(run_id))["log"] == ["a", "b", "c"]


async def test_a_static_breakpoint_at_every_step_holds_at_every_step(house: House) -> None:
    await house.boot(chain("held", says("a"), says("b")))
    run_id = await house.accept("held", config={"interrupt_before": "*", "interrupt_after": "*"})
    for number in (1, 2, 3):
        await house.tells(run_id, "interrupted", number)
        run = await house.reaches(run_id, "interrupted")
        assert (await house.values(run_id)).get("log", []) == ["a", "b"][: number - 1], run
        await house.resume(run_id, True)
    assert (await house.ended(run_id)).status == "completed"


async def test_a_breakpoint_that_was_passed_is_passed_after_a_restart_too(house: House) -> None:
    from support.gates import Gate

    gate = Gate()

    def held(state: Log) -> dict[str, Any]:
        gate.pass_through()
        return {"log": ["held"]}

    graph = chain("held", held)
    first = await house.boot(graph)
    run_id = await house.accept("held", config={"interrupt_before": ["held"]})
    await house.reaches(run_id, "interrupted")
    await house.resume(run_id, True)
    await gate.reached()
    await first.die()
    await house.boot(graph)
    await house.free_dead(first)
    gate.open()
    assert (await house.ended(run_id)).status == "completed"
    assert (await house.kinds(run_id)).count("interrupted") == 1


async def test_a_drain_at_a_breakpoint_does_not_run_through_it(house: House) -> None:
    """The host that goes drains at the end of the step before; the next one must still hold there."""
    from support.gates import Gate

    gate = Gate()

    def first_node(state: Log) -> dict[str, Any]:
        gate.pass_through()
        return {"log": ["first"]}

    graph = chain("held", first_node, says("second"))
    first = await house.boot(graph)
    run_id = await house.accept("held", config={"interrupt_before": ["second"]})
    await gate.reached()
    import asyncio

    draining = asyncio.create_task(first.drain())
    await asyncio.sleep(0)
    gate.open()
    await draining
    await house.boot(graph)
    run = await house.reaches(run_id, "interrupted", "completed")
    assert run.status == "interrupted"
    assert (await house.values(run_id))["log"] == ["first"]
    await house.resume(run_id, True)
    assert (await house.ended(run_id)).status == "completed"


async def test_an_answer_to_nothing_is_told_of_and_harms_nothing(house: House) -> None:
    builder = new_graph()
    builder.add_node("ask", asker("ask"))
    builder.add_edge(START, "ask")
    await house.boot(builder.compile(name="asks"))
    run_id = await house.accept("asks")
    await house.reaches(run_id, "interrupted")
    [question] = await house.pending(run_id)
    await house.answer(run_id, {question.interrupt_id: "one"})
    assert (await house.ended(run_id)).status == "completed"


async def test_log_lines_before_a_question_are_kept_when_a_command_comes_between(house: House) -> None:
    """The release is refused because the inbox has grown; what the node said is committed all the same."""
    from fastgraph import log

    def talks_and_asks(state: Log) -> dict[str, Any]:
        log("before the question")
        return {"log": [interrupt("?")]}

    boot = await house.boot(chain("talks", talks_and_asks))
    boot.supervisor.tell_inbox_grew = lambda run_key: None  # type: ignore[method-assign]  # the hint is lost
    house.before_write = cancel_before_release(house)
    run_id = await house.accept("talks")
    run = await house.ended(run_id)
    assert run.status == "cancelled"
    kinds = await house.kinds(run_id)
    assert kinds.index("log") < kinds.index("interrupted") < kinds.index("cancelled")


def cancel_before_release(house: House) -> Any:
    """Put a cancel into the inbox just before the first commit that would release a run."""
    from datetime import UTC, datetime

    from fastgraph.database.records import CommitRun, SendCommand

    def before(operations: Any) -> None:
        for operation in operations:
            if isinstance(operation, CommitRun) and operation.release:
                house.before_write = None
                cancel = SendCommand(
                    run_id=operation.run_id, kind="cancel", body=b'{"reason":"enough"}', now=datetime.now(UTC)
                )
                [answer] = house.store.write_group([cancel])
                assert not isinstance(answer, Exception), answer

    return before
