"""1.3: how many steps, for how long, how many tasks at once."""

import asyncio
import threading

from conformance.calls import proceed, start
from conformance.parts import EMPTY, THREAD, Trail, leaves, many, saver
from conformance.program import flow, script
from conformance.wiring import wire


def _looping(lg, rounds: int):
    builder = wire(lg, Trail, many("a"), "START a")
    builder.add_conditional_edges("a", lambda state: "a" if len(state["trail"]) < rounds else lg.graph.END)
    return builder


LIMITED = {"config": {"recursion_limit": 3}}


@flow("1.3 recursion limit", "1.3 checkpoint", calls=[start({"trail": []}, **LIMITED), proceed(), EMPTY])
def a_chain_of_three_needs_a_limit_of_four(lg):
    return wire(lg, Trail, many("abc"), "START a b c")


@flow("1.3 recursion limit", calls=[start({"trail": []}, config={"recursion_limit": 4})])
def a_chain_of_three_passes_with_four(lg):
    return wire(lg, Trail, many("abc"), "START a b c")


@flow("1.3 recursion limit", calls=[start({"trail": []}, **LIMITED), proceed(**LIMITED), proceed(**LIMITED)])
def a_limit_holds_for_each_call(lg):
    return _looping(lg, 7)


@flow("1.3 recursion limit", calls=[start({"trail": []}, config={"recursion_limit": 0})])
def a_limit_of_zero_is_refused(lg):
    return wire(lg, Trail, many("a"), "START a")


@script("1.3 step timeout", "1.5 timeout")
async def a_step_that_takes_too_long(lg):
    cancelled = asyncio.Event()

    async def hang(state: Trail):
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    graph = wire(lg, Trail, {"hang": hang, "a": leaves("a")}, "START a hang").compile(checkpointer=saver(lg))
    graph.step_timeout = 0.05
    try:
        await graph.ainvoke({"trail": []}, THREAD)
    except TimeoutError as error:
        await cancelled.wait()
        return [type(error).__name__, (await graph.aget_state(THREAD)).next]


@script("1.3 step timeout")
def a_step_timeout_of_sync_nodes(lg):
    release = threading.Event()

    def hang(state: Trail):
        assert release.wait(10)
        return {"trail": ["late"]}

    graph = wire(lg, Trail, {"hang": hang, "a": leaves("a")}, "START a hang").compile(checkpointer=saver(lg))
    graph.step_timeout = 0.05
    threading.Timer(0.3, release.set).start()
    try:
        graph.invoke({"trail": []}, THREAD)
    except TimeoutError as error:
        return [type(error).__name__, graph.get_state(THREAD).next]


@script("1.3 step timeout")
async def a_step_timeout_that_is_long_enough(lg):
    graph = wire(lg, Trail, many("ab"), "START a b").compile()
    graph.step_timeout = 30
    return [graph.invoke({"trail": []}), await graph.ainvoke({"trail": []})]


class Gauge:
    """How many are inside at once, at most."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.inside = self.most = 0

    def enter(self) -> None:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)

    def leave(self) -> None:
        with self._lock:
            self.inside -= 1


@script("1.3 max concurrency")
async def max_concurrency_on_a_loop(lg):
    gauge = Gauge()

    async def w(given):
        gauge.enter()
        for _ in range(5):
            await asyncio.sleep(0)
        gauge.leave()
        return {"trail": [str(given)]}

    builder = wire(lg, Trail, {"w": w}, "w END")
    builder.add_conditional_edges(lg.graph.START, lambda state: [lg.types.Send("w", n) for n in range(8)])
    graph = builder.compile()
    return [await graph.ainvoke({"trail": []}, {"max_concurrency": 2}), gauge.most]


@script("1.3 max concurrency")
def max_concurrency_of_threads(lg):
    gauge = Gauge()

    def w(given):
        gauge.enter()
        threading.Event().wait(0.005)
        gauge.leave()
        return {"trail": [str(given)]}

    builder = wire(lg, Trail, {"w": w}, "w END")
    builder.add_conditional_edges(lg.graph.START, lambda state: [lg.types.Send("w", n) for n in range(8)])
    return [builder.compile().invoke({"trail": []}, {"max_concurrency": 1}), gauge.most]


@script("1.3 max concurrency", "1.3 together")
async def all_tasks_of_a_step_are_there_at_once(lg):
    gauge = Gauge()
    everybody = asyncio.Event()

    async def w(given):
        gauge.enter()
        if gauge.inside == 5:
            everybody.set()
        await everybody.wait()
        return {"trail": [str(given)]}

    builder = wire(lg, Trail, {"w": w}, "w END")
    builder.add_conditional_edges(lg.graph.START, lambda state: [lg.types.Send("w", n) for n in range(5)])
    return [await builder.compile().ainvoke({"trail": []}), gauge.most]
