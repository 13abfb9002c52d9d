"""A run goes from commit to commit: chains, fan-outs, joins, limits, large values."""

from typing import Any

import orjson
import pytest
from pydantic import BaseModel

from fastgraph import END, START, Send, StateGraph
from fastgraph.graph.strictness import strict_values
from support.boots import House
from support.small_flows import Log, chain, new_graph, parallel, says

pytestmark = pytest.mark.anyio


async def test_a_chain_goes_from_its_first_node_to_its_end(any_house: House) -> None:
    await any_house.boot(chain("chain", says("a"), says("b"), says("c")))
    run_id = await any_house.accept("chain")
    run = await any_house.ended(run_id)
    assert run.status == "completed", run.error
    assert orjson.loads(run.result or b"") == {"log": ["a", "b", "c"]}
    assert await any_house.kinds(run_id) == [
        *("queued", "started", "checkpoint"),
        *(["node_started", "node_update", "checkpoint"] * 3),
        "completed",
    ]


async def test_a_step_of_one_task_is_one_commit(house: House) -> None:
    await house.boot(chain("chain", *(says(f"n{number}") for number in range(10))))
    run_id = await house.accept("chain")
    await house.ended(run_id)
    assert len(house.commits_of(run_id)) == 11  # the start, and one for each node


async def test_async_and_sync_nodes_share_a_run(house: House) -> None:
    async def waits(state: Log) -> dict[str, Any]:
        return {"log": ["async"]}

    await house.boot(chain("mixed", says("sync"), waits, says("end")))
    run_id = await house.accept("mixed")
    assert (await house.ended(run_id)).status == "completed"
    assert (await house.values(run_id))["log"] == ["sync", "async", "end"]


async def test_a_fan_out_of_a_thousand_costs_few_commits(any_house: House) -> None:
    def fan(state: Log) -> list[Send]:
        return [Send("work", {"count": number}) for number in range(1000)]

    builder = new_graph()
    builder.add_node("work", lambda state: {"log": [state["count"]]})
    builder.add_node("collect", lambda state: {"count": len(state["log"])})
    builder.add_conditional_edges(START, fan, ["work"])
    builder.add_edge("work", "collect")
    builder.add_edge("collect", END)
    await any_house.boot(builder.compile(name="fan"))
    run_id = await any_house.accept("fan")
    run = await any_house.ended(run_id)
    assert run.status == "completed", run.error
    assert orjson.loads(run.result or b"") == {"log": list(range(1000)), "count": 1000}
    assert len(any_house.commits_of(run_id)) < 200
    kinds = await any_house.kinds(run_id)
    assert kinds.count("node_started") == kinds.count("node_update") == 1001


async def test_a_join_waits_for_all_its_sources(house: House) -> None:
    seen: list[list[str]] = []

    def last(state: Log) -> dict[str, Any]:
        seen.append(state["log"])
        return {"log": ["joined"]}

    await house.boot(parallel("join", says("a"), says("b"), says("c"), last=last))
    run_id = await house.accept("join")
    await house.ended(run_id)
    assert seen == [["a", "b", "c"]]


async def test_max_concurrency_bounds_what_runs_at_once(house: House) -> None:
    running: set[int] = set()
    most: list[int] = []

    def work(state: Log) -> dict[str, Any]:
        running.add(state["count"])
        most.append(len(running))
        running.discard(state["count"])
        return {"log": [state["count"]]}

    builder = new_graph()
    builder.add_node("work", work)
    builder.add_conditional_edges(
        START, lambda state: [Send("work", {"count": number}) for number in range(20)], ["work"]
    )
    await house.boot(builder.compile(name="bounded"))
    run_id = await house.accept("bounded", config={"max_concurrency": 2})
    await house.ended(run_id)
    assert (await house.values(run_id))["log"] == list(range(20))
    assert max(most) <= 2


async def test_a_run_that_does_not_end_fails_at_its_recursion_limit(house: House) -> None:
    builder = new_graph()
    builder.add_node("again", lambda state: {"log": ["again"]})
    builder.add_edge(START, "again")
    builder.add_edge("again", "again")
    await house.boot(builder.compile(name="endless"))
    run_id = await house.accept("endless", config={"recursion_limit": 5})
    run = await house.ended(run_id)
    assert run.status == "failed"
    assert orjson.loads(run.error or b"")["type"] == "GraphRecursionError"
    assert (await house.values(run_id))["log"] == ["again"] * 5


