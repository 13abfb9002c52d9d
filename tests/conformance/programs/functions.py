"""1.8: functions as workflows."""

import asyncio
from typing import Any

from conformance.parts import THREAD, Trail, attempted, saver
from conformance.program import script
from conformance.wiring import wire


def doubles(lg, seen: list[Any] | None = None, **options: Any) -> Any:
    """Return a task that notes each run of it."""

    def double(number: int) -> int:
        if seen is not None:
            seen.append(number)
        return number * 2

    return lg.func.task(**options)(double) if options else lg.func.task(double)


@script("1.8 entrypoint", "1.8 task")
def an_entrypoint_and_its_tasks(lg):
    double = doubles(lg)

    @lg.func.entrypoint()
    def flow(number: int) -> int:
        futures = [double(n) for n in range(number)]
        return sum(future.result() for future in futures)

    return [flow.invoke(4), list(flow.stream(0)), sorted(map(repr, flow.stream(2, stream_mode="updates")))]


@script("1.8 entrypoint", "1.8 task")
async def an_async_entrypoint(lg):
    @lg.func.task
    async def double(number: int) -> int:
        await asyncio.sleep(0)
        return number * 2

    @lg.func.entrypoint()
    async def flow(number: int) -> list[int]:
        return await asyncio.gather(*(double(n) for n in range(number)))

    return [await flow.ainvoke(3), [chunk async for chunk in flow.astream(1)]]


@script("1.8 entrypoint")
def a_generator_is_refused(lg):
    def flow(number: int):
        yield number

    return lg.func.entrypoint()(flow)


@script("1.8 entrypoint")
def a_function_without_parameters_is_refused(lg):
    def flow():
        return 1

    return lg.func.entrypoint()(flow)


@script("1.8 entrypoint", "1.3 failure")
def an_error_of_an_entrypoint(lg):
    runs: list[int] = []
    double = doubles(lg, runs)

    @lg.func.entrypoint(checkpointer=saver(lg))
    def flow(number: int) -> int:
        got = double(number).result()
        if runs.count(number) == 1 and len(runs) == 1:
            runs.append(0)
            raise ValueError("once")
        return got

    return [attempted(lambda: flow.invoke(3, THREAD)), flow.invoke(None, THREAD), runs]


@script("1.8 task", "1.6 interrupt")
def finished_tasks_are_not_run_again(lg):
    runs: list[int] = []
    double = doubles(lg, runs)

    @lg.func.entrypoint(checkpointer=saver(lg))
    def flow(number: int) -> Any:
        results = [double(n).result() for n in range(number)]
        return [*results, lg.types.interrupt("ok?"), double(9).result()]

    seen = list(flow.stream(3, THREAD, stream_mode="updates"))
    return [*seen, flow.invoke(lg.types.Command(resume="yes"), THREAD), runs]


@script("1.8 task", "1.6 interrupt")
def a_task_that_asks(lg):
    @lg.func.task
    def ask(question: str) -> str:
        return f"{question} {lg.types.interrupt(question)}"

    @lg.func.entrypoint(checkpointer=saver(lg))
    def flow(names: list[str]) -> list[str]:
        return [ask(name).result() for name in names]

    seen = [flow.invoke(["a?", "b?"], THREAD)]
    seen.append(flow.invoke(lg.types.Command(resume="1"), THREAD))
    return [*seen, flow.invoke(lg.types.Command(resume="2"), THREAD), flow.get_state(THREAD).values]


@script("1.8 task", "1.5 retry")
def a_task_is_retried(lg):
    tries: list[int] = []

    class FlawError(Exception):
        pass

    policy = lg.types.RetryPolicy(initial_interval=0.001, jitter=False)

    @lg.func.task(retry_policy=policy)
    def flaky(number: int) -> str:
        tries.append(number)
        if len(tries) < 3:
            raise FlawError
        return f"try {len(tries)}"

    @lg.func.entrypoint()
    def flow(number: int) -> str:
        return flaky(number).result()

    return flow.invoke(1)


@script("1.8 task", "1.3 failure")
def an_error_of_a_task_can_be_caught(lg):
    @lg.func.task
    def bad(number: int) -> int:
        raise LookupError(f"no {number}")

    @lg.func.entrypoint()
    def flow(number: int) -> str:
        try:
            return bad(number).result()
        except LookupError as error:
            return f"caught {error}"

    return flow.invoke(7)


@script("1.8 task", "1.9 updates")
def a_task_with_a_name_of_its_own(lg):
    double = doubles(lg, name="twice")

    @lg.func.entrypoint()
    def flow(number: int) -> int:
        return double(number).result()

    return list(flow.stream(4, stream_mode=["updates", "values"]))


@script("1.8 task")
def a_task_outside_of_a_workflow_is_refused(lg):
    return doubles(lg)(1)


