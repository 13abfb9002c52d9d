"""Corners: runs, subgraphs, nodes and edges that programs have although no manual names them."""

import asyncio
from contextvars import ContextVar
from typing import Any

from conformance.calls import answer, answer_each, proceed, start, update
from conformance.parts import EMPTY, THREAD, FlawError, Trail, asks, attempted, leaves, many, saver
from conformance.program import flow, script
from conformance.wiring import chain, wire


@flow(
    "1.6 resume", "1.10 update state", calls=[EMPTY, update({"trail": ["as x"]}, as_node="x"), answer("rest")]
)
def a_change_as_one_of_two_that_ask(lg):
    return wire(lg, Trail, {"x": asks(lg, "x?"), "y": asks(lg, "y?")} | many("z"), "START x z", "START y")


@flow(
    "1.7 as node",
    "1.6 breakpoints",
    calls=[EMPTY, proceed()],
    options=lambda _: {"interrupt_before": ["sub"]},
)
def a_breakpoint_before_a_subgraph(lg):
    sub = wire(lg, Trail, many("st"), "START s t").compile()
    return wire(lg, Trail, {"sub": sub} | many("az"), "START a sub z")


@flow("1.7 as node", "1.6 breakpoints", calls=[start({"trail": []}, interrupt_before=["t"]), proceed()])
def a_breakpoint_of_a_call_is_not_for_subgraphs(lg):
    sub = wire(lg, Trail, many("st"), "START s t").compile()
    return wire(lg, Trail, {"sub": sub} | many("t"), "START sub t")


@flow("1.7 saver modes", "1.6 interrupt", calls=[EMPTY, answer("1"), EMPTY, answer("2")])
def a_subgraph_with_a_memory_asks(lg):
    def ask(state: Trail):
        return {"trail": [f"{len(state['trail'])}:{lg.types.interrupt('ok?')}"]}

    sub = chain(lg, Trail, ask).compile(checkpointer=True)

    def call(state: Trail):
        return {"trail": [len(sub.invoke({"trail": ["in"]})["trail"])]}

    return wire(lg, Trail, {"call": call}, "START call")


@flow("1.7 called", "1.6 interrupt", calls=[EMPTY, answer("one"), answer("two")])
def two_called_graphs_that_ask(lg):
    first, second = (
        wire(lg, Trail, {"ask": asks(lg, name)}, "START ask").compile() for name in ("first?", "second?")
    )

    def call(state: Trail):
        return {"trail": first.invoke({"trail": []})["trail"] + second.invoke({"trail": []})["trail"]}

    return wire(lg, Trail, {"call": call}, "START call")


@flow("1.7 called", "1.4 conditional", calls=[EMPTY])
def a_graph_called_in_a_router(lg):
    sub = wire(lg, Trail, {"s": leaves("b")}, "START s").compile()
    builder = wire(lg, Trail, many("abc"), "START a")
    builder.add_conditional_edges("a", lambda state: sub.invoke({"trail": []})["trail"][-1])
    return builder


@flow("1.4 edges", calls=[EMPTY])
def names_with_spaces_and_letters_of_all_kinds(lg):
    builder = lg.graph.StateGraph(Trail)
    builder.add_node("first node", leaves("1")).add_node("größe/2", leaves("2"))
    return builder.add_edge(lg.graph.START, "first node").add_edge("first node", "größe/2")


@script("1.11 edges", "1.4 edges")
def an_edge_from_start_to_end(lg):
    return attempted(
        lambda: (
            lg.graph.StateGraph(Trail)
            .add_edge(lg.graph.START, lg.graph.END)
            .compile()
            .invoke({"trail": ["x"]})
        )
    )


@script("1.11 compile")
def a_graph_without_nodes(lg):
    return lg.graph.StateGraph(Trail).compile()


@flow("1.4 join", calls=[EMPTY])
def a_join_that_names_a_node_twice(lg):
    builder = wire(lg, Trail, many("ab"), "START a")
    builder.add_edge(["a", "a"], "b")
    return builder


@flow("1.4 command", calls=[EMPTY])
def commands_that_say_little(lg):
    def a(state):
        return lg.types.Command(update={}, goto=[])

    def b(state):
        return lg.types.Command(goto=lg.graph.END)

    def c(state):
        return lg.types.Command()

    return wire(lg, Trail, {"a": a, "b": b, "c": c} | many("d"), "START a b c d")


@flow("1.1 node return", "1.4 send", calls=[EMPTY])
def a_node_that_returns_a_send(lg):
    def a(state):
        return lg.types.Send("b", {})

    return wire(lg, Trail, {"a": a} | many("b"), "START a")