async def test_a_node_that_raises_fails_its_run_with_its_error(house: House) -> None:
    def breaks(state: Log) -> None:
        raise LookupError("no such thing")

    await house.boot(chain("breaks", says("before"), breaks))
    run_id = await house.accept("breaks")
    run = await house.ended(run_id)
    error = orjson.loads(run.error or b"")
    assert (run.status, error["type"], error["node"], error["attempt"]) == (
        "failed",
        "LookupError",
        "breaks",
        1,
    )
    assert (await house.kinds(run_id))[-2:] == ["node_failed", "failed"]


async def test_a_reducer_that_raises_fails_its_run(house: House) -> None:
    def left(state: Log) -> dict[str, Any]:
        return {"value": 1}

    def right(state: Log) -> dict[str, Any]:
        return {"value": 2}

    await house.boot(parallel("clash", left, right))
    run = await house.ended(await house.accept("clash"))
    assert run.status == "failed"
    assert orjson.loads(run.error or b"")["type"] == "InvalidUpdateError"


class Counted(BaseModel):
    count: int


async def test_an_input_that_does_not_fit_fails_its_run_and_not_its_host(house: House) -> None:
    builder: Any = StateGraph(Counted)
    builder.add_node("more", lambda state: {"count": state.count + 1})
    builder.add_edge(START, "more")
    await house.boot(builder.compile(name="counted"))
    run_id = await house.accept("counted", {"count": "many"})
    run = await house.ended(run_id)
    assert (run.status, orjson.loads(run.error or b"")["type"]) == ("failed", "ValidationError")
    assert (await house.ended(await house.accept("counted", {"count": 1}))).status == "completed"


async def test_an_input_that_is_no_state_fails_its_run(house: House) -> None:
    await house.boot(chain("chain", says("a")))
    run_id = await house.accept("chain", [1, 2])
    assert (await house.ended(run_id)).status == "failed"
    assert await house.kinds(run_id) == ["queued", "started", "failed"]


async def test_an_unknown_key_of_the_input_is_dropped_and_told_of(house: House) -> None:
    await house.boot(chain("chain", says("a")))
    run_id = await house.accept("chain", {"log": ["first"], "nonsense": 1})
    await house.ended(run_id)
    [warning] = await house.tells(run_id, "warning")
    assert "nonsense" in warning["data"]["message"]
    assert (await house.values(run_id))["log"] == ["first", "a"]


async def test_a_large_output_is_read_from_the_last_checkpoint(any_house: House) -> None:
    def large(state: Log) -> dict[str, Any]:
        return {"value": "x" * 100_000}

    await any_house.boot(chain("large", large))
    run_id = await any_house.accept("large")
    run = await any_house.ended(run_id)
    assert (run.status, run.result) == ("completed", None)
    assert (await any_house.values(run_id))["value"] == "x" * 100_000
    [update] = await any_house.tells(run_id, "node_update")
    assert len(orjson.dumps(update)) < 64 * 1024


async def test_a_value_above_the_limit_goes_to_a_file_and_comes_back(any_house: House) -> None:
    def large(state: Log) -> dict[str, Any]:
        return {"value": "y" * 600_000, "log": ["large"]}

    def reads(state: Log) -> dict[str, Any]:
        return {"count": len(state["value"])}

    await any_house.boot(chain("spill", large, reads))
    run_id = await any_house.accept("spill")
    assert (await any_house.ended(run_id)).status == "completed"
    values = await any_house.values(run_id)
    assert (values["count"], values["value"]) == (600_000, "y" * 600_000)
    assert all(len(row.update) < 1_000 for commit in any_house.commits for row in commit.results)
    assert any(path.is_file() for path in (any_house.store.data_dir / "states").rglob("*"))


async def test_a_thousand_steps_that_append_cost_what_they_append(house: House) -> None:
    piece = "z" * 1000

    def more(state: Log) -> str:
        return "step" if state["count"] < 1000 else END

    builder = new_graph()
    builder.add_node("step", lambda state: {"count": state.get("count", 0) + 1, "log": [piece]})
    builder.add_edge(START, "step")
    builder.add_conditional_edges("step", more, ["step", END])
    with strict_values(False):  # which copy a large state whole for each task
        await house.boot(builder.compile(name="long"))
    run_id = await house.accept("long")
    assert (await house.ended(run_id)).status == "completed"
    values = await house.values(run_id)
    assert (values["count"], values["log"]) == (1000, [piece] * 1000)
    stored = sum(
        len(commit.checkpoint.changes) + sum(len(row.update) for row in commit.results)
        for commit in house.commits_of(run_id)
        if commit.checkpoint is not None
    )
    files = sum(
        path.stat().st_size for path in (house.store.data_dir / "checkpoints").rglob("*") if path.is_file()
    )
    assert stored + files < 6_000_000
