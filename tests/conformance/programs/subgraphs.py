"""1.7: graphs in graphs."""

import operator
from typing import Annotated, Any, TypedDict

from conformance.calls import answer, answer_each, proceed, start
from conformance.parts import THREAD, Trail, asks, leaves, saver
from conformance.program import flow, script
from conformance.wiring import chain, wire


class Other(TypedDict):
    count: int
    log: Annotated[list[str], operator.add]


EMPTY = start({"trail": ["i"]})


def lower(lg, **nodes: Any) -> Any:
    """Return a builder of these nodes one after the other."""
    return wire(lg, Trail, nodes, " ".join(["START", *nodes]))


@flow("1.7 as node", calls=[EMPTY])
def shared_reducer_keys_are_applied_again(lg):
    sub = lower(lg, s1=leaves("s1")).compile()
    return wire(lg, Trail, {"sub": sub, "r": leaves("R")}, "START sub r")


@flow("1.7 as node", "1.1 private state", calls=[start({"trail": ["i"]})])
def keys_of_a_subgraph_are_mapped_by_name(lg):
    class Mine(TypedDict):
        trail: list[Any]
        own: str

    def a(state: Mine):
        return {"own": "secret", "trail": ["replaced"]}

    def b(state: Mine):
        return {"trail": [*state["trail"], state["own"]]}

    return wire(lg, Trail, {"sub": chain(lg, Mine, a, b).compile(), "r": leaves("R")}, "START sub r")


@flow("1.7 as node", calls=[EMPTY])
def graphs_three_deep(lg):
    ground = lower(lg, g=leaves("g")).compile()
    middle = wire(lg, Trail, {"ground": ground, "m": leaves("m")}, "START ground m").compile()
    return wire(lg, Trail, {"middle": middle, "t": leaves("t")}, "START middle t")


@flow("1.7 as node", calls=[EMPTY])
def two_subgraphs_side_by_side(lg):
    nodes = {name: lower(lg, inner=leaves(name)).compile() for name in ("left", "right")}
    return wire(lg, Trail, nodes | {"j": leaves("j")}, "START left", "START right", "left+right j")


@flow("1.7 as node", "1.3 failure", calls=[EMPTY, proceed()], remembers=True)
def a_failed_node_of_a_subgraph(lg):
    tries: list[int] = []

    def bad(state):
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("below")
        return {"trail": ["good"]}

    sub = lower(lg, s1=leaves("s1"), bad=bad).compile()
    return wire(lg, Trail, {"a": leaves("a"), "sub": sub}, "START a sub")


@flow("1.7 as node", "1.6 interrupt", calls=[EMPTY, answer("yes")], remembers=True)
def a_question_of_a_subgraph(lg):
    sub = lower(lg, s1=leaves("s1"), ask=asks(lg, "ok?"), s3=leaves("s3")).compile()
    return wire(lg, Trail, {"a": leaves("a"), "sub": sub, "z": leaves("z")}, "START a sub z")


@flow("1.7 as node", "1.6 resume", calls=[EMPTY, answer("one"), answer("two")], remembers=True)
def two_questions_two_levels_down(lg):
    ground = lower(lg, g1=asks(lg, "first?"), g2=asks(lg, "second?")).compile()
    middle = wire(lg, Trail, {"m": leaves("m"), "ground": ground}, "START m ground").compile()
    return wire(lg, Trail, {"middle": middle, "t": leaves("t")}, "START middle t")


@flow(
    "1.7 as node",
    "1.6 resume",
    calls=[EMPTY, answer_each({"right?": "R"}), answer_each({"left?": "L"})],
    remembers=True,
)
def questions_of_two_subgraphs_answered_by_id(lg):
    nodes = {name: lower(lg, ask=asks(lg, f"{name}?")).compile() for name in ("left", "right")}
    return wire(lg, Trail, nodes | {"j": leaves("j")}, "START left", "START right", "left+right j")


@flow("1.7 as node", "1.6 breakpoints", calls=[EMPTY, proceed()])
def a_breakpoint_in_a_subgraph(lg):
    sub = lower(lg, s1=leaves("s1"), s2=leaves("s2")).compile(interrupt_before=["s2"])
    return wire(lg, Trail, {"sub": sub, "z": leaves("z")}, "START sub z")


@flow("1.7 called", calls=[EMPTY])
def a_graph_called_in_a_node(lg):
    def up(state: Other):
        return {"count": state["count"] + 1, "log": ["up"]}

    sub = chain(lg, Other, up).compile()

    def call(state: Trail):
        got = sub.invoke({"count": len(state["trail"]), "log": []})
        return {"trail": [got["count"], *got["log"]]}

    return wire(lg, Trail, {"call": call, "z": leaves("z")}, "START call z")


