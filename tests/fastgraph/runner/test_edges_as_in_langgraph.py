"""Edges, joins, deferred nodes, loops and limits lead where they lead in LangGraph: each program runs on both."""

import operator
from typing import Annotated, Any, TypedDict

from support.oracle import Names, agree


class Log(TypedDict):
    seen: Annotated[list[str], operator.add]


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


def test_chain_runs_its_nodes_in_order() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "a", "b", "c")
        builder.add_edge(lg.START, "a")
        builder.add_edge("a", "b")
        builder.add_edge("b", "c")
        builder.add_edge("c", lg.END)
        return run(builder)

    assert agree(program)[0] == {"seen": ["a", "b", "c"]}


def test_parallel_nodes_apply_by_name_and_not_by_completion() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "c", "a", "b")
        for name in ("c", "a", "b"):
            builder.add_edge(lg.START, name)
        return builder.compile().invoke({"seen": []})

    assert agree(program) == {"seen": ["a", "b", "c"]}


def test_diamond_of_equal_arms_runs_its_end_once() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "a", "b", "c")
        builder.add_edge(lg.START, "a")
        builder.add_edge(lg.START, "b")
        builder.add_edge("a", "c")
        builder.add_edge("b", "c")
        return builder.compile().invoke({"seen": []})

    assert agree(program) == {"seen": ["a", "b", "c"]}


def test_diamond_of_unequal_arms_runs_its_end_twice() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "a", "b1", "b2", "c")
        builder.add_edge(lg.START, "a")
        builder.add_edge(lg.START, "b1")
        builder.add_edge("b1", "b2")
        builder.add_edge("a", "c")
        builder.add_edge("b2", "c")
        return builder.compile().invoke({"seen": []})

    assert agree(program) == {"seen": ["a", "b1", "b2", "c", "c"]}


def test_join_waits_for_all_of_its_sources() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "a", "b1", "b2", "c")
        builder.add_edge(lg.START, "a")
        builder.add_edge(lg.START, "b1")
        builder.add_edge("b1", "b2")
        builder.add_edge(["a", "b2"], "c")
        return builder.compile().invoke({"seen": []})

    assert agree(program) == {"seen": ["a", "b1", "b2", "c"]}


def test_join_in_a_loop_begins_anew() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "a", "b", "c")
        builder.add_edge(lg.START, "a")
        builder.add_edge(lg.START, "b")
        builder.add_edge(["a", "b"], "c")
        builder.add_conditional_edges("c", lambda state: ["a", "b"] if len(state["seen"]) < 8 else lg.END)
        return builder.compile().invoke({"seen": []})

    assert agree(program)["seen"] == ["a", "b", "c"] * 3


def test_join_with_one_source_missing_never_fires() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "a", "b", "c")
        builder.add_edge(lg.START, "a")
        builder.add_edge(["a", "b"], "c")
        return builder.compile().invoke({"seen": []})

    assert agree(program) == {"seen": ["a"]}


def test_deferred_node_waits_for_the_longer_arm() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "a", "b1", "b2")
        builder.add_node("c", says("c"), defer=True)
        builder.add_edge(lg.START, "a")
        builder.add_edge(lg.START, "b1")
        builder.add_edge("b1", "b2")
        builder.add_edge("a", "c")
        builder.add_edge("b2", "c")
        return builder.compile().invoke({"seen": []})

    assert agree(program) == {"seen": ["a", "b1", "b2", "c"]}


def test_deferred_join_and_what_follows_it() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "a", "b", "b2", "d")
        builder.add_node("c", says("c"), defer=True)
        builder.add_edge(lg.START, "a")
        builder.add_edge(lg.START, "b")
        builder.add_edge("b", "b2")
        builder.add_edge(["a", "b"], "c")
        builder.add_edge("c", "d")
        return builder.compile().invoke({"seen": []})

    agree(program)


def test_sends_do_not_hold_a_deferred_node() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "a", "w")
        builder.add_node("c", says("c"), defer=True)
        builder.add_edge(lg.START, "a")
        builder.add_edge("a", "c")
        builder.add_conditional_edges("a", lambda state: [lg.Send("w", {}), lg.Send("w", {})])
        builder.add_edge("w", "c")
        return builder.compile().invoke({"seen": []})

    agree(program)


def test_loop_ends_by_its_router() -> None:
    class Count(TypedDict):
        n: int

    def program(lg: Names) -> Any:
        builder = lg.StateGraph(Count)
        builder.add_node("step", lambda state: {"n": state["n"] + 1})
        builder.add_edge(lg.START, "step")
        builder.add_conditional_edges("step", lambda state: "step" if state["n"] < 30 else lg.END)
        graph = builder.compile()
        return [graph.invoke({"n": 0}), len(list(graph.stream({"n": 0}, stream_mode="values")))]

    assert agree(program)[0] == {"n": 30}


def test_recursion_limit_needs_a_spare_step() -> None:
    def program(lg: Names, limit: int) -> Any:
        builder = log_graph(lg, "a", "b", "c")
        builder.add_sequence([("d", says("d")), ("e", says("e"))])
        builder.add_edge(lg.START, "a")
        builder.add_edge("a", "b")
        builder.add_edge("b", "c")
        return builder.compile().invoke({"seen": []}, {"recursion_limit": limit})

    for limit in (1, 2, 3):
        agree(lambda lg, limit=limit: program(lg, limit))
    assert agree(lambda lg: program(lg, 4)) == {"seen": ["a", "b", "c"]}


def test_recursion_limit_counts_from_where_a_thread_goes_on() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "a", "b", "c")
        builder.add_edge(lg.START, "a")
        builder.add_edge("a", "b")
        builder.add_edge("b", "c")
        graph = builder.compile(checkpointer=lg.InMemorySaver(), interrupt_before=["b"])
        outcomes = []
        for thread, limit in enumerate((1, 2, 3)):
            config = {"configurable": {"thread_id": str(thread)}, "recursion_limit": limit}
            for given in ({"seen": []}, None):
                try:
                    outcomes.append(graph.invoke(given, config))
                except RecursionError:
                    outcomes.append("too many")
        return outcomes

    agree(program)


def test_recursion_limit_below_one_is_an_error() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "a")
        builder.add_edge(lg.START, "a")
        return builder.compile().invoke({"seen": []}, {"recursion_limit": 0})

    agree(program)


def test_start_may_lead_to_end_at_once() -> None:
    def program(lg: Names) -> Any:
        builder = log_graph(lg, "a")
        builder.add_edge(lg.START, lg.END)
        return run(builder, {"seen": ["x"]})

    agree(program)
