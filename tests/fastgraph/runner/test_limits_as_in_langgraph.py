"""Timeouts, caches and drains behave as in LangGraph: each program runs on both."""

import asyncio
import operator
from contextlib import suppress
from datetime import timedelta
from typing import Annotated, Any, TypedDict

import pytest

from support.oracle import Names, Raised, agree, observe


class Log(TypedDict, total=False):
    seen: Annotated[list[Any], operator.add]


def thread(name: str = "1") -> dict[str, Any]:
    return {"configurable": {"thread_id": name}}


def boom(state: Log) -> dict[str, Any]:
    raise ValueError("boom")


def says(name: str) -> Any:
    return lambda state: {"seen": [name]}


async def spend(seconds: float) -> None:
    """Take so long; that is what is watched."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()


def timed(lg: Names, node: Any, timeout: Any = None, **more: Any) -> Any:
    builder = lg.StateGraph(Log).add_node("a", node, timeout=timeout, **more)
    return builder.add_edge(lg.START, "a").compile()


async def run(graph: Any) -> Any:
    try:
        return await graph.ainvoke({"seen": []})
    except Exception as error:  # noqa: BLE001 - the error is the observation
        return {
            name: getattr(error, name, None)
            for name in ("node", "kind", "timeout", "run_timeout", "idle_timeout")
        } | {"type": type(error).__name__, "is_timeout": isinstance(error, TimeoutError)}


async def hang(state: Log) -> Any:
    await asyncio.Event().wait()


@pytest.mark.parametrize("timeout", [0.02, timedelta(milliseconds=20)])
def test_a_run_timeout(timeout: Any) -> None:
    seen = agree(lambda lg: asyncio.run(run(timed(lg, hang, timeout))))
    assert (seen["type"], seen["kind"], seen["timeout"]) == ("NodeTimeoutError", "run", 0.02)


def test_an_idle_timeout_is_put_off_by_what_the_node_sends_and_by_heartbeats() -> None:
    def program(lg: Names) -> Any:
        async def node(state: Log, runtime: Any) -> Any:
            for number in range(6):
                await spend(0.03)
                if number < 3:
                    runtime.stream_writer("on my way")
                else:
                    runtime.heartbeat()
            return {"seen": ["done"]}

        node.__annotations__ = {"state": Log, "runtime": lg.Runtime}
        seen = []
        for refresh_on in ("auto", "heartbeat"):
            policy = lg.TimeoutPolicy(idle_timeout=0.08, run_timeout=5, refresh_on=refresh_on)
            seen.append(asyncio.run(run(timed(lg, node, policy))))
        return seen

    done, late = agree(program)
    assert done == {"seen": ["done"]}
    assert (late["kind"], late["idle_timeout"], late["run_timeout"]) == ("idle", 0.08, 5.0)


def test_a_timeout_is_tried_again_by_default() -> None:
    def program(lg: Names) -> Any:
        calls: list[int] = []

        async def node(state: Log) -> Any:
            calls.append(1)
            if len(calls) == 1:
                await asyncio.Event().wait()
            return {"seen": [len(calls)]}

        policy = lg.RetryPolicy(initial_interval=0.01, jitter=False)
        return asyncio.run(run(timed(lg, node, 0.02, retry_policy=policy)))

    assert agree(program) == {"seen": [2]}


def test_a_node_that_swallows_its_cancellation_is_not_waited_for_and_says_no_more() -> None:
    def program(lg: Names) -> Any:
        async def node(state: Log, runtime: Any) -> Any:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                runtime.stream_writer("late")
            return {"seen": ["late"]}

        node.__annotations__ = {"state": Log, "runtime": lg.Runtime}
        graph = timed(lg, node, 0.02, error_handler=says("handled"))

        async def watch() -> list[Any]:
            return [chunk async for chunk in graph.astream({"seen": []}, stream_mode=["custom", "values"])]

        return asyncio.run(watch())

    assert agree(program)[-1] == ("values", {"seen": ["handled"]})


def test_a_sends_timeout_takes_the_nodes_place() -> None:
    def program(lg: Names) -> Any:
        builder = lg.StateGraph(Log).add_node("a", hang, timeout=60)
        builder.add_conditional_edges(lg.START, lambda _: [lg.Send("a", {}, timeout=0.02)])
        return asyncio.run(run(builder.compile()))

    assert agree(program)["timeout"] == 0.02


@pytest.mark.parametrize(
    "make",
    [
        lambda lg: timed(lg, boom, 1),
        lambda lg: timed(lg, hang, 0),
        lambda lg: timed(lg, hang, -1),
        lambda lg: timed(lg, hang, timedelta(0)),
        lambda lg: timed(lg, hang, lg.TimeoutPolicy(idle_timeout=0)),
        lambda lg: timed(lg, hang, lg.TimeoutPolicy(run_timeout=1, refresh_on="never")),
        lambda lg: lg.Send("a", {}, timeout=0),
        lambda lg: lg.StateGraph(Log).set_node_defaults(timeout=-1),
        lambda lg: (
            lg.StateGraph(Log)
            .set_node_defaults(timeout=1)
            .add_node("a", boom)
            .add_edge(lg.START, "a")
            .compile()
        ),
    ],
)
def test_timeouts_that_can_not_be(make: Any) -> None:
    seen = agree(make)
    assert isinstance(seen, Raised)
    assert "ValueError" in seen.ancestry


def test_a_step_timeout() -> None:
    def program(lg: Names) -> Any:
        graph = timed(lg, hang)
        graph.step_timeout = 0.02
        return asyncio.run(run(graph))

    assert agree(program)["is_timeout"] is True


def cached_graph(lg: Names, node: Any, **options: Any) -> Any:
    builder = lg.StateGraph(Log)
    builder.add_node("a", node, cache_policy=lg.CachePolicy(**options))
    builder.add_node("b", says("b"))
    builder.add_edge(lg.START, "a")
    builder.add_edge("a", "b")
    return builder.compile(cache=lg.InMemoryCache())


def test_a_hit_skips_the_node_and_says_so() -> None:
    def program(lg: Names) -> Any:
        calls: list[int] = []

        def node(state: Log) -> Any:
            calls.append(1)
            return {"seen": [len(calls)]}

        graph = cached_graph(lg, node)
        given = ({"seen": ["x"]}, {"seen": ["x"]}, {"seen": ["y"]})
        seen = [list(graph.stream(value, stream_mode=["updates", "values"])) for value in given]
        graph.clear_cache(["b"])
        seen.append(graph.invoke({"seen": ["x"]}))
        graph.clear_cache()
        seen.append(graph.invoke({"seen": ["x"]}))
        return seen, len(calls)

    assert agree(program)[1] == 3


def test_a_key_function_chooses_what_counts_and_errors_are_not_kept() -> None:
    def program(lg: Names) -> Any:
        calls: list[int] = []

        def node(state: Log) -> Any:
            calls.append(1)
            if len(calls) == 1:
                raise KeyError("first")
            return {"seen": [len(calls)]}

        graph = cached_graph(lg, node, key_func=lambda state: "same")
        first = observe(lambda _: graph.invoke({"seen": ["x"]}), lg)
        return first.name, graph.invoke({"seen": ["y"]}), graph.invoke({"seen": ["z"]}), len(calls)

    assert agree(program)[3] == 2


def test_a_cached_node_takes_its_targets_and_sends_along() -> None:
    def program(lg: Names) -> Any:
        def node(state: Log) -> Any:
            return lg.Command(update={"seen": ["a"]}, goto=[lg.Send("b", {"seen": []}), "b"])

        graph = cached_graph(lg, node)
        return graph.invoke({"seen": []}), graph.invoke({"seen": []})

    first, second = agree(program)
    assert first == second


def test_a_cache_of_an_async_run() -> None:
    def program(lg: Names) -> Any:
        calls: list[int] = []

        async def node(state: Log) -> Any:
            calls.append(1)
            return {"seen": ["a"]}

        graph = cached_graph(lg, node, ttl=60)
        return asyncio.run(run(graph)), asyncio.run(run(graph)), len(calls)

    assert agree(program)[2] == 1


def test_clearing_a_cache_that_is_not_there() -> None:
    assert "ValueError" in agree(lambda lg: timed(lg, boom).clear_cache()).ancestry


def test_a_drained_run_stops_between_two_steps_and_goes_on() -> None:
    def program(lg: Names) -> Any:
        control = lg.RunControl()

        def node(state: Log) -> Any:
            control.request_drain("deploy")
            return {"seen": ["a"]}

        builder = lg.StateGraph(Log).add_node("a", node).add_node("b", says("b"))
        builder.add_edge(lg.START, "a").add_edge("a", "b")
        graph = builder.compile(checkpointer=lg.InMemorySaver())
        try:
            graph.invoke({"seen": []}, thread(), control=control)
        except lg.errors.GraphDrained as drained:
            reason = drained.reason
        again = graph.invoke(None, thread())
        return reason, control.drain_requested, control.drain_reason, again

    assert agree(program) == ("deploy", True, "deploy", {"seen": ["a", "b"]})


def test_a_drain_in_the_last_step_changes_nothing() -> None:
    def program(lg: Names) -> Any:
        def node(state: Log, runtime: Any) -> Any:
            runtime.control.request_drain()
            return {"seen": ["a"]}

        node.__annotations__ = {"state": Log, "runtime": lg.Runtime}
        return timed(lg, node).invoke({"seen": []})

    assert agree(program) == {"seen": ["a"]}