@flow("1.7 called", calls=[EMPTY])
def a_graph_called_twice_in_a_node(lg):
    sub = lower(lg, s=leaves("s")).compile()

    def call(state: Trail):
        return {"trail": sub.invoke({"trail": ["1"]})["trail"] + sub.invoke({"trail": ["2"]})["trail"]}

    return wire(lg, Trail, {"call": call}, "START call")


@flow("1.7 called", "1.6 interrupt", calls=[EMPTY, answer("yes")], remembers=True)
def the_calling_node_runs_again_and_the_subgraph_goes_on(lg):
    begun: list[str] = []

    def s1(state):
        begun.append("s1")
        return {"trail": ["s1"]}

    sub = lower(lg, s1=s1, ask=asks(lg, "ok?")).compile()

    def call(state: Trail):
        begun.append("P")
        return {"trail": sub.invoke({"trail": []})["trail"] + ["".join(begun)]}

    return wire(lg, Trail, {"call": call, "z": leaves("z")}, "START call z")


@flow(
    "1.7 called", "1.6 resume", calls=[EMPTY, answer("one"), answer("two"), answer("three")], remembers=True
)
def questions_before_in_and_after_a_called_graph(lg):
    sub = lower(lg, ask=asks(lg, "inside?")).compile()

    def call(state: Trail):
        before = lg.types.interrupt("before?")
        inside = sub.invoke({"trail": []})["trail"]
        return {"trail": [before, *inside, lg.types.interrupt("after?")]}

    return wire(lg, Trail, {"call": call}, "START call")


@flow("1.7 called", calls=[EMPTY], is_async=True)
def a_graph_called_on_a_loop(lg):
    async def s(state: Trail):
        return {"trail": ["s"]}

    sub = lower(lg, s=s).compile()

    async def call(state: Trail):
        return {"trail": (await sub.ainvoke({"trail": ["in"]}))["trail"]}

    return wire(lg, Trail, {"call": call, "z": leaves("z")}, "START call z")


@flow("1.7 called", "1.3 failure", calls=[EMPTY])
def the_calling_node_catches_what_the_subgraph_raises(lg):
    def bad(state):
        raise KeyError("below")

    sub = lower(lg, bad=bad).compile()

    def call(state: Trail):
        try:
            return sub.invoke({"trail": []})
        except KeyError as error:
            return {"trail": [repr(error)]}

    return wire(lg, Trail, {"call": call}, "START call")


@flow("1.7 saver modes", calls=[EMPTY, EMPTY])
def a_subgraph_begins_afresh_by_default(lg):
    def count(state: Trail):
        return {"trail": [len(state["trail"])]}

    sub = lower(lg, count=count).compile()

    def call(state: Trail):
        return {"trail": [sub.invoke({"trail": ["x"]})["trail"]]}

    return wire(lg, Trail, {"call": call}, "START call")


@flow("1.7 saver modes", calls=[EMPTY, EMPTY, EMPTY])
def a_subgraph_with_a_memory_of_its_thread(lg):
    def count(state: Trail):
        return {"trail": [len(state["trail"])]}

    sub = lower(lg, count=count).compile(checkpointer=True)

    def call(state: Trail):
        return {"trail": [sub.invoke({"trail": ["x"]})["trail"]]}

    return wire(lg, Trail, {"call": call}, "START call")


@flow("1.7 saver modes", calls=[EMPTY, EMPTY])
def a_subgraph_node_with_a_memory_of_its_thread(lg):
    class Mine(TypedDict):
        trail: list[Any]
        total: Annotated[int, operator.add]

    def count(state: Mine):
        return {"total": 1, "trail": [f"total {state['total']}"]}

    sub = chain(lg, Mine, count).compile(checkpointer=True)
    return wire(lg, Trail, {"sub": sub}, "START sub")


@flow("1.7 saver modes", calls=[EMPTY])
def a_subgraph_without_a_saver(lg):
    sub = lower(lg, s=leaves("s")).compile(checkpointer=False)
    return wire(lg, Trail, {"sub": sub, "z": leaves("z")}, "START sub z")


@flow("1.7 saver modes", "1.6 no saver", calls=[EMPTY, answer("yes")], remembers=True)
def a_question_of_a_subgraph_without_a_saver(lg):
    sub = lower(lg, s=leaves("s"), ask=asks(lg, "ok?")).compile(checkpointer=False)
    return wire(lg, Trail, {"sub": sub, "z": leaves("z")}, "START sub z")


