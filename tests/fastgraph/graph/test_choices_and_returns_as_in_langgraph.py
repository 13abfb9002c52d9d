"""What routers and nodes may return, in all forms: each program runs on both."""

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, TypedDict

import pytest
from pydantic import BaseModel, Field

from support.oracle import Names, agree


class State(TypedDict, total=False):
    x: int
    log: Annotated[list[Any], operator.add]


class Model(BaseModel):
    x: int = 0
    log: Annotated[list[Any], operator.add] = Field(default_factory=list)
    maybe: str | None = None


@dataclass
class Record:
    x: int = 0
    log: Annotated[list[Any], operator.add] = field(default_factory=list)
    maybe: str | None = None


Choices = dict[str, tuple[Callable[[Names], Any], Any]]

CHOICES: Choices = {
    "a name": (lambda lg: "a", None),
    "a list": (lambda lg: ["b", "a"], None),
    "a tuple": (lambda lg: ("b", "a"), None),
    "the end": (lambda lg: lg.END, None),
    "a name and the end": (lambda lg: ["a", lg.END], None),
    "nothing in a list": (lambda lg: [], None),
    "None": (lambda lg: None, None),
    "None in a list": (lambda lg: ["a", None], None),
    "a Send": (lambda lg: lg.Send("a", {"log": ["q"]}), None),
    "Sends and a name": (lambda lg: [lg.Send("a", 1), "b", lg.Send("a", 2)], None),
    "True by a map": (lambda lg: True, {True: "a", False: "b"}),
    "False by a map": (lambda lg: False, {True: "a", False: "b"}),
    "a number by a map": (lambda lg: 1, {1: "a", 2: "b"}),
    "an equal number by a map": (lambda lg: 1.0, {1: "a"}),
    "a list by a map": (lambda lg: ["k", "l"], {"k": "a", "l": "b"}),
    "a list as the map": (lambda lg: "a", ["a", "b"]),
    "an empty map": (lambda lg: "a", {}),
    "what the map does not have": (lambda lg: "zz", {"k": "a"}),
    "a list that the map has in part": (lambda lg: ["k", "zz"], {"k": "a"}),
    "the end by a map": (lambda lg: "k", {"k": "__end__"}),
    "a Send beside a map": (lambda lg: [lg.Send("c", {"log": []}), "k"], {"k": "a"}),
    "a tuple that is a key": (lambda lg: ("k", "l"), {("k", "l"): "a", "k": "b", "l": "c"}),
    "an unknown name": (lambda lg: "nowhere", None),
    "an unknown Send": (lambda lg: lg.Send("nowhere", 1), None),
    "the start": (lambda lg: lg.START, None),
    "a name twice": (lambda lg: ["a", "a"], None),
    "a Send to the end": (lambda lg: lg.Send("__end__", 1), None),
    "a number": (lambda lg: 3, None),
    "True": (lambda lg: True, None),
    "a list in a list": (lambda lg: [["a"], "b"], None),
    "a set": (lambda lg: {"a"}, None),
}


@pytest.mark.parametrize("choice", CHOICES)
def test_router_returns(choice: str) -> None:
    answer, path_map = CHOICES[choice]

    def program(lg: Names) -> Any:
        builder = lg.StateGraph(State)
        builder.add_node("source", lambda state: {"log": ["source"]})
        for name in "abc":
            builder.add_node(name, lambda state, name=name: {"log": [(name, str(state))]})
        builder.add_edge(lg.START, "source")
        more = () if path_map is None else (path_map,)
        builder.add_conditional_edges("source", lambda state: answer(lg), *more)
        return builder.compile().invoke({"x": 1})

    agree(program)


RETURNS: dict[str, Callable[[Names, Any], Any]] = {
    "a list of dicts": lambda lg, made: [{"x": 1}, {"log": ["q"]}],
    "a Command and a dict": lambda lg, made: [lg.Command(update={"x": 1}), {"log": ["q"]}],
    "a Command and None": lambda lg, made: [lg.Command(update={"x": 1}), None],
    "Commands that write one key": lambda lg, made: [lg.Command(update={"x": n}) for n in (1, 2)],
    "a tuple with a Command": lambda lg, made: (lg.Command(goto="t"), {"x": 2}),
    "a text": lambda lg, made: "text",
    "a number": lambda lg, made: 3,
    "zero": lambda lg, made: 0,
    "False": lambda lg, made: False,
    "a set": lambda lg, made: {"x"},
    "an empty list": lambda lg, made: [],
    "a Send": lambda lg, made: lg.Send("t", {"x": 9}),
    "a list of Sends": lambda lg, made: [lg.Send("t", {"x": 9})],
    "an instance": lambda lg, made: made(x=4),
    "an instance of defaults": lambda lg, made: made(),
    "a Command of nothing": lambda lg, made: lg.Command(),
    "a Command of pairs": lambda lg, made: lg.Command(update=[("x", 1), ("log", ["q"]), ("log", ["r"])]),
    "a Command of an instance": lambda lg, made: lg.Command(update=made(x=4)),
    "a Command of a text": lambda lg, made: lg.Command(update="text"),
    "a Command of an unknown key": lambda lg, made: lg.Command(update={"zz": 1}, goto="t"),
    "a Command to the end": lambda lg, made: lg.Command(goto=lg.END),
    "a Command to the start": lambda lg, made: lg.Command(goto=lg.START),
    "a Command to nowhere": lambda lg, made: lg.Command(goto="nowhere"),
    "a Command to a name and a Send": lambda lg, made: lg.Command(goto=["t", lg.Send("t", {"x": 5})]),
    "a Command to a tuple": lambda lg, made: lg.Command(goto=("t",)),
}


@pytest.mark.parametrize("schema", [Model, Record, State])
@pytest.mark.parametrize("form", RETURNS)
def test_node_returns(form: str, schema: Any) -> None:
    def program(lg: Names) -> Any:
        seen: list[Any] = []
        made = Model if schema is State else schema

        def target(state: Any) -> Any:
            fields = state if isinstance(state, dict) else vars(state)
            seen.append((type(state).__name__, sorted(map(repr, fields.items()))))
            return {"log": ["t"]}

        builder = lg.StateGraph(schema)
        builder.add_node("source", lambda state: RETURNS[form](lg, made), destinations=("t",))
        builder.add_node("t", target)
        builder.add_edge(lg.START, "source")
        graph = builder.compile()
        updates = list(graph.stream({"x": 7}, stream_mode="updates"))
        return [graph.invoke({"log": ["in"]}), sorted(seen), sorted(map(repr, updates))]

    agree(program)


def test_a_strict_graph_refuses_what_is_otherwise_left_out() -> None:
    """Unknown targets and keys: ignored with a warning, or an error that names them."""
    from fastgraph import START, Command, InvalidUpdateError, StateGraph

    for returned, word in (({"zz": 1}, "zz"), (Command(goto="nowhere"), "nowhere")):
        builder = StateGraph(State).add_node("n", lambda state, returned=returned: returned)
        builder.add_edge(START, "n")
        assert builder.compile().invoke({"x": 1}) == {"x": 1, "log": []}
        with pytest.raises(InvalidUpdateError, match=word):
            builder.compile(strict=True).invoke({"x": 1})
