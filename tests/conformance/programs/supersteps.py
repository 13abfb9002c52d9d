"""1.3: what a step is, in which order its writes are folded, what is kept when it fails."""

import asyncio
import operator
import threading
from typing import Annotated, Any, TypedDict

from conformance.calls import answer, proceed, start
from conformance.parts import EMPTY, THREAD, Trail, leaves, many, saver
from conformance.program import flow, script
from conformance.wiring import chain, wire


class Count(TypedDict):
    count: int
    trail: Annotated[list[str], operator.add]


def failing_once(message: str) -> Any:
    """Return a node that fails the first time."""
    tries: list[int] = []

    def node(state):
        tries.append(1)
        if len(tries) == 1:
            raise ValueError(message)
        return {"trail": [f"try {len(tries)}"]}

    return node


@flow("1.3 plan", "1.3 order", calls=[EMPTY])
def nodes_of_one_step_are_folded_by_name(lg):
    return wire(lg, Trail, many("cab"), "START c", "START a", "START b")


@script("1.3 order", "1.9 updates")
def updates_come_by_completion_and_are_folded_by_path(lg):
    done = threading.Event()

    def a(state: Trail):
        assert done.wait(10)
        return {"trail": ["a"]}

    def b(state: Trail):
        return {"trail": ["b"]}

    graph = wire(lg, Trail, {"a": a, "b": b}, "START a", "START b").compile()
    seen = []
    for mode, chunk in graph.stream({"trail": []}, stream_mode=["updates", "values", "custom"]):
        seen.append((mode, chunk))
        if chunk == {"b": {"trail": ["b"]}}:
            done.set()
    return seen


@flow("1.3 plan", "1.3 step numbers", calls=[EMPTY, EMPTY])
def a_node_fires_once_for_each_step_that_triggers_it(lg):
    return wire(lg, Trail, many("abcd"), "START a b c d", "a d", "b d")


@flow("1.3 plan", calls=[EMPTY])
def a_node_nobody_leads_to_never_runs(lg):
    return wire(lg, Trail, many("abz"), "START a b")


@script("1.3 task id", "1.3 plan")
def task_ids_are_the_same_when_a_checkpoint_runs_again(lg):
    seen: list[str] = []

    def a(state: Trail, runtime: lg.runtime.Runtime):
        seen.append(runtime.execution_info.task_id)
        if len(seen) == 1:
            raise ValueError("once")
        return {"trail": ["a"]}

    graph = chain(lg, Trail, a).compile(checkpointer=saver(lg))
    try:
        graph.invoke({"trail": []}, THREAD)
    except ValueError:
        pending = graph.get_state(THREAD).tasks[0].id
    graph.invoke(None, THREAD)
    return [len(set(seen)), pending == seen[0]]


@script("1.3 task id")
def task_ids_differ_between_sends(lg):
    def w(given, runtime: lg.runtime.Runtime):
        return {"trail": [runtime.execution_info.task_id]}

    builder = wire(lg, Trail, {"w": w}, "w END")
    builder.add_conditional_edges(lg.graph.START, lambda state: [lg.types.Send("w", 1)] * 4)
    return len(set(builder.compile(checkpointer=saver(lg)).invoke({"trail": []}, THREAD)["trail"]))


@flow("1.3 together", calls=[EMPTY])
def tasks_of_a_step_see_the_state_before_it(lg):
    def counts(name: str) -> Any:
        return lambda state: {"trail": [f"{name}{len(state['trail'])}"]}

    return wire(lg, Trail, {name: counts(name) for name in "abc"}, "START a c", "START b")


@flow("1.3 together", "1.4 conditional", calls=[EMPTY])
def a_router_sees_its_own_tasks_writes_only(lg):
    def look(state):
        return f"saw{len(state['trail'])}"

    builder = wire(
        lg, Trail, many("ab") | {f"saw{n}": leaves(f"saw{n}") for n in range(4)}, "START a", "START b"
    )
    builder.add_conditional_edges("a", look)
    builder.add_conditional_edges("b", look)
    return builder


@flow("1.3 together", "1.4 conditional", calls=[start({"count": 0, "trail": []})])
def a_router_sees_its_nodes_new_value(lg):
    def up(state: Count):
        return {"count": state["count"] + 1, "trail": [str(state["count"])]}

    builder = wire(lg, Count, {"up": up}, "START up")
    builder.add_conditional_edges("up", lambda state: "up" if state["count"] < 3 else lg.graph.END)
    return builder


@script("1.3 pending writes", "1.3 failure")
def a_finished_sibling_is_not_run_again(lg):
    runs: list[str] = []

    kept = threading.Event()

    def good(state: Trail):
        runs.append("good")
        return {"trail": ["good"]}

    def bad(state: Trail):
        runs.append("bad")
        assert kept.wait(10)
        if runs.count("bad") == 1:
            raise ValueError("once")
        return {"trail": ["bad"]}

    graph = wire(lg, Trail, {"good": good, "bad": bad}, "START good", "START bad").compile(
        checkpointer=saver(lg)
    )
    try:
        for _ in graph.stream({"trail": []}, THREAD, stream_mode="updates", subgraphs=True):
            kept.set()
    except ValueError as error:
        seen = [error, graph.get_state(THREAD)]
    return [*seen, graph.invoke(None, THREAD), sorted(runs), list(graph.get_state_history(THREAD))]


