"""A handler runs in a failed node's place, and after a crash the handler runs again and never the node."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from fastgraph import START, Command, NodeError, RetryPolicy, interrupt
from support.boots import House
from support.gates import Gate
from support.small_flows import Log, new_graph

pytestmark = pytest.mark.anyio

SOON = RetryPolicy(initial_interval=0.02, jitter=False, max_attempts=2)


class PaymentRefusedError(ValueError):
    """The user's own error."""


def failing(calls: list[str]) -> Any:
    def pay(state: Log) -> dict[str, Any]:
        calls.append("pay")
        raise PaymentRefusedError("no money")

    return pay


def after(state: Log) -> dict[str, Any]:
    return {"log": ["after"]}


def handled(name: str, pay: Any, handler: Any, **options: Any) -> Any:
    builder = new_graph()
    builder.add_node("pay", pay, error_handler=handler, **options)
    builder.add_node("after", after)
    builder.add_edge(START, "pay")
    builder.add_edge("pay", "after")
    return builder.compile(name=name)


def tell(state: Log, error: NodeError) -> dict[str, Any]:
    kept = error.error
    return {"log": [error.node, type(kept).__name__, str(kept), isinstance(kept, ValueError), state["value"]]}


async def test_a_handler_gets_the_failed_nodes_input_and_its_error(any_house: House) -> None:
    await any_house.boot(handled("pays", failing([]), tell))
    run_id = await any_house.accept("pays", {"value": 7})
    assert (await any_house.ended(run_id)).status == "completed"
    values = await any_house.values(run_id)
    assert values["log"] == ["pay", "PaymentRefusedError", "no money", True, 7]
    [failed] = await any_house.tells(run_id, "node_failed")
    assert failed["data"]["handled_by"] == "__error_handler__pay"
    assert failed["data"]["error"]["message"] == "no money"
    nodes = [event["node"] for event in await any_house.tells(run_id, "node_update")]
    assert nodes == ["__error_handler__pay"]


async def test_a_handler_runs_after_the_last_attempt_and_may_route(house: House) -> None:
    calls: list[str] = []

    def route(state: Log, error: NodeError) -> Any:
        return Command(update={"log": ["handled"]}, goto="after")

    await house.boot(handled("pays", failing(calls), route, retry_policy=SOON._replace(retry_on=ValueError)))
    run_id = await house.accept("pays", {})
    await house.ended(run_id)
    assert (await house.values(run_id))["log"] == ["handled", "after"]
    assert calls == ["pay", "pay"]


async def test_after_a_crash_in_the_handler_the_handler_runs_again_and_not_the_node(any_house: House) -> None:
    calls: list[str] = []
    gate = Gate()

    def handle(state: Log, error: NodeError) -> dict[str, Any]:
        calls.append(f"handle {error.error}")
        if len(calls) == 2:
            gate.pass_through()
        return {"log": ["handled"]}

    graph = handled("pays", failing(calls), handle)
    first = await any_house.boot(graph)
    run_id = await any_house.accept("pays", {})
    await gate.reached()
    await first.die()
    await any_house.boot(graph)
    await any_house.free_dead(first)
    run = await any_house.ended(run_id)
    gate.open()
    assert (run.status, calls) == ("completed", ["pay", "handle no money", "handle no money"])
    assert (await any_house.values(run_id))["log"] == ["handled"]


async def test_a_handlers_result_is_kept_over_a_crash_in_the_same_step(house: House) -> None:
    calls: list[str] = []
    gate = Gate()

    def handle(state: Log, error: NodeError) -> dict[str, Any]:
        calls.append("handle")
        return {"log": ["handled"]}

    def slow(state: Log) -> dict[str, Any]:
        gate.pass_through()
        return {"log": ["slow"]}

    builder = new_graph()
    builder.add_node("pay", failing(calls), error_handler=handle)
    builder.add_node("slow", slow)
    builder.add_edge(START, "pay")
    builder.add_edge(START, "slow")
    graph = builder.compile(name="pays")
    first = await house.boot(graph)
    run_id = await house.accept("pays", {})
    await house.tells(run_id, "node_update")
    await first.die()
    gate.open()
    await house.boot(graph)
    await house.free_dead(first)
    await house.ended(run_id)
    assert calls == ["pay", "handle"]
    assert (await house.values(run_id))["log"] == ["handled", "slow"]


async def test_a_failing_handler_fails_the_run(house: House) -> None:
    def handle(state: Log, error: NodeError) -> dict[str, Any]:
        raise KeyError("handler")

    await house.boot(handled("pays", failing([]), handle))
    run = await house.ended(await house.accept("pays", {}))
    error = orjson.loads(run.error or b"")
    assert (run.status, error["type"], error["node"]) == ("failed", "KeyError", "__error_handler__pay")


async def test_a_handler_may_ask_and_is_answered_after_a_restart(house: House) -> None:
    calls: list[str] = []

    def handle(state: Log, error: NodeError) -> dict[str, Any]:
        return {"log": [interrupt("how?"), str(error.error)]}

    graph = handled("pays", failing(calls), handle)
    first = await house.boot(graph)
    run_id = await house.accept("pays", {})
    await house.reaches(run_id, "interrupted")
    await first.drain()
    await house.boot(graph)
    await house.resume(run_id, "by card")
    await house.ended(run_id)
    assert (await house.values(run_id))["log"] == ["by card", "no money"]
    assert calls == ["pay"]


async def test_the_errors_of_all_attempts_can_be_read(house: House) -> None:
    calls: list[str] = []

    def pay(state: Log) -> dict[str, Any]:
        calls.append("pay")
        raise ConnectionError(f"attempt {len(calls)}")

    await house.boot(handled("pays", pay, tell, retry_policy=SOON._replace(max_attempts=3)))
    run_id = await house.accept("pays", {"value": 0})
    await house.ended(run_id)
    retries = await house.tells(run_id, "node_retry", 2)
    [failed] = await house.tells(run_id, "node_failed")
    errors = [event["data"]["error"]["message"] for event in (*retries, failed)]
    assert errors == ["attempt 1", "attempt 2", "attempt 3"]


async def test_classes_that_are_not_to_be_tried_again(house: House) -> None:
    calls: list[str] = []
    policy = SOON._replace(retry_on=Exception, give_up_on=(PaymentRefusedError,))
    builder = new_graph()
    builder.add_node("pay", failing(calls), retry_policy=policy)
    builder.add_edge(START, "pay")
    await house.boot(builder.compile(name="pays"))
    run = await house.ended(await house.accept("pays", {}))
    assert (run.status, calls) == ("failed", ["pay"])
