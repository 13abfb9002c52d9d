"""Whatever is done to a thread, it looks as it does in LangGraph: random calls on both, and the whole history after each.

A graph with a join, a question, a Send and a loop gets new inputs, answers, Commands, updates as any node, copies and
calls from any earlier checkpoint.
"""

import operator
from typing import Annotated, Any, TypedDict

import langgraph.checkpoint.memory
import langgraph.graph
import langgraph.types
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import fastgraph.checkpoint.memory
import fastgraph.graph
import fastgraph.types
from conformance.plain import Seen

CONFIG = {"configurable": {"thread_id": "thread"}}

Call = tuple[Any, ...]

_AT = st.one_of(st.none(), st.integers(0, 9))
_NODES = st.sampled_from(["left", "right", "ask", "part", "last", "__start__"])
CALLS = st.one_of(
    st.tuples(st.just("input"), _AT),
    st.tuples(st.just("go on"), _AT),
    st.tuples(st.just("answer"), _AT),
    st.tuples(st.just("steer"), _AT, st.sampled_from(["left", "last", None])),
    st.tuples(st.just("update"), _AT, st.one_of(st.none(), _NODES)),
    st.tuples(st.just("done"), _AT, _NODES),
    st.tuples(st.just("end"), _AT),
    st.tuples(st.just("copy"), _AT),
)


class State(TypedDict, total=False):
    trail: Annotated[list[str], operator.add]
    count: int


def build(graph: Any, types: Any) -> Any:
    def note(name: str) -> Any:
        return lambda _: {"trail": [name]}

    def ask(state: State) -> State:
        return {"trail": [f"asked {types.interrupt('which?')}"], "count": state.get("count", 0) + 1}

    def route(state: State) -> Any:
        if state["count"] < 2:
            return ["ask", types.Send("part", {"trail": []})]
        return "last"

    builder = graph.StateGraph(State)
    for name in ("left", "right", "part", "last"):
        builder.add_node(name, note(name))
    builder.add_node("ask", ask)
    builder.add_edge(graph.START, "left")
    builder.add_edge(graph.START, "right")
    builder.add_edge(["left", "right"], "ask")
    builder.add_conditional_edges("ask", route, ["ask", "part", "last"])
    return builder


class Thread:
    """One thread on one library."""

    def __init__(self, library: Any) -> None:
        self.types = library.types
        saver = library.checkpoint.memory.InMemorySaver()
        self.graph = build(library.graph, library.types).compile(checkpointer=saver)

    def perform(self, call: Call) -> Any:
        """Do one call; what comes back, or the error's class."""
        seen = Seen()
        config = self._config(call[1])
        try:
            return seen.plain(self._do(call, config))
        except Exception as error:  # noqa: BLE001 - the error is the observation
            return seen.plain(error)

    def history(self) -> list[Any]:
        seen = Seen()
        return [
            *(seen.snapshot(state) for state in [self.graph.get_state(CONFIG)]),
            *(seen.snapshot(state) for state in self.graph.get_state_history(CONFIG)),
        ]

    def _config(self, at: int | None) -> Any:
        if at is None:
            return CONFIG
        states = list(self.graph.get_state_history(CONFIG))
        return states[at % len(states)].config if states else CONFIG

    def _do(self, call: Call, config: Any) -> Any:
        match call[0]:
            case "input":
                return self.graph.invoke({"trail": ["input"]}, config)
            case "go on":
                return self.graph.invoke(None, config)
            case "answer":
                return self.graph.invoke(self.types.Command(resume="this"), config)
            case "steer":
                more = {"goto": call[2]} if call[2] else {}
                return self.graph.invoke(self.types.Command(update={"trail": ["told"]}, **more), config)
            case "update":
                return self.graph.update_state(config, {"trail": ["changed"]}, as_node=call[2])
            case "done":
                return self.graph.update_state(config, None, as_node=call[2])
            case "end":
                return self.graph.update_state(config, None, as_node="__end__")
        return self.graph.update_state(config, None, as_node="__copy__")


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(CALLS, min_size=1, max_size=7))
@example([("input", None), ("answer", None), ("go on", 3), ("answer", None)])
@example([("input", None), ("steer", 1, "last"), ("update", None, None)])
@example([("input", None), ("answer", None), ("steer", 2, "left"), ("update", None, None)])
@example([("end", None), ("go on", None)])
@example([("done", None, "last"), ("steer", None, "left"), ("answer", None)])
def test_a_thread_looks_as_in_langgraph_whatever_is_done_to_it(calls: list[Call]) -> None:
    theirs, ours = Thread(langgraph), Thread(fastgraph)
    for call in calls:
        expected, seen = theirs.perform(call), ours.perform(call)
        assert seen == expected, call
        assert ours.history() == theirs.history(), call
