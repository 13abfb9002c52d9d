"""Routers, Sends and Commands lead where they lead in LangGraph: each program runs on both."""

import operator
from typing import Annotated, Any, Literal, TypedDict

from support.oracle import Names, agree


class Log(TypedDict):
    seen: Annotated[list[str], operator.add]


class LogAndKey(TypedDict):
    seen: Annotated[list[str], operator.add]
    key: str


def says(name: str) -> Any:
    def node(state: Log) -> dict[str, Any]:
        return {"seen": [name]}

    return node


def log_graph(lg: Names, *names: str, schema: Any = Log) -> Any:
    builder = lg.StateGraph(schema)
    for name in names:
        builder.add_node(name, says(name))
    return builder


def run(builder: Any, given: Any = None, **options: Any) -> Any:
    graph = builder.compile()
    given = {"seen": []} if given is None else given
    return [graph.invoke(given, **options), list(graph.stream(given, stream_mode="updates", **options))]


def test_router_sees_its_own_nodes_update() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "b", "c", schema=LogAndKey)
        builder.add_node("a", lambda state: {"key": "c", "seen": ["a"]})
        builder.add_edge(lg.START, "a")
        builder.add_conditional_edges("a", lambda state: state["key"])
        return run(builder, {"seen": [], "key": "b"})

    assert agree(program)[0]["seen"] == ["a", "c"]


def test_router_does_not_see_a_siblings_update() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "x", "y", schema=LogAndKey)
        builder.add_node("a", lambda state: {"seen": ["a"]})
        builder.add_node("b", lambda state: {"key": "y", "seen": ["b"]})
        builder.add_edge(lg.START, "a")
        builder.add_edge(lg.START, "b")
        builder.add_conditional_edges("a", lambda state: state["key"])
        return builder.compile().invoke({"seen": [], "key": "x"})

    assert agree(program)["seen"] == ["a", "b", "x"]


def test_router_gets_what_its_node_returned_beside_the_state() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "b", "c")
        builder.add_node("a", lambda state: {"seen": ["a"], "hidden": "b"})
        builder.add_edge(lg.START, "a")
        builder.add_conditional_edges("a", lambda state: state["hidden"])
        return builder.compile().invoke({"seen": []})

    assert agree(program) == {"seen": ["a", "b"]}


def test_router_returns_a_list_with_end_and_sends() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "a", "b", "c")
        builder.add_edge(lg.START, "a")
        builder.add_conditional_edges("a", lambda state: ["c", lg.Send("b", {"seen": []}), lg.END, "b"])
        return builder.compile().invoke({"seen": []})

    assert agree(program) == {"seen": ["a", "b", "c", "b"]}


def test_path_map_translates_answers_also_booleans() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "a", "b", "c")
        builder.add_edge(lg.START, "a")
        builder.add_conditional_edges("a", lambda state: len(state["seen"]) > 0, {True: "c", False: "b"})
        return builder.compile().invoke({"seen": []})

    assert agree(program) == {"seen": ["a", "c"]}


def test_two_routers_of_one_node_both_lead_on() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "a", "b", "c")
        builder.add_edge(lg.START, "a")

        def first(state: Log) -> str:
            return "c"

        def second(state: Log) -> Literal["b"]:
            return "b"

        builder.add_conditional_edges("a", first)
        builder.add_conditional_edges("a", second)
        return builder.compile().invoke({"seen": []})

    assert agree(program) == {"seen": ["a", "b", "c"]}


def test_conditional_entry_reads_the_input() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "a", "b", schema=LogAndKey)
        builder.set_conditional_entry_point(lambda state: state["key"])
        return run(builder, {"seen": [], "key": "b"})

    assert agree(program)[0] == {"seen": ["b"], "key": "b"}


def test_conditional_entry_beside_a_static_one() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "a", "b", schema=LogAndKey)
        builder.add_edge(lg.START, "a")
        builder.add_conditional_edges(lg.START, lambda state: lg.Send("b", {"seen": ["?"], "key": "z"}))
        return builder.compile().invoke({"seen": ["in"], "key": "b"})

    assert agree(program)["seen"] == ["in", "a", "b"]


