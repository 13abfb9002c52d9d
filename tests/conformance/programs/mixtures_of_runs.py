"""Features together: breakpoints, changes from outside, old checkpoints, streams and tasks."""

import asyncio
import operator
from functools import partial
from typing import Annotated, Any, TypedDict

from conformance.calls import answer, proceed, start, update
from conformance.parts import EMPTY, THREAD, FlawError, Trail, asks, attempted, leaves, many, saver
from conformance.program import flow, script
from conformance.wiring import chain, wire


class Work(TypedDict, total=False):
    trail: Annotated[list[Any], operator.add]
    todo: list[str]
    done: Annotated[dict[str, int], operator.or_]


@flow(
    "1.6 breakpoints",
    "1.6 interrupt",
    calls=[EMPTY, proceed(), answer("yes")],
    options=lambda _: {"interrupt_before": ["ask"]},
)
def a_breakpoint_before_a_question(lg):
    return wire(lg, Trail, many("az") | {"ask": asks(lg, "ok?")}, "START a ask z")


@flow("1.6 breakpoints", "1.4 send", calls=[EMPTY, proceed()], options=lambda _: {"interrupt_before": ["w"]})
def a_breakpoint_before_sent_tasks(lg):
    builder = wire(lg, Trail, many("a") | {"w": lambda n: {"trail": [n]}}, "START a")
    builder.add_conditional_edges("a", lambda state: [lg.types.Send("w", n) for n in (1, 2)])
    return builder


@flow(
    "1.6 breakpoints",
    "1.3 new input",
    calls=[EMPTY, start({"trail": ["new"]}), proceed()],
    options=lambda _: {"interrupt_after": ["a"]},
)
def a_new_input_at_a_breakpoint(lg):
    return wire(lg, Trail, many("ab"), "START a b")


@flow("1.10 update state", "1.4 join", calls=[EMPTY, update({"trail": ["as a"]}, as_node="a"), proceed()])
def a_change_as_one_side_of_a_join(lg):
    return wire(lg, Trail, many("abj"), "START a", "START b", "a+b j")


@flow("1.10 update state", "1.4 send", calls=[EMPTY, update({"trail": ["as a"]}, as_node="a"), proceed()])
def a_change_as_a_node_that_sends(lg):
    builder = wire(lg, Trail, many("a") | {"w": lambda n: {"trail": [n]}}, "START a")
    builder.add_conditional_edges("a", lambda state: [lg.types.Send("w", len(state["trail"]))])
    return builder


@flow("1.10 time travel", "1.4 send", calls=[EMPTY, proceed(at=("w", "w"))])
def sent_tasks_are_run_again_from_an_old_checkpoint(lg):
    builder = wire(lg, Trail, many("ae") | {"w": lambda n: {"trail": [n]}}, "START a", "w e")
    builder.add_conditional_edges("a", lambda state: [lg.types.Send("w", n) for n in (1, 2)])
    return builder


@flow(
    "1.10 time travel",
    "1.10 update state",
    calls=[EMPTY, update({"trail": ["as b"]}, as_node="b", at=("b",)), proceed()],
)
def a_branch_in_the_place_of_a_node(lg):
    return wire(lg, Trail, many("abc"), "START a b c")


@flow("1.10 time travel", calls=[EMPTY, start({"trail": ["again"]}), proceed(at=("c",))])
def the_newest_of_two_old_checkpoints(lg):
    return wire(lg, Trail, many("abc"), "START a b c")


@flow("1.10 durability", "1.7 as node", calls=[start({"trail": []}, durability="exit")])
def durability_exit_with_a_subgraph(lg):
    sub = wire(lg, Trail, many("st"), "START s t").compile()
    return wire(lg, Trail, {"sub": sub} | many("z"), "START sub z")


@flow("1.3 plan", "1.4 send", calls=[start({"todo": ["x", "y"]})])
def a_worker_loop_with_a_queue(lg):
    def pick(state: Work):
        return {
            "todo": state["todo"][1:],
            "trail": [state["todo"][0]],
            "done": {state["todo"][0]: len(state["todo"])},
        }

    def more(state: Work):
        return "pick" if state["todo"] else lg.graph.END

    builder = wire(lg, Work, {"pick": pick}, "START pick")
    builder.add_conditional_edges("pick", more)
    return builder


@flow("1.3 order", "1.4 send", calls=[EMPTY])
def a_wide_fan_out_of_two_waves(lg):
    def fan(state):
        return [lg.types.Send("w", n) for n in range(30)]

    def w(n):
        return lg.types.Command(update={"trail": [n]}, goto=[lg.types.Send("v", -n)] if n % 7 == 0 else [])

    builder = wire(
        lg, Trail, {"w": w, "v": lambda n: {"trail": [n]}, "e": (leaves("e"), {"defer": True})}, "w e", "v e"
    )
    builder.add_conditional_edges(lg.graph.START, fan)
    return builder


@flow("1.3 order", "1.4 edges", calls=[EMPTY])
def a_long_chain(lg):
    names = [f"n{number:02}" for number in range(40)]
    return wire(lg, Trail, {name: leaves(name) for name in names}, " ".join(["START", *names]))


class Doer:
    """A node that is an object."""

    def __init__(self, word: str) -> None:
        self.word = word

    def __call__(self, state: Trail) -> dict[str, Any]:
        return {"trail": [self.word]}

    def method(self, state: Trail) -> dict[str, Any]:
        return {"trail": [f"method of {self.word}"]}

    async def later(self, state: Trail) -> dict[str, Any]:
        return {"trail": [f"later {self.word}"]}


def named(word: str, state: Trail) -> dict[str, Any]:
    return {"trail": [word]}