@script("1.7 saver modes", "1.11 compile")
def a_root_graph_can_not_inherit_a_saver(lg):
    return lower(lg, s=leaves("s")).compile(checkpointer=True).invoke({"trail": []}, THREAD)


def _asking_below(lg) -> Any:
    sub = lower(lg, s1=leaves("s1"), ask=asks(lg, "ok?")).compile()
    return wire(lg, Trail, {"a": leaves("a"), "sub": sub}, "START a sub").compile(checkpointer=saver(lg))


@script("1.7 state", "1.10 get state")
def the_state_of_a_waiting_subgraph(lg):
    graph = _asking_below(lg)
    graph.invoke({"trail": []}, THREAD)
    return [graph.get_state(THREAD), graph.get_state(THREAD, subgraphs=True)]


@script("1.7 state")
def the_state_of_a_subgraph_that_ended(lg):
    graph = _asking_below(lg)
    graph.invoke({"trail": []}, THREAD)
    graph.invoke(lg.types.Command(resume="yes"), THREAD)
    return graph.get_state(THREAD, subgraphs=True)


@script("1.7 state", "1.10 update state")
def a_subgraphs_state_is_changed_by_its_config(lg):
    graph = _asking_below(lg)
    graph.invoke({"trail": []}, THREAD)
    below = graph.get_state(THREAD, subgraphs=True).tasks[0].state.config
    graph.update_state(below, {"trail": ["changed"]})
    seen = [graph.get_state(below).values, graph.get_state(THREAD, subgraphs=True).tasks[0].state.values]
    return [*seen, graph.invoke(lg.types.Command(resume="yes"), THREAD)]


@script("1.7 state", "1.10 history")
def the_history_of_a_subgraph(lg):
    graph = _asking_below(lg)
    graph.invoke({"trail": []}, THREAD)
    below = graph.get_state(THREAD).tasks[0].state
    seen = [(shown.values, shown.next, shown.metadata["step"]) for shown in graph.get_state_history(below)]
    return [below["configurable"]["checkpoint_ns"].partition(":")[0], seen]


@script("1.7 inherited", "1.10 store")
def a_subgraph_uses_its_parents_store(lg):
    def inner(state: Trail, *, store):
        return {"trail": [store.get(("s",), "k").value["v"]]}

    store = lg.store.memory.InMemoryStore()
    store.put(("s",), "k", {"v": "stored"})
    sub = chain(lg, Trail, inner).compile()
    return wire(lg, Trail, {"sub": sub}, "START sub").compile(store=store).invoke({"trail": []})


@script("1.7 inherited", "1.3 recursion limit")
def a_recursion_limit_counts_for_each_graph(lg):
    sub = lower(lg, **{f"s{n}": leaves(f"s{n}") for n in range(3)}).compile()
    builder = wire(lg, Trail, {"sub": sub, "z": leaves("z")}, "START sub z")
    seen = [builder.compile().invoke({"trail": []}, {"recursion_limit": 4})]
    try:
        builder.compile().invoke({"trail": []}, {"recursion_limit": 3})
    except Exception as error:  # noqa: BLE001 - what is compared
        seen.append(error)
    return seen


@script("1.7 inherited", "1.1 injected")
def a_subgraph_gets_the_callers_configurable(lg):
    def inner(state: Trail, config: lg.types.RunnableConfig):
        return {"trail": [config["configurable"]["tone"], config["tags"]]}

    sub = chain(lg, Trail, inner).compile()
    graph = wire(lg, Trail, {"sub": sub}, "START sub").compile()
    return graph.invoke({"trail": []}, {"configurable": {"tone": "warm"}, "tags": ["t"]})


@script("1.7 called", "1.7 saver modes")
def namespaces_of_calls(lg):
    seen: list[str] = []

    def inner(state: Trail, runtime: lg.runtime.Runtime):
        seen.append(runtime.execution_info.checkpoint_ns)
        return {"trail": ["s"]}

    sub = chain(lg, Trail, inner).compile()

    def call(state: Trail):
        return {"trail": sub.invoke({"trail": []})["trail"] + sub.invoke({"trail": []})["trail"]}

    wire(lg, Trail, {"call": call}, "START call").compile(checkpointer=saver(lg)).invoke(
        {"trail": []}, THREAD
    )
    return seen


@script("1.12 drawing", "1.7 as node")
def subgraphs_of_a_graph(lg):
    graph = _asking_below(lg)
    return [(name, type(sub).__name__ != "") for name, sub in graph.get_subgraphs()]