@flow("1.1 node return", calls=[EMPTY])
def a_node_that_returns_pairs(lg):
    def a(state):
        return [("trail", ["1"])]

    return wire(lg, Trail, {"a": a}, "START a")


CALLER: ContextVar[str] = ContextVar("caller", default="nobody")


@script("1.1 injected", "1.3 together")
def context_variables_reach_nodes(lg):
    def look(state: Trail):
        return {"trail": [CALLER.get()]}

    graph = wire(lg, Trail, {"a": look, "b": look}, "START a", "START b").compile()
    token = CALLER.set("me")
    try:
        return graph.invoke({"trail": []})
    finally:
        CALLER.reset(token)


@script("1.1 injected", "1.3 together")
async def context_variables_reach_nodes_on_a_loop(lg):
    async def look(state: Trail):
        await asyncio.sleep(0)
        return {"trail": [CALLER.get()]}

    def see(state: Trail):
        return {"trail": [CALLER.get()]}

    graph = wire(lg, Trail, {"a": look, "b": see}, "START a", "START b").compile()
    token = CALLER.set("me")
    try:
        return await graph.ainvoke({"trail": []})
    finally:
        CALLER.reset(token)


@script("1.6 interrupt", "1.6 surfacing")
def the_old_exception_asks_too(lg):
    def ask(state: Trail):
        if not state["trail"]:
            raise lg.errors.NodeInterrupt("old way")
        return {"trail": ["went on"]}

    graph = chain(lg, Trail, ask).compile(checkpointer=saver(lg))
    seen = [graph.invoke({"trail": []}, THREAD)["__interrupt__"][0].value, graph.get_state(THREAD).next]
    graph.update_state(THREAD, {"trail": ["changed"]}, as_node="__start__")
    return [*seen, graph.invoke(None, THREAD)]


@flow(
    "1.10 durability",
    "1.3 failure",
    calls=[start({"trail": []}, durability="sync"), proceed(durability="sync")],
    remembers=True,
)
def durability_sync_and_a_failure(lg):
    tries: list[int] = []

    def bad(state: Trail):
        tries.append(1)
        if len(tries) == 1:
            raise FlawError("once")
        return {"trail": ["good"]}

    return wire(lg, Trail, many("ac") | {"bad": bad}, "START a bad c")


@flow(
    "1.5 cache",
    "1.5 handler",
    calls=[EMPTY, EMPTY],
    options=lambda lg: {"cache": lg.cache.memory.InMemoryCache()},
)
def a_cached_node_beside_others(lg):
    nodes = {
        "a": (leaves("a"), {"cache_policy": lg.types.CachePolicy(key_func=lambda state: "same")}),
        "b": leaves("b"),
    }
    return wire(lg, Trail, nodes, "START a b")


@flow(
    "1.4 send",
    "1.6 resume",
    calls=[EMPTY, answer_each({"q2": "c"}), proceed(), answer_each({"q0": "a", "q1": "b"})],
)
def a_partial_answer_and_nothing_more(lg):
    def w(n):
        return {"trail": [lg.types.interrupt(f"q{n}")]}

    builder = wire(lg, Trail, {"w": w} | many("e"), "w e")
    builder.add_conditional_edges(lg.graph.START, lambda state: [lg.types.Send("w", n) for n in range(3)])
    return builder


@script("1.10 time travel", "1.7 state")
def a_subgraph_is_run_again_from_its_own_past(lg):
    sub = wire(lg, Trail, many("st") | {"ask": asks(lg, "ok?")}, "START s t ask").compile()
    graph = wire(lg, Trail, {"sub": sub} | many("z"), "START sub z").compile(checkpointer=saver(lg))
    graph.invoke({"trail": []}, THREAD)
    below = graph.get_state(THREAD).tasks[0].state
    old = next(shown.config for shown in graph.get_state_history(below) if shown.next == ("t",))
    seen = graph.invoke(None, old)
    return [seen, graph.invoke(lg.types.Command(resume="yes"), THREAD)]


