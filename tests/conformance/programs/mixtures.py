"""Features together: what one of them does to another."""

import asyncio
import operator
from functools import partial
from typing import Annotated, Any, TypedDict

from conformance.calls import answer, answer_each, proceed, start, tell, update
from conformance.program import flow, script
from conformance.wiring import chain, wire


class Trail(TypedDict):
    trail: Annotated[list[Any], operator.add]


class Work(TypedDict, total=False):
    trail: Annotated[list[Any], operator.add]
    todo: list[str]
    done: Annotated[dict[str, int], operator.or_]


EMPTY = start({"trail": []})
THREAD = {"configurable": {"thread_id": "1"}}


class FlawError(Exception):
    """What a flaky node raises."""


def leaves(name: str) -> Any:
    def node(state):
        return {"trail": [name]}

    return node


def many(names: str) -> dict[str, Any]:
    return {name: leaves(name) for name in names}


def asks(lg, question: str) -> Any:
    def node(state):
        return {"trail": [f"{question}={lg.types.interrupt(question)}"]}

    return node


def saver(lg) -> Any:
    return lg.checkpoint.memory.InMemorySaver()


def attempted(run: Any) -> Any:
    """Return what a call gives or raises."""
    try:
        return run()
    except Exception as error:  # noqa: BLE001 - what is compared
        return error


@flow("1.4 conditional", "1.6 interrupt", calls=[EMPTY, answer("b")])
def a_router_asks(lg):
    builder = wire(lg, Trail, many("abc"), "START a")
    builder.add_conditional_edges("a", lambda state: lg.types.interrupt("where to?"))
    return builder


@flow("1.4 defer", "1.6 interrupt", calls=[EMPTY, answer("yes")])
def a_deferred_node_waits_for_a_question(lg):
    nodes = many("ab") | {"ask": asks(lg, "ok?"), "d": (leaves("d"), {"defer": True})}
    return wire(lg, Trail, nodes, "START a d", "START ask b d")


@flow("1.4 join", "1.6 interrupt", calls=[EMPTY, answer("yes")])
def a_join_over_a_question(lg):
    return wire(lg, Trail, many("aj") | {"ask": asks(lg, "ok?")}, "START a", "START ask", "a+ask j")


@flow("1.4 join", "1.3 failure", calls=[EMPTY, proceed()], remembers=True)
def a_join_over_a_failure(lg):
    tries: list[int] = []

    def bad(state):
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("once")
        return {"trail": ["bad"]}

    return wire(lg, Trail, many("abj") | {"bad": bad}, "START a bad", "a b", "b+bad j")


@flow("1.4 send", "1.4 join", calls=[EMPTY])
def sends_and_a_join(lg):
    builder = wire(lg, Trail, many("bj") | {"w": lambda n: {"trail": [n]}}, "START b", "w+b j")
    builder.add_conditional_edges(lg.graph.START, lambda state: [lg.types.Send("w", n) for n in (2, 1)])
    return builder


@flow("1.4 send", "1.7 as node", calls=[EMPTY])
def sends_to_a_subgraph(lg):
    sub = wire(lg, Trail, {"s": lambda state: {"trail": [f"s{len(state['trail'])}"]}}, "START s").compile()
    builder = wire(lg, Trail, {"sub": sub, "e": leaves("e")}, "sub e")
    sends = [lg.types.Send("sub", {"trail": ["x"] * n}) for n in (2, 0, 1)]
    builder.add_conditional_edges(lg.graph.START, lambda state: sends)
    return builder


@flow(
    "1.4 send", "1.6 resume", "1.7 as node", calls=[EMPTY, answer_each({"q1": "B"}), answer_each({"q0": "A"})]
)
def sends_to_a_subgraph_that_asks(lg):
    def ask(state: Trail):
        number = state["trail"][0]
        return {"trail": [lg.types.interrupt(f"q{number}")]}

    sub = chain(lg, Trail, ask).compile()
    builder = wire(lg, Trail, {"sub": sub, "e": leaves("e")}, "sub e")
    builder.add_conditional_edges(
        lg.graph.START, lambda state: [lg.types.Send("sub", {"trail": [n]}) for n in (0, 1)]
    )
    return builder


@flow("1.4 parent", "1.4 send", "1.7 as node", calls=[EMPTY])
def a_subgraph_sends_in_its_parent(lg):
    def leave(state: Trail):
        sends = [lg.types.Send("w", n) for n in (1, 2)]
        return lg.types.Command(graph=lg.types.Command.PARENT, update={"trail": ["up"]}, goto=sends)

    sub = chain(lg, Trail, leave).compile()
    return wire(lg, Trail, {"sub": sub, "w": lambda n: {"trail": [n]}}, "START sub")


