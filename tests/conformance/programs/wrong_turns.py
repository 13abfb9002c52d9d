"""1.4 and 1.6: routers, Sends and answers that lead where nothing is, and calls in an odd order."""

from typing import Any

from conformance.calls import answer, answer_each, proceed, start, tell, update
from conformance.parts import EMPTY, THREAD, FlawError, Trail, asks, attempted, leaves, many, saver
from conformance.program import flow, script
from conformance.wiring import chain, wire


def routed(lg, choice: Any, path_map: Any = None) -> Any:
    """Return a builder whose node a is followed by a router that makes this choice."""
    builder = wire(lg, Trail, many("abc"), "START a")
    return builder.add_conditional_edges("a", lambda state: choice, path_map)


@script("1.4 send", "1.4 conditional")
def a_send_to_the_end(lg):
    return attempted(lambda: routed(lg, [lg.types.Send(lg.graph.END, {})]).compile().invoke({"trail": []}))


@script("1.4 conditional")
def a_router_to_the_start(lg):
    return attempted(lambda: routed(lg, lg.graph.START).compile().invoke({"trail": []}))


@script("1.4 conditional")
def an_answer_that_the_path_map_lacks(lg):
    return attempted(lambda: routed(lg, "nowhere", {"b": "b"}).compile().invoke({"trail": []}))


@flow("1.4 conditional", calls=[EMPTY])
def a_path_map_that_is_a_list(lg):
    return routed(lg, "b", ["b", "c"])


@flow("1.4 conditional", calls=[EMPTY])
def a_router_that_returns_nothing_in_a_list(lg):
    return routed(lg, [])


@flow("1.4 conditional", calls=[EMPTY])
def a_router_that_says_a_node_twice(lg):
    return routed(lg, ["b", "b", "c"])


@script("1.4 conditional")
def a_router_that_returns_a_number(lg):
    return attempted(lambda: routed(lg, 7).compile().invoke({"trail": []}))


@flow("1.4 conditional", "1.4 edges", calls=[EMPTY])
def a_router_beside_an_edge_to_the_same_node(lg):
    return routed(lg, ["b", "c"]).add_edge("a", "b")


@script("1.4 conditional", "1.3 failure")
def a_router_at_the_start_that_raises(lg):
    def enter(state: Trail):
        raise FlawError("no way in")

    builder = wire(lg, Trail, many("a"), "a END")
    builder.add_conditional_edges(lg.graph.START, enter)
    graph = builder.compile(checkpointer=saver(lg))
    return [attempted(lambda: graph.invoke({"trail": []}, THREAD))]


@flow("1.4 command", "1.4 conditional", calls=[EMPTY])
def a_command_beside_a_router(lg):
    builder = wire(
        lg,
        Trail,
        many("bcd") | {"a": lambda s: lg.types.Command(update={"trail": ["a"]}, goto="b")},
        "START a d",
    )
    return builder.add_conditional_edges("a", lambda state: "c")


@flow("1.4 command", "1.4 join", calls=[EMPTY])
def a_command_to_the_end_of_a_join(lg):
    nodes = many("bj") | {"a": lambda s: lg.types.Command(update={"trail": ["a"]}, goto="j")}
    return wire(lg, Trail, nodes, "START a", "START b", "a+b j")


@flow("1.4 command", calls=[EMPTY])
def a_node_that_goes_to_itself(lg):
    def again(state: Trail):
        goto = "again" if len(state["trail"]) < 3 else lg.graph.END
        return lg.types.Command(update={"trail": [len(state["trail"])]}, goto=goto)

    return wire(lg, Trail, {"again": again}, "START again")


@flow(
    "1.6 strict",
    "1.3 cumulative",
    calls=[EMPTY, answer("first"), answer("nobody asks any more"), start({"trail": ["x"]}), answer("again")],
)
def answers_before_and_after_inputs(lg):
    return wire(lg, Trail, {"ask": asks(lg, "ok?")}, "START ask")


@flow("1.6 resume", "1.4 input command", calls=[EMPTY, tell(update={"trail": ["told"]}), answer("yes")])
def an_update_without_an_answer(lg):
    return wire(lg, Trail, {"ask": asks(lg, "ok?")} | many("z"), "START ask z")


@flow(
    "1.6 resume",
    "1.10 update state",
    calls=[EMPTY, update({"trail": ["as ask"]}, as_node="ask"), answer("too late")],
)
def an_answer_to_a_node_that_was_spoken_for(lg):
    return wire(lg, Trail, {"ask": asks(lg, "ok?")} | many("z"), "START ask z")


@flow(
    "1.6 resume",
    "1.4 send",
    calls=[EMPTY, answer_each({"q0": "a", "q1": "b"}), EMPTY, answer_each({"q0": "c", "q1": "d"})],
)
def questions_of_two_rounds(lg):
    builder = wire(lg, Trail, {"w": lambda n: {"trail": [lg.types.interrupt(f"q{n}")]}}, "w END")
    return builder.add_conditional_edges(
        lg.graph.START, lambda state: [lg.types.Send("w", n) for n in (0, 1)]
    )


@flow(
    "1.6 breakpoints",
    "1.10 time travel",
    calls=[EMPTY, proceed(), proceed(at=("b",)), proceed()],
    options=lambda _: {"interrupt_before": ["b"]},
)
def a_breakpoint_is_met_again_from_an_old_checkpoint(lg):
    return wire(lg, Trail, many("abc"), "START a b c")


@flow(
    "1.6 breakpoints",
    "1.4 edges",
    calls=[EMPTY, proceed(), proceed()],
    options=lambda _: {"interrupt_after": ["a", "b"]},
)
def breakpoints_after_two_nodes_of_one_step(lg):
    return wire(lg, Trail, many("abc"), "START a c", "START b c")


@flow("1.7 as node", "1.4 conditional", calls=[EMPTY])
def a_router_after_a_subgraph_sees_its_output(lg):
    sub = wire(lg, Trail, many("st"), "START s t").compile()
    builder = wire(lg, Trail, {"sub": sub} | many("xy"), "START sub")
    return builder.add_conditional_edges("sub", lambda state: "x" if len(state["trail"]) == 2 else "y")


@flow("1.7 as node", "1.4 defer", calls=[EMPTY])
def a_deferred_subgraph(lg):
    sub = wire(lg, Trail, many("s"), "START s").compile()
    return wire(lg, Trail, {"sub": (sub, {"defer": True})} | many("abc"), "START a sub", "START b c")


@flow("1.7 as node", "1.1 input output", calls=[EMPTY])
def a_subgraph_with_an_output_schema(lg):
    class Out(Trail):
        extra: str

    def inner(state: Out):
        return {"extra": "e", "trail": ["inner"]}

    sub = chain(lg, Out, inner, output_schema=Trail).compile()
    return wire(lg, Trail, {"sub": sub, "z": leaves("z")}, "START sub z")


@flow("1.7 called", "1.3 recursion limit", calls=[EMPTY])
def a_graph_that_calls_itself(lg):
    made: dict[str, Any] = {}

    def down(state: Trail):
        depth = len(state["trail"])
        if depth >= 3:
            return {"trail": ["ground"]}
        return {"trail": made["graph"].invoke({"trail": ["d"] * (depth + 1)})["trail"][-1:]}

    made["graph"] = chain(lg, Trail, down).compile()
    return wire(lg, Trail, {"top": lambda state: made["graph"].invoke({"trail": []})}, "START top")