@script("1.8 task", "1.5 cache")
def a_task_is_cached(lg):
    runs: list[int] = []
    double = doubles(lg, runs, cache_policy=lg.types.CachePolicy())

    @lg.func.entrypoint(cache=lg.cache.memory.InMemoryCache())
    def flow(number: int) -> int:
        return double(number).result()

    return [flow.invoke(3), flow.invoke(3), flow.invoke(4), runs]


@script("1.8 previous", "1.3 cumulative")
def previous_is_what_was_returned_before(lg):
    @lg.func.entrypoint(checkpointer=saver(lg))
    def flow(number: int, *, previous: Any = None) -> int:
        return number + (previous or 0)

    return [flow.invoke(n, THREAD) for n in (1, 2, 3)]


@script("1.8 previous")
def final_returns_one_value_and_saves_another(lg):
    @lg.func.entrypoint(checkpointer=saver(lg))
    def flow(number: int, *, previous: Any = None):
        return lg.func.entrypoint.final(value=f"was {previous}", save=number * 2)

    return [flow.invoke(1, THREAD), flow.invoke(2, THREAD), flow.get_state(THREAD).values]


@script("1.8 previous")
def previous_without_a_saver(lg):
    @lg.func.entrypoint()
    def flow(number: int, *, previous: Any = None) -> list[Any]:
        return [number, previous]

    return [flow.invoke(1), flow.invoke(2)]


@script("1.8 previous", "1.1 runtime")
def previous_in_the_runtime(lg):
    @lg.func.entrypoint(checkpointer=saver(lg))
    def flow(number: int, runtime: lg.runtime.Runtime) -> list[Any]:
        return [number, runtime.previous]

    return [flow.invoke(n, THREAD) for n in (1, 2)]


@script("1.8 previous", "1.10 history")
def the_history_of_an_entrypoint(lg):
    @lg.func.entrypoint(checkpointer=saver(lg))
    def flow(number: int, *, previous: Any = None) -> int:
        return number + (previous or 0)

    for number in (1, 2):
        flow.invoke(number, THREAD)
    shown = list(flow.get_state_history(THREAD))
    return [(each.values, each.next, each.metadata["source"], each.metadata["step"]) for each in shown]


@script("1.8 entrypoint", "1.1 injected")
def an_entrypoint_gets_parameters(lg):
    @lg.func.entrypoint(store=lg.store.memory.InMemoryStore(), context_schema=dict)
    def flow(number: int, *, config: lg.types.RunnableConfig, store, writer, runtime: lg.runtime.Runtime):
        writer("written")
        store.put(("a",), "k", {"v": number})
        return [config["configurable"]["tone"], store.get(("a",), "k").value, runtime.context]

    config = {"configurable": {"tone": "warm"}}
    return list(flow.stream(5, config, context={"c": 1}, stream_mode=["custom", "values"]))


@script("1.8 in a graph")
def tasks_in_a_node(lg):
    double = doubles(lg)

    def node(state: Trail):
        return {"trail": [future.result() for future in [double(n) for n in (1, 2)]]}

    graph = wire(lg, Trail, {"node": node}, "START node").compile()
    return [
        graph.invoke({"trail": []}),
        sorted(map(repr, graph.stream({"trail": []}, stream_mode="updates"))),
    ]


@script("1.8 in a graph", "1.8 task")
def tasks_in_a_node_are_kept_over_a_question(lg):
    runs: list[int] = []
    double = doubles(lg, runs)

    def node(state: Trail):
        return {"trail": [double(4).result(), lg.types.interrupt("ok?")]}

    graph = wire(lg, Trail, {"node": node}, "START node").compile(checkpointer=saver(lg))
    return [graph.invoke({"trail": []}, THREAD), graph.invoke(lg.types.Command(resume="y"), THREAD), runs]


@script("1.8 in a graph", "1.7 called")
def an_entrypoint_called_in_a_node(lg):
    double = doubles(lg)

    @lg.func.entrypoint()
    def flow(number: int) -> int:
        return double(number).result()

    def node(state: Trail):
        return {"trail": [flow.invoke(21)]}

    return (
        wire(lg, Trail, {"node": node}, "START node")
        .compile(checkpointer=saver(lg))
        .invoke({"trail": []}, THREAD)
    )


@script("1.8 in a graph", "1.7 called")
def a_graph_called_in_an_entrypoint(lg):
    def node(state: Trail):
        return {"trail": ["n"]}

    graph = wire(lg, Trail, {"node": node}, "START node").compile()

    @lg.func.entrypoint(checkpointer=saver(lg))
    def flow(words: list[str]) -> Any:
        return [graph.invoke({"trail": words})["trail"], lg.types.interrupt("ok?")]

    return [flow.invoke(["x"], THREAD), flow.invoke(lg.types.Command(resume="y"), THREAD)]