@flow("1.4 parent", "1.6 interrupt", "1.7 as node", calls=[EMPTY, answer("yes")])
def a_subgraph_commands_its_parent_after_a_question(lg):
    def leave(state: Trail):
        given = lg.types.interrupt("leave?")
        return lg.types.Command(graph=lg.types.Command.PARENT, update={"trail": [given]}, goto="b")

    return wire(lg, Trail, {"sub": chain(lg, Trail, leave).compile()} | many("bc"), "START sub c")


@flow("1.4 command", "1.6 interrupt", calls=[EMPTY, answer("c"), answer("b")])
def a_question_decides_where_to_go(lg):
    def ask(state: Trail):
        target = lg.types.interrupt(f"where to after {len(state['trail'])}?")
        return lg.types.Command(update={"trail": [target]}, goto=target)

    return wire(lg, Trail, {"ask": ask} | many("bc"), "START ask", "c ask")


@flow("1.4 input command", "1.6 resume", calls=[EMPTY, tell(goto="b"), answer("yes")])
def a_command_goes_elsewhere_while_a_question_is_open(lg):
    return wire(lg, Trail, {"ask": asks(lg, "ok?")} | many("bc"), "START ask c")


@flow("1.4 input command", "1.6 resume", calls=[EMPTY, tell(resume="yes", goto="b")])
def an_answer_with_a_target(lg):
    return wire(lg, Trail, {"ask": asks(lg, "ok?")} | many("bc"), "START ask c")


@flow("1.5 retry", "1.6 resume", calls=[EMPTY, answer("yes")], remembers=True)
def a_node_that_is_retried_after_an_answer(lg):
    tries: list[str] = []

    def ask(state: Trail):
        given = lg.types.interrupt("ok?")
        tries.append(given)
        if len(tries) < 3:
            raise FlawError(len(tries))
        return {"trail": [given, len(tries)]}

    policy = lg.types.RetryPolicy(initial_interval=0.001, jitter=False)
    return wire(lg, Trail, {"ask": (ask, {"retry_policy": policy}), "z": leaves("z")}, "START ask z")


@flow("1.5 handler", "1.4 send", calls=[EMPTY])
def a_handler_of_sent_tasks(lg):
    def w(n):
        if n % 2:
            raise FlawError(f"odd {n}")
        return {"trail": [n]}

    def handle(given, error: lg.errors.NodeError):
        return {"trail": [f"handled {given} {error.error}"]}

    builder = wire(lg, Trail, {"w": (w, {"error_handler": handle}), "e": leaves("e")}, "w e")
    builder.add_conditional_edges(lg.graph.START, lambda state: [lg.types.Send("w", n) for n in range(4)])
    return builder


@flow("1.5 handler", "1.7 as node", calls=[EMPTY])
def a_handler_of_a_subgraph(lg):
    def bad(state: Trail):
        raise FlawError("below")

    def handle(state: Trail, error: lg.errors.NodeError):
        return {"trail": [f"{error.node} {error.error}"]}

    sub = chain(lg, Trail, bad).compile()
    return wire(lg, Trail, {"sub": (sub, {"error_handler": handle}), "z": leaves("z")}, "START sub z")


@flow(
    "1.5 handler", "1.6 breakpoints", calls=[EMPTY, proceed()], options=lambda _: {"interrupt_before": ["z"]}
)
def a_handler_and_a_breakpoint(lg):
    def bad(state: Trail):
        raise FlawError("bad")

    handler = lambda state: lg.types.Command(update={"trail": ["handled"]}, goto="z")  # noqa: E731 - a router of one line
    return wire(lg, Trail, {"bad": (bad, {"error_handler": handler}), "z": leaves("z")}, "START bad")


@flow("1.5 retry", "1.7 as node", calls=[EMPTY], remembers=True)
def a_subgraph_is_retried_as_a_whole(lg):
    tries: list[int] = []

    def bad(state: Trail):
        tries.append(1)
        if len(tries) < 3:
            raise FlawError
        return {"trail": [len(tries)]}

    sub = wire(lg, Trail, {"first": leaves("first"), "bad": bad}, "START first bad").compile()
    policy = lg.types.RetryPolicy(initial_interval=0.001, jitter=False)
    return wire(lg, Trail, {"sub": (sub, {"retry_policy": policy})}, "START sub")


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