@script("1.10 time travel", "1.7 state")
def a_graph_two_levels_down_is_run_again_from_its_own_past(lg):
    ground = wire(lg, Trail, many("st") | {"ask": asks(lg, "ok?")}, "START s t ask").compile()
    middle = wire(lg, Trail, many("m") | {"ground": ground}, "START m ground").compile()
    graph = wire(lg, Trail, many("a") | {"middle": middle}, "START a middle").compile(checkpointer=saver(lg))
    graph.invoke({"trail": []}, THREAD)
    below = graph.get_state(THREAD, subgraphs=True).tasks[0].state.tasks[0].state.config
    place = {"configurable": {key: below["configurable"][key] for key in ("thread_id", "checkpoint_ns")}}
    old = next(shown.config for shown in graph.get_state_history(place) if shown.next == ("t",))
    chunks = list(graph.stream(None, old, stream_mode="updates", subgraphs=True))
    return [[names for _, names in chunks], graph.invoke(lg.types.Command(resume="yes"), THREAD)]


@script("1.10 time travel", "1.7 saver modes", "1.7 state")
def a_subgraph_with_a_memory_goes_on_from_its_own_past(lg):
    sub = wire(lg, Trail, many("st") | {"ask": asks(lg, "ok?")}, "START s t ask").compile(checkpointer=True)
    graph = wire(lg, Trail, {"sub": sub} | many("az"), "START a sub z").compile(checkpointer=saver(lg))
    graph.invoke({"trail": []}, THREAD)
    below = graph.get_state(THREAD, subgraphs=True).tasks[0].state.config["configurable"]
    place = {"configurable": {key: below[key] for key in ("thread_id", "checkpoint_ns")}}
    old = next(shown.config for shown in graph.get_state_history(place) if shown.next == ("t",))
    chunks = list(graph.stream(None, old, stream_mode="updates", subgraphs=True))
    return [below["checkpoint_ns"], chunks, graph.invoke(lg.types.Command(resume="yes"), THREAD)]


@script("1.10 time travel", "1.7 saver modes")
def an_old_checkpoint_above_a_subgraph_with_a_memory(lg):
    def count(state: Trail):
        return {"trail": [len(state["trail"])]}

    sub = chain(lg, Trail, count).compile(checkpointer=True)

    def call(state: Trail):
        return {"trail": [str(sub.invoke({"trail": ["in"]})["trail"])]}

    graph = wire(lg, Trail, {"call": call} | many("az"), "START a call z").compile(checkpointer=saver(lg))
    seen = [graph.invoke({"trail": []}, THREAD), graph.invoke({"trail": []}, THREAD)]
    old = [shown.config for shown in graph.get_state_history(THREAD) if shown.next == ("call",)]
    return [*seen, graph.invoke(None, old[0]), graph.invoke(None, old[1])]


@script("1.10 time travel", "1.10 update state", "1.7 state")
def a_subgraphs_past_is_changed_and_gone_on_with(lg):
    sub = wire(lg, Trail, many("st") | {"ask": asks(lg, "ok?")}, "START s t ask").compile()
    graph = wire(lg, Trail, {"sub": sub} | many("z"), "START sub z").compile(checkpointer=saver(lg))
    graph.invoke({"trail": []}, THREAD)
    below = graph.get_state(THREAD).tasks[0].state
    old = next(shown.config for shown in graph.get_state_history(below) if shown.next == ("t",))
    there = graph.update_state(old, {"trail": ["changed"]}, as_node="s")
    return [graph.invoke(None, there), graph.invoke(lg.types.Command(resume="yes"), THREAD)]


@script("1.10 history", "1.6 breakpoints")
def a_history_is_read_while_a_run_goes_on(lg):
    graph = wire(lg, Trail, many("abc"), "START a b c").compile(checkpointer=saver(lg), interrupt_before="*")
    graph.invoke({"trail": []}, THREAD)
    seen = [len(list(graph.get_state_history(THREAD)))]
    for _ in range(3):
        graph.invoke(None, THREAD)
        seen.append(len(list(graph.get_state_history(THREAD))))
    return seen


@script("1.8 entrypoint", "1.6 breakpoints", "1.10 update state")
def an_entrypoint_is_changed_from_outside(lg):
    @lg.func.entrypoint(checkpointer=saver(lg))
    def run(number: int, *, previous: Any = None) -> list[Any]:
        return [number, previous]

    seen = [run.invoke(1, THREAD)]
    seen.append(attempted(lambda: run.update_state(THREAD, 9) and None))
    return [*seen, run.get_state(THREAD).values, run.invoke(2, THREAD)]


@script("1.8 task", "1.5 timeout")
async def a_task_with_a_timeout(lg):
    @lg.func.task(timeout=0.03)
    async def hang(number: int) -> int:
        await asyncio.Event().wait()
        return number

    @lg.func.entrypoint()
    async def run(number: int) -> str:
        try:
            return str(await hang(number))
        except lg.errors.NodeTimeoutError as error:
            return f"{error.node} {error.kind}"

    return await run.ainvoke(1)