@flow("1.1 injected", "1.4 edges", calls=[EMPTY])
def nodes_of_every_kind_of_callable(lg):
    nodes = {
        "object": Doer("o"),
        "method": Doer("m").method,
        "partial": partial(named, "p"),
        "lambda": lambda s: {"trail": ["l"]},
    }
    return wire(lg, Trail, nodes, "START object method partial lambda")


@flow("1.1 injected", calls=[EMPTY], is_async=True)
def an_async_method_as_a_node(lg):
    return wire(lg, Trail, {"later": Doer("x").later, "sync": leaves("sync")}, "START later sync")


@script("1.1 injected", "1.11 compile")
def an_async_node_in_a_sync_call(lg):
    return wire(lg, Trail, {"later": Doer("x").later}, "START later").compile().invoke({"trail": []})


@script("1.1 injected", "1.4 conditional")
def routers_get_parameters_too(lg):
    def route(state: Trail, config: lg.types.RunnableConfig, *, runtime: lg.runtime.Runtime):
        return config["configurable"]["to"] if runtime.context is None else "c"

    builder = wire(lg, Trail, many("abc"), "START a")
    builder.add_conditional_edges("a", route)
    return builder.compile().invoke({"trail": []}, {"configurable": {"to": "b"}})


@script("1.3 pending writes", "1.9 values")
def a_stream_that_is_left_early_can_be_gone_on_with(lg):
    graph = wire(lg, Trail, many("abc"), "START a b c").compile(checkpointer=saver(lg))
    for chunk in graph.stream({"trail": []}, THREAD, stream_mode="values", durability="sync"):
        if chunk["trail"] == ["a"]:
            break
    return [graph.get_state(THREAD).values["trail"][:1], graph.invoke(None, THREAD)]


@script("1.6 interrupt", "1.3 together")
async def questions_gathered_in_one_node(lg):
    async def one(name: str) -> str:
        await asyncio.sleep(0)
        return lg.types.interrupt(name)

    async def ask(state: Trail):
        return {"trail": [await one("first?"), await one("second?")]}

    graph = chain(lg, Trail, ask).compile(checkpointer=saver(lg))
    seen = [await graph.ainvoke({"trail": []}, THREAD)]
    seen.append(await graph.ainvoke(lg.types.Command(resume=1), THREAD))
    return [*seen, await graph.ainvoke(lg.types.Command(resume=2), THREAD)]


@script("1.7 state", "1.6 interrupt")
def states_two_levels_down(lg):
    ground = wire(lg, Trail, {"g": leaves("g"), "ask": asks(lg, "deep?")}, "START g ask").compile()
    middle = wire(lg, Trail, {"m": leaves("m"), "ground": ground}, "START m ground").compile()
    graph = wire(lg, Trail, {"middle": middle}, "START middle").compile(checkpointer=saver(lg))
    graph.invoke({"trail": []}, THREAD)
    return graph.get_state(THREAD, subgraphs=True)


@script("1.9 several", "1.7 as node", "1.6 surfacing")
def every_mode_two_levels_down(lg):
    ground = wire(lg, Trail, {"g": leaves("g"), "ask": asks(lg, "deep?")}, "START g ask").compile()
    middle = wire(lg, Trail, {"m": leaves("m"), "ground": ground}, "START m ground").compile()
    graph = wire(lg, Trail, {"middle": middle, "z": leaves("z")}, "START middle z").compile(
        checkpointer=saver(lg)
    )
    modes = ["values", "updates", "custom"]
    seen = list(graph.stream({"trail": []}, THREAD, stream_mode=modes, subgraphs=True))
    return [seen, list(graph.stream(lg.types.Command(resume="y"), THREAD, stream_mode=modes, subgraphs=True))]


@script("1.8 task", "1.3 failure")
def one_of_several_tasks_fails_and_is_tried_again(lg):
    runs: list[int] = []

    @lg.func.task
    def work(number: int) -> int:
        runs.append(number)
        if number == 2 and runs.count(2) == 1:
            raise FlawError("two")
        return number * 10

    @lg.func.entrypoint(checkpointer=saver(lg))
    def run(count: int) -> list[int]:
        return [work(number).result() for number in range(count)]

    return [
        attempted(lambda: run.invoke(4, THREAD)),
        run.get_state(THREAD).next,
        run.invoke(None, THREAD),
        runs,
    ]


@script("1.8 task", "1.6 resume")
async def questions_of_tasks_side_by_side(lg):
    @lg.func.task
    async def ask(name: str) -> str:
        return f"{name}={lg.types.interrupt(name)}"

    @lg.func.entrypoint(checkpointer=saver(lg))
    async def run(names: list[str]) -> list[str]:
        return list(await asyncio.gather(*(ask(name) for name in names)))

    first = await run.ainvoke(["a", "b"], THREAD)
    asked = {question.value: question.id for question in first["__interrupt__"]}
    return [
        sorted(asked),
        await run.ainvoke(lg.types.Command(resume={asked[name]: name.upper() for name in asked}), THREAD),
    ]


@script("1.8 entrypoint", "1.9 tasks")
def an_entrypoint_in_every_mode(lg):
    @lg.func.task
    def double(number: int) -> int:
        return number * 2

    @lg.func.entrypoint(checkpointer=saver(lg))
    def run(number: int) -> int:
        lg.config.get_stream_writer()("working")
        return double(number).result() + 1

    modes = ["values", "updates", "custom", "tasks"]
    return [
        (
            mode,
            {key: item for key, item in chunk.items() if key not in ("metadata", "triggers")}
            if mode == "tasks"
            else chunk,
        )
        for mode, chunk in run.stream(3, THREAD, stream_mode=modes)
    ]
