"""1.5: cached results, runs that are drained, nodes that are cancelled."""

import asyncio
from typing import Any

from conformance.calls import proceed
from conformance.parts import EMPTY, THREAD, FlawError, Trail, attempted, leaves, saver
from conformance.program import flow, script
from conformance.wiring import chain, wire


def flaky(*errors: Exception) -> Any:
    """Return a node that raises these, one an attempt, and then says at which attempt it did not."""
    tries: list[int] = []

    def node(state):
        tries.append(1)
        if len(tries) <= len(errors):
            raise errors[len(tries) - 1]
        return {"trail": [f"try {len(tries)}"]}

    return node


def _cached(lg, node, **options) -> Any:
    nodes = {"a": (node, {"cache_policy": lg.types.CachePolicy(**options)})}
    return wire(lg, Trail, nodes, "START a END").compile(cache=lg.cache.memory.InMemoryCache())


def counted() -> Any:
    runs: list[int] = []

    def node(state):
        runs.append(1)
        return {"trail": [f"run {len(runs)}"]}

    return node


@script("1.5 cache", "1.9 updates")
def a_hit_skips_the_node_and_says_so(lg):
    graph = _cached(lg, counted())
    return [
        list(graph.stream({"trail": [word]}, stream_mode=["updates", "values"]))
        for word in ("x", "x", "y", "x")
    ]


@script("1.5 cache")
def a_key_function_decides(lg):
    graph = _cached(lg, counted(), key_func=lambda state: str(len(state["trail"])))
    return [graph.invoke({"trail": given}) for given in (["x"], ["y"], ["x", "y"])]


@script("1.5 cache")
def clearing_the_cache(lg):
    graph = _cached(lg, counted())
    seen = [graph.invoke({"trail": ["x"]}), graph.invoke({"trail": ["x"]})]
    graph.clear_cache()
    seen.append(graph.invoke({"trail": ["x"]}))
    graph.clear_cache(["a"])
    return [*seen, graph.invoke({"trail": ["x"]})]


@script("1.5 cache")
def errors_are_not_cached(lg):
    graph = _cached(lg, flaky(FlawError("1")))
    return [attempted(lambda: graph.invoke({"trail": ["x"]})) for _ in range(3)]


@script("1.5 cache")
async def the_cache_on_a_loop(lg):
    graph = _cached(lg, counted(), ttl=60)
    return [
        [chunk async for chunk in graph.astream({"trail": ["x"]}, stream_mode="updates")] for _ in range(2)
    ]


@script("1.5 cache", "1.4 send")
def sends_are_cached_by_their_argument(lg):
    nodes = {"w": (lambda given: {"trail": [given]}, {"cache_policy": lg.types.CachePolicy()})}
    builder = wire(lg, Trail, nodes, "w END")
    builder.add_conditional_edges(
        lg.graph.START, lambda state: [lg.types.Send("w", word) for word in state["trail"]]
    )
    graph = builder.compile(cache=lg.cache.memory.InMemoryCache())
    return [
        sorted(map(repr, graph.stream({"trail": given}, stream_mode="updates")))
        for given in (["x"], ["x", "y"])
    ]


@script("1.5 drain", "1.1 runtime")
def a_drained_run_goes_on_later(lg):
    control = lg.runtime.RunControl()

    def a(state: Trail, runtime: lg.runtime.Runtime):
        runtime.control.request_drain("going down")
        return {"trail": [runtime.drain_requested, runtime.drain_reason]}

    graph = wire(lg, Trail, {"a": a, "b": leaves("b")}, "START a b").compile(checkpointer=saver(lg))
    seen = [attempted(lambda: graph.invoke({"trail": []}, THREAD, control=control))]
    return [*seen, control.drain_requested, graph.get_state(THREAD), graph.invoke(None, THREAD)]


@script("1.5 drain")
def draining_in_the_last_step_ends_normally(lg):
    control = lg.runtime.RunControl()

    def a(state: Trail):
        control.request_drain()
        return {"trail": ["a"]}

    graph = chain(lg, Trail, a).compile(checkpointer=saver(lg))
    return [
        graph.invoke({"trail": []}, THREAD, control=control),
        control.drain_reason,
        graph.get_state(THREAD),
    ]


@script("1.5 drain")
async def a_drained_run_on_a_loop(lg):
    control = lg.runtime.RunControl()

    async def a(state: Trail):
        control.request_drain("enough")
        return {"trail": ["a"]}

    graph = wire(lg, Trail, {"a": a, "b": leaves("b")}, "START a b").compile(checkpointer=saver(lg))
    try:
        await graph.ainvoke({"trail": []}, THREAD, control=control)
    except lg.errors.GraphDrained as error:
        return [error.reason, str(error), await graph.ainvoke(None, THREAD)]


@flow("1.5 cancelled", calls=[EMPTY, proceed()], is_async=True)
def a_node_that_raises_cancelled_error(lg):
    async def a(state: Trail):
        raise asyncio.CancelledError

    return chain(lg, Trail, a)


@script("1.5 cancelled")
async def a_node_that_is_cancelled_by_its_own_task(lg):
    async def a(state: Trail):
        inner = asyncio.ensure_future(asyncio.Event().wait())
        inner.cancel()
        await inner

    try:
        await chain(lg, Trail, a).compile().ainvoke({"trail": []})
    except lg.errors.NodeCancelledError as error:
        return error.node


@script("1.5 cancelled", "1.5 handler")
async def a_cancelled_node_and_its_handler(lg):
    async def a(state: Trail):
        raise asyncio.CancelledError

    def handle(state: Trail, error: lg.errors.NodeError):
        return {"trail": [type(error.error).__name__]}

    return (
        await wire(lg, Trail, {"a": (a, {"error_handler": handle})}, "START a")
        .compile()
        .ainvoke({"trail": []})
    )