def test_unknown_target_of_a_router_is_ignored() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "a", "b")
        builder.add_edge(lg.START, "a")
        builder.add_conditional_edges("a", lambda state: ["nowhere", lg.Send("nobody", {}), "b"])
        return builder.compile().invoke({"seen": []})

    assert agree(program) == {"seen": ["a", "b"]}


def test_router_that_returns_nothing_is_an_error() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "a")
        builder.add_edge(lg.START, "a")
        builder.add_conditional_edges("a", lambda state: None)
        return builder.compile().invoke({"seen": []})

    agree(program)


def test_router_whose_answer_is_not_in_the_path_map_is_an_error() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "a", "b")
        builder.add_edge(lg.START, "a")
        builder.add_conditional_edges("a", lambda state: "x", {"y": "b"})
        return builder.compile().invoke({"seen": []})

    agree(program)


def test_send_to_end_is_an_error() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "a")
        builder.add_edge(lg.START, "a")
        builder.add_conditional_edges("a", lambda state: lg.Send(lg.END, {}))
        return builder.compile().invoke({"seen": []})

    agree(program)


def test_sends_run_after_pulled_nodes_and_in_their_own_order() -> None:
    def program(lg: Names) -> Any:
        builder = lg.StateGraph(Log)
        builder.add_node("a", says("a"))
        builder.add_node("w", lambda state: {"seen": [f"w{state['n']}"]})
        builder.add_node("z", says("z"))
        builder.add_edge(lg.START, "a")
        builder.add_edge("a", "z")
        builder.add_conditional_edges("a", lambda state: [lg.Send("w", {"n": n}) for n in (3, 1, 2)])
        return builder.compile().invoke({"seen": []})

    assert agree(program) == {"seen": ["a", "z", "w3", "w1", "w2"]}


def test_sent_tasks_take_their_nodes_edges() -> None:
    def program(lg: Names) -> Any:
        builder = lg.StateGraph(Log)
        builder.add_node("a", says("a"))
        builder.add_node("w", lambda state: {"seen": [f"w{state}"]})
        builder.add_node("end", says("end"))
        builder.add_edge(lg.START, "a")
        builder.add_conditional_edges("a", lambda state: [lg.Send("w", n) for n in range(12)])
        builder.add_edge("w", "end")
        return builder.compile().invoke({"seen": []})

    assert agree(program)["seen"][-1] == "end"


def test_command_adds_to_static_edges() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "b", "c")
        builder.add_node("a", lambda state: lg.Command(update={"seen": ["a"]}, goto="c"))
        builder.add_edge(lg.START, "a")
        builder.add_edge("a", "b")
        return run(builder)

    assert agree(program)[0] == {"seen": ["a", "b", "c"]}


def test_command_goes_to_several_and_sends() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "b", "c")
        builder.add_node("a", lambda state: lg.Command(goto=["c", lg.Send("b", {}), lg.END, "unknown"]))
        builder.add_edge(lg.START, "a")
        return builder.compile().invoke({"seen": []})

    assert agree(program) == {"seen": ["c", "b"]}


def test_command_alone_updates_with_pairs_and_objects() -> None:
    def program(lg: Names) -> Any:
        builder = lg.StateGraph(LogAndKey)
        builder.add_node(
            "a", lambda state: lg.Command(update=[("seen", ["a1"]), ("seen", ["a2"]), ("key", "k")])
        )
        builder.add_edge(lg.START, "a")
        return run(builder)

    assert agree(program)[0] == {"seen": ["a1", "a2"], "key": "k"}


def test_list_of_updates_and_commands() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "b")
        builder.add_node("a", lambda state: [{"seen": ["a1"]}, lg.Command(update={"seen": ["a2"]}, goto="b")])
        builder.add_edge(lg.START, "a")
        return run(builder)

    assert agree(program)[0] == {"seen": ["a1", "a2", "b"]}


def test_node_that_returns_a_send() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "b")
        builder.add_node("a", lambda state: lg.Send("b", {}))
        builder.add_edge(lg.START, "a")
        return run(builder)

    agree(program)
