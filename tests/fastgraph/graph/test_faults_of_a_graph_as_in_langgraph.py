"""What can't be built or compiled raises the same on both: each program is one mistake, or none."""

from typing import Any, Literal, TypedDict

import pytest

from support.oracle import Names, Raised, agree


class State(TypedDict, total=False):
    x: int


def node(state: State) -> State:
    return {}


def graph(lg: Names) -> Any:
    return lg.StateGraph(State).add_node("a", node).add_edge(lg.START, "a")


def literal(state: State) -> Literal["nowhere"]:
    return "nowhere"


FAULTS: dict[str, Any] = {
    "no edge from START": lambda lg: lg.StateGraph(State).add_node("a", node).compile(),
    "no node at all": lambda lg: lg.StateGraph(State).compile(),
    "an edge from an unknown node": lambda lg: graph(lg).add_edge("b", "a").compile(),
    "an edge to an unknown node": lambda lg: graph(lg).add_edge("a", "b").compile(),
    "START leads to an unknown node": lambda lg: graph(lg).add_edge(lg.START, "b").compile(),
    "a node twice": lambda lg: graph(lg).add_node("a", node),
    "a bar in a name": lambda lg: graph(lg).add_node("a|b", node),
    "a colon in a name": lambda lg: graph(lg).add_node("a:b", node),
    "a node named START": lambda lg: graph(lg).add_node("__start__", node),
    "a node named END": lambda lg: graph(lg).add_node("__end__", node),
    "END as a source": lambda lg: graph(lg).add_edge(lg.END, "a"),
    "START as a target": lambda lg: graph(lg).add_edge("a", lg.START),
    "END as a source of a join": lambda lg: graph(lg).add_edge([lg.END], "a"),
    "a join of an unknown node": lambda lg: graph(lg).add_edge(["b"], "a"),
    "a join to an unknown node": lambda lg: graph(lg).add_edge(["a"], "b"),
    "an interrupt before an unknown node": lambda lg: graph(lg).compile(interrupt_before=["b"]),
    "an interrupt after an unknown node": lambda lg: graph(lg).compile(interrupt_after=["b"]),
    "a conditional edge's name twice": lambda lg: (
        graph(lg).add_conditional_edges("a", literal).add_conditional_edges("a", literal)
    ),
    "a conditional edge from an unknown node": lambda lg: (
        graph(lg).add_conditional_edges("b", lambda state: "a").compile()
    ),
    "a path_map with an unknown node": lambda lg: (
        graph(lg).add_conditional_edges("a", lambda state: "x", {"x": "b"}).compile()
    ),
    "a Literal with an unknown node": lambda lg: graph(lg).add_conditional_edges("a", literal).compile(),
    "a checkpointer that is none": lambda lg: graph(lg).compile(checkpointer=object()),
    "an empty sequence": lambda lg: lg.StateGraph(State).add_sequence([]),
    "a sequence with a node twice": lambda lg: lg.StateGraph(State).add_sequence([node, node]),
    "an error handler's name is taken": lambda lg: (
        graph(lg).add_node("__error_handler__b", node).add_node("b", node, error_handler=node)
    ),
    "the default handler's name is taken": lambda lg: (
        graph(lg).add_node("__default_error_handler__", node).set_node_defaults(error_handler=node).compile()
    ),
}

NO_FAULTS: dict[str, Any] = {
    "a node that nothing leads to": lambda lg: graph(lg).add_node("b", node),
    "a node named like a key": lambda lg: graph(lg).add_node("x", node).add_edge("a", "x"),
    "a cycle": lambda lg: graph(lg).add_node("b", node).add_edge("a", "b").add_edge("b", "a"),
    "a dead end": graph,
    "retries without a policy": lambda lg: (
        lg.StateGraph(State).add_node("a", node, retry_policy=[]).add_edge(lg.START, "a")
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_mistake_in_a_graph(fault: str) -> None:
    seen = agree(FAULTS[fault])
    assert isinstance(seen, Raised), fault


@pytest.mark.parametrize("name", NO_FAULTS)
def test_what_is_no_mistake(name: str) -> None:
    def program(lg: Names) -> Any:
        return NO_FAULTS[name](lg).compile(interrupt_before="*") is not None

    assert agree(program) is True


def test_all_error_names_of_langgraph_are_there() -> None:
    def program(lg: Names) -> Any:
        names = ("create_error_message", "ErrorCode", "GraphBubbleUp", "GraphDrained", "GraphRecursionError")
        more = ("InvalidUpdateError", "GraphInterrupt", "NodeInterrupt", "ParentCommand", "EmptyInputError")
        last = (
            "TaskNotFound",
            "UnknownInterruptError",
            "NodeError",
            "NodeTimeoutError",
            "NodeCancelledError",
        )
        builtin = {"RecursionError", "Exception", "TimeoutError", "OSError"}
        found = {}
        for name in (*names, *more, *last):
            kind = getattr(lg.errors, name)
            bases = {base.__name__ for base in getattr(kind, "__mro__", ())} & builtin
            found[name] = sorted(bases)
        return found, [code.name for code in lg.errors.ErrorCode]

    agree(program)


def test_errors_are_made_as_in_langgraph() -> None:
    def program(lg: Names) -> Any:
        late = lg.errors.NodeTimeoutError("a", 1.5, kind="idle", idle_timeout=1.0, run_timeout=2.0)
        cancelled = lg.errors.NodeCancelledError("a")
        drained = lg.errors.GraphDrained()
        failed = lg.errors.NodeError("a", KeyError("k"))
        return (
            (late.node, late.elapsed, late.kind, late.timeout, late.idle_timeout, late.run_timeout),
            (cancelled.node, drained.reason, failed.node, repr(failed.error)),
            lg.errors.UnknownInterruptError("m", reason="not_pending", interrupt_ids=["i"]).interrupt_ids,
        )

    agree(program)


@pytest.mark.parametrize("more", [{"kind": "idle"}, {"kind": "run"}, {"kind": "other", "run_timeout": 1.0}])
def test_a_timeout_error_needs_the_timeout_that_it_tells_of(more: Any) -> None:
    assert agree(lambda lg: lg.errors.NodeTimeoutError("a", 1.0, **more)).name == "ValueError"


def test_the_old_interrupt_is_raised_by_hand() -> None:
    def program(lg: Names) -> Any:
        def ask(state: State) -> State:
            raise lg.errors.NodeInterrupt("well?")

        made = lg.StateGraph(State).add_node("a", ask).add_edge(lg.START, "a").compile()
        with pytest.warns(DeprecationWarning, match="NodeInterrupt"):
            return made.invoke({})

    agree(program)
