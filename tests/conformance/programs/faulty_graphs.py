"""1.11: what is refused when a graph is built or compiled, and what is not."""

from typing import Literal

from conformance.calls import start
from conformance.parts import Trail, leaves, many
from conformance.program import flow, script
from conformance.wiring import wire


@script("1.11 edges")
def no_edge_from_the_start(lg):
    return wire(lg, Trail, many("ab"), "a b").compile()


@script("1.11 edges")
def an_edge_from_an_unknown_node(lg):
    return wire(lg, Trail, many("a"), "START a", "z a").compile()


@script("1.11 edges")
def an_edge_to_an_unknown_node(lg):
    return wire(lg, Trail, many("a"), "START a z").compile()


@script("1.11 edges")
def a_join_with_an_unknown_node(lg):
    return wire(lg, Trail, many("ab"), "START a", "a+z b").compile()


@script("1.11 edges")
def an_edge_from_the_end(lg):
    return wire(lg, Trail, many("a"), "START a", "END a").compile()


@script("1.11 edges")
def an_edge_to_the_start(lg):
    return wire(lg, Trail, many("a"), "START a START").compile()


@script("1.11 edges", "1.4 conditional")
def a_router_of_an_unknown_node(lg):
    builder = wire(lg, Trail, many("a"), "START a")
    builder.add_conditional_edges("z", lambda state: "a")
    return builder.compile()


@script("1.11 edges", "1.4 conditional")
def a_path_map_to_an_unknown_node(lg):
    builder = wire(lg, Trail, many("a"), "START a")
    builder.add_conditional_edges("a", lambda state: "x", {"x": "z"})
    return builder.compile()


@script("1.11 edges", "1.4 conditional")
def a_hint_of_an_unknown_node(lg):
    def route(state: Trail) -> Literal["z", "a"]:
        return "a"

    builder = wire(lg, Trail, many("a"), "START a")
    builder.add_conditional_edges("a", route)
    return builder.compile()


@script("1.11 edges", "1.4 conditional")
def two_routers_of_one_name(lg):
    def route(state: Trail) -> str:
        return "a"

    builder = wire(lg, Trail, many("a"), "START a")
    builder.add_conditional_edges("a", route)
    return builder.add_conditional_edges("a", route)


@script("1.11 nodes")
def a_node_twice(lg):
    builder = wire(lg, Trail, many("a"), "START a")
    return builder.add_node("a", leaves("a"))


@script("1.11 nodes")
def names_that_are_refused(lg):
    seen = []
    for name in ("a|b", "a:b", "__start__", "__end__"):
        try:
            lg.graph.StateGraph(Trail).add_node(name, leaves("a"))
            seen.append("fine")
        except Exception as error:  # noqa: BLE001 - what is compared
            seen.append(error)
    return seen


@script("1.11 nodes")
def a_node_named_like_a_key_is_fine(lg):
    return wire(lg, Trail, {"trail": leaves("t")}, "START trail").compile().invoke({"trail": []})


@script("1.11 nodes")
def a_lambda_without_a_name(lg):
    builder = lg.graph.StateGraph(Trail)
    builder.add_node(leaves("a"))
    return sorted(builder.nodes)


@script("1.11 nodes")
def a_name_without_a_function(lg):
    return lg.graph.StateGraph(Trail).add_node("a")


@flow("1.11 compile", "1.3 plan", calls=[start({"trail": []})])
def unreachable_nodes_and_dead_ends_are_fine(lg):
    return wire(lg, Trail, many("abxy"), "START a b", "x y x")


@script("1.11 compile", "1.6 breakpoints")
def a_breakpoint_at_an_unknown_node(lg):
    builder = wire(lg, Trail, many("a"), "START a")
    seen = []
    for options in ({"interrupt_before": ["z"]}, {"interrupt_after": ["z"]}):
        try:
            builder.compile(**options)
        except Exception as error:  # noqa: BLE001 - what is compared
            seen.append(error)
    return seen


@script("1.11 compile")
def a_saver_that_is_none(lg):
    return wire(lg, Trail, many("a"), "START a").compile(checkpointer="sqlite")


@script("1.11 compile")
def a_saver_needs_a_thread(lg):
    graph = wire(lg, Trail, many("a"), "START a").compile(checkpointer=lg.checkpoint.memory.InMemorySaver())
    return graph.invoke({"trail": []})


@script("1.11 compile", "1.1 node input")
def an_input_that_is_no_dict(lg):
    return wire(lg, Trail, many("a"), "START a").compile().invoke("word")


@script("1.11 compile")
def a_compiled_graph_has_a_name(lg):
    builder = wire(lg, Trail, many("a"), "START a")
    return builder.compile(name="mine").name