@script("1.3 pending writes", "1.3 failure")
def a_slow_sibling_of_a_failed_task_is_waited_for(lg):
    failed = threading.Event()
    runs: list[str] = []

    def slow(state: Trail):
        assert failed.wait(10)
        runs.append("slow")
        return {"trail": ["slow"]}

    def bad(state: Trail):
        runs.append("bad")
        failed.set()
        if runs.count("bad") == 1:
            raise ValueError("once")
        return {"trail": ["bad"]}

    graph = wire(lg, Trail, {"slow": slow, "bad": bad}, "START slow", "START bad").compile(
        checkpointer=saver(lg)
    )
    try:
        graph.invoke({"trail": []}, THREAD)
    except ValueError as error:
        seen = [error]
    return [*seen, graph.invoke(None, THREAD), runs.count("bad")]  # a slow one may run again


@script("1.3 failure", "1.3 pending writes")
async def siblings_on_a_loop_are_cancelled_when_one_fails(lg):
    runs: list[str] = []
    began, may_end = asyncio.Event(), asyncio.Event()

    async def slow(state: Trail):
        runs.append("slow")
        began.set()
        await may_end.wait()
        return {"trail": ["slow"]}

    async def bad(state: Trail):
        await began.wait()
        runs.append("bad")
        if runs.count("bad") == 1:
            raise ValueError("once")
        return {"trail": ["bad"]}

    graph = wire(lg, Trail, {"slow": slow, "bad": bad}, "START slow", "START bad").compile(
        checkpointer=saver(lg)
    )
    try:
        await graph.ainvoke({"trail": []}, THREAD)
    except ValueError as error:
        seen = [error, (await graph.aget_state(THREAD)).next]
    may_end.set()
    return [*seen, await graph.ainvoke(None, THREAD), sorted(runs)]


@flow("1.3 failure", "1.3 pending writes", calls=[EMPTY, proceed()], remembers=True)
def a_failed_step_is_tried_again(lg):
    return wire(lg, Trail, many("ac") | {"b": failing_once("first time")}, "START a b c")


@flow("1.3 failure", "1.3 new input", calls=[EMPTY, start({"trail": ["new"]})], remembers=True)
def a_new_input_after_a_failure_begins_at_the_start(lg):
    return wire(lg, Trail, many("ac") | {"b": failing_once("first time")}, "START a b c")


@flow("1.3 new input", "1.6 interrupt", calls=[EMPTY, start({"trail": ["new"]}), answer("yes")])
def a_new_input_discards_an_interrupt(lg):
    def ask(state: Trail):
        return {"trail": [lg.types.interrupt(f"after {len(state['trail'])}?")]}

    return wire(lg, Trail, many("a") | {"ask": ask}, "START a ask")


@flow("1.3 new input", calls=[EMPTY, start({})])
def an_empty_dict_is_an_input(lg):
    return wire(lg, Trail, many("ab"), "START a b")


@flow("1.3 new input", calls=[proceed()])
def none_on_a_fresh_thread_is_refused(lg):
    return wire(lg, Trail, many("ab"), "START a b")


@flow("1.3 new input", "1.3 cumulative", calls=[EMPTY, proceed(), proceed()])
def none_on_a_thread_that_ended_does_nothing(lg):
    return wire(lg, Trail, many("ab"), "START a b")


@flow("1.3 new input", calls=[start({"unknown": 1})])
def an_input_of_unknown_keys_only(lg):
    return wire(lg, Trail, many("ab"), "START a b")


@flow(
    "1.3 cumulative",
    "1.3 step numbers",
    calls=[start({"trail": ["1"]}), start({"trail": ["2"]}), start({"trail": ["3"]})],
)
def a_thread_goes_on_from_its_last_values(lg):
    return wire(lg, Trail, many("a"), "START a")


@flow("1.3 cumulative", calls=[start({"count": 1, "trail": []}), start({"trail": ["x"]})])
def a_plain_key_keeps_its_value_over_inputs(lg):
    def up(state: Count):
        return {"count": state["count"] + 1}

    return chain(lg, Count, up)


@script("1.3 cumulative")
def threads_of_one_saver_are_apart(lg):
    graph = wire(lg, Trail, many("a"), "START a").compile(checkpointer=saver(lg))
    seen = [graph.invoke({"trail": [name]}, {"configurable": {"thread_id": name}}) for name in "xyx"]
    return [*seen, graph.get_state({"configurable": {"thread_id": "never"}})]


@flow("1.3 checkpoint", "1.3 step numbers", calls=[EMPTY])
def a_checkpoint_for_each_step(lg):
    return wire(lg, Trail, many("abcde"), "START a b c d e")


@flow("1.3 checkpoint", "1.3 step numbers", calls=[start({"trail": ["x"]})])
def checkpoints_with_a_router_at_the_start(lg):
    builder = wire(lg, Trail, many("ab"), "a b")
    builder.add_conditional_edges(lg.graph.START, lambda state: "a")
    return builder


@flow("1.3 checkpoint", "1.4 send", calls=[EMPTY])
def checkpoints_of_a_fan_out(lg):
    builder = wire(lg, Trail, many("a") | {"w": lambda n: {"trail": [str(n)]}}, "START a", "w END")
    builder.add_conditional_edges("a", lambda state: [lg.types.Send("w", n) for n in (1, 2)])
    return builder
