"""1.1: what a node is given of a state, and what it may return."""

import operator
from dataclasses import dataclass, field
from typing import Annotated, TypedDict

from pydantic import BaseModel

from conformance.calls import start
from conformance.program import flow, script
from conformance.wiring import chain, wire


class Letters(TypedDict):
    letters: Annotated[list[str], operator.add]
    last: str


@dataclass
class Basket:
    items: Annotated[list[str], operator.add] = field(default_factory=list)
    owner: str = "nobody"


class Order(BaseModel):
    count: int = 1
    notes: Annotated[list[str], operator.add] = []


def nothing(state):
    return None


@flow("1.1 node input", calls=[start({"letters": ["x"]})])
def key_without_a_value_is_absent(lg):
    def a(state: Letters):
        return {"letters": [f"{sorted(state)}"]}

    def b(state: Letters):
        return {"last": state["last"]}

    return chain(lg, Letters, a, b)


@flow("1.1 node input", calls=[start({"items": ["a"]})])
def a_nodes_changes_of_its_input_stay_its_own(lg):
    def spoil(state: Basket):
        state.owner = "spoiled"
        return {"items": ["b"]}

    def look(state: Basket):
        return {"items": [state.owner]}

    return chain(lg, Basket, spoil, look)


class Strict(BaseModel):
    number: int
    text: str = "t"


@flow("1.1 pydantic", calls=[start({"number": "seven"}), start({"number": 7})])
def pydantic_refuses_an_input_at_the_first_node(lg):
    def a(state: Strict):
        return {"number": state.number + 1}

    return chain(lg, Strict, a)


@flow("1.1 pydantic", "1.3 failure", calls=[start({"number": 1})])
def pydantic_checks_no_output_but_the_next_nodes_input(lg):
    def bad(state: Strict):
        return {"number": "not a number"}

    def never(state: Strict):
        return {"text": "never"}

    return chain(lg, Strict, bad, never)


@flow("1.1 pydantic", calls=[start({"number": 1})])
def pydantic_last_output_is_not_checked(lg):
    def bad(state: Strict):
        return {"number": "not a number"}

    return chain(lg, Strict, bad)


@script("1.1 pydantic", "1.9 several")
def version_two_gives_back_the_model(lg):
    def a(state: Strict):
        return {"number": state.number + 1}

    graph = chain(lg, Strict, a).compile()
    got = graph.invoke({"number": 1}, version="v2")
    return [type(got).__name__, got.value, got.interrupts, graph.invoke({"number": 1})]


@flow("1.1 node return", calls=[start({"letters": []})])
def node_returns_none_or_nothing_new(lg):
    def empty(state: Letters):
        return {}

    def unknown(state: Letters):
        return {"nonsense": 1, "letters": ["u"]}

    return chain(lg, Letters, nothing, empty, unknown)


@flow("1.1 node return", calls=[start({"letters": []})])
def node_returns_a_number_which_is_refused(lg):
    def wrong(state: Letters):
        return 7

    return chain(lg, Letters, wrong)


@flow("1.1 node return", "1.9 updates", calls=[start({"letters": []})])
def node_returns_a_list_of_dicts_alone_which_is_refused(lg):
    def many(state: Letters):
        return [{"letters": ["1"]}, {"letters": ["2"], "last": "l"}]

    return chain(lg, Letters, many)


@flow("1.1 node return", "1.4 command", calls=[start({"letters": []})])
def node_returns_a_list_of_dict_and_command(lg):
    def many(state: Letters):
        return [{"letters": ["1"]}, lg.types.Command(update={"letters": ["2"]}, goto="end")]

    def end(state: Letters):
        return {"last": "end"}

    return wire(lg, Letters, {"many": many, "end": end}, "START many")


@flow("1.1 node return", calls=[start({"items": ["x"], "owner": "me"})])
def node_returns_an_instance_of_the_dataclass(lg):
    def a(state: Basket):
        return Basket(items=["new"])

    return chain(lg, Basket, a)


@flow("1.1 node return", "1.1 pydantic", calls=[start({"count": 4, "notes": ["x"]})])
def node_returns_a_model_with_its_set_fields(lg):
    def a(state: Order):
        return Order(notes=["new"])

    return chain(lg, Order, a)
