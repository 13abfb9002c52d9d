"""1.1: what a state may be, how its keys fold, which keys go in and out."""

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, NotRequired, Required, TypedDict

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


@flow("1.1 schema", "1.1 node return", calls=[start({"letters": ["x"], "last": "x"})])
def typed_dict_of_a_list_and_a_word(lg):
    def a(state: Letters):
        return {"letters": ["a"], "last": state["letters"][-1]}

    def b(state: Letters):
        return {"letters": ["b"], "last": state["last"] + "b"}

    return chain(lg, Letters, a, b)


@flow("1.1 schema", "1.1 node input", calls=[start({"items": ["pear"]}), start({"owner": "Ada"})])
def dataclass_with_defaults(lg):
    def add(state: Basket):
        return {"items": [f"of {state.owner}"]}

    def own(state: Basket):
        return {"owner": f"{state.owner}+{len(state.items)}"}

    return chain(lg, Basket, add, own)


@flow("1.1 schema", "1.1 pydantic", calls=[start({"count": "3"}), start({})])
def pydantic_state_coerces_what_enters_a_node(lg):
    def double(state: Order):
        return {"count": state.count * 2, "notes": [type(state.count).__name__]}

    return chain(lg, Order, double)


@flow("1.1 schema", "1.1 reducer", calls=[start(["x"]), start(["y"])])
def one_bare_list_with_a_reducer(lg):
    def a(state):
        return [f"a{len(state)}"]

    def b(state):
        return [f"b{len(state)}"]

    return chain(lg, Annotated[list, operator.add], a, b)


@flow("1.1 schema", calls=[start(2)])
def one_bare_number(lg):
    def double(state):
        return state * 2

    def more(state):
        return state + 1

    return chain(lg, int, double, more)


class Marked(TypedDict, total=False):
    must: Required[str]
    may: NotRequired[int]
    sum: Annotated[NotRequired[int], operator.add]


@flow("1.1 schema", "1.1 reducer", calls=[start({"must": "x", "sum": 2}), start({"must": "y"})])
def required_and_not_required_are_stripped(lg):
    def count(state: Marked):
        return {"sum": 1, "may": len(state)}

    return chain(lg, Marked, count)


def keep_longest(left: str, right: str) -> str:
    return max(left, right, key=len)


class Folded(TypedDict):
    longest: Annotated[str, "a note", keep_longest]
    total: Annotated[int, operator.add]
    seen: Annotated[set[str], operator.or_]
    table: Annotated[dict[str, int], operator.or_]


@flow(
    "1.1 reducer",
    calls=[start({"longest": "abc", "total": 1, "seen": {"q"}, "table": {"q": 1}})],
    served=False,
)
def reducers_of_many_types(lg):
    def a(state: Folded):
        return {"longest": "ab", "total": 10, "seen": {"a"}, "table": {"a": 1}}

    def b(state: Folded):
        return {"longest": "abcdef", "total": 100, "seen": {"b", "a"}, "table": {"a": 2}}

    return wire(lg, Folded, {"a": a, "b": b}, "START a END", "START b END")


def nothing(state):
    return None


@script("1.1 reducer", "1.11 compile")
def reducer_of_three_arguments_is_refused(lg):
    class State(TypedDict):
        value: Annotated[int, lambda left, right, more: left]

    return chain(lg, State, nothing).compile()


@script("1.1 reducer")
def reducer_of_one_argument_is_refused(lg):
    class State(TypedDict):
        value: Annotated[int, lambda only: only]

    return chain(lg, State, nothing).compile()


@flow("1.1 reducer", calls=[start({"value": 1})])
def reducer_with_a_default_argument(lg):
    def fold(left: int, right: int, factor: int = 10) -> int:
        return left + right * factor

    class State(TypedDict):
        value: Annotated[int, operator.add]

    def a(state):
        return {"value": fold(1, 2)}

    return chain(lg, State, a)


class Empties(TypedDict):
    numbers: Annotated[Sequence[int], lambda left, right: [*left, *right]]
    table: Annotated[Mapping[str, int], lambda left, right: {**left, **right}]
    text: Annotated[str, operator.add]
    flag: Annotated[bool, operator.or_]


@flow("1.1 reducer start", "1.1 node input", calls=[start({})])
def reducers_start_with_the_empty_value(lg):
    def look(state: Empties):
        return {"text": ",".join(f"{key}={state[key]}" for key in sorted(state))}

    return chain(lg, Empties, look)


def combine(left: Any, right: Any) -> str:
    return f"({left}+{right})"


class Unmade(TypedDict):
    value: Annotated[str | int, combine]
    other: Annotated[Any, combine]


@flow("1.1 reducer start", calls=[start({"value": 1}), start({"value": 2, "other": "x"})])
def first_write_is_the_value_where_no_empty_one_exists(lg):
    def a(state: Unmade):
        return {"value": "a", "other": "a"}

    return chain(lg, Unmade, a)


class NeedsArguments:
    def __init__(self, amount: int) -> None:
        self.amount = amount


@script("1.1 reducer start")
def class_that_needs_arguments_has_no_start_value(lg):
    class State(TypedDict):
        value: Annotated[NeedsArguments, lambda left, right: NeedsArguments(left.amount + right.amount)]

    def look(state):
        return {"value": NeedsArguments(10 + len(state))}

    graph = chain(lg, State, look).compile()
    return [graph.invoke({}), graph.invoke({"value": NeedsArguments(1)})]


class Public(TypedDict):
    question: str


class Answered(TypedDict):
    answer: str


class Whole(TypedDict):
    question: str
    answer: str
    scratch: Annotated[list[str], operator.add]


@flow(
    "1.1 input output",
    calls=[start({"question": "q", "answer": "mine", "scratch": ["s"]}), start({"question": "r"})],
)
def input_and_output_schemas_select_keys(lg):
    def think(state: Whole):
        return {"scratch": [state["question"]]}

    def speak(state: Whole):
        return {"answer": f"{state['question']} {state['scratch']}"}

    return chain(lg, Whole, think, speak, input_schema=Public, output_schema=Answered)


@flow("1.1 input output", "1.9 values", calls=[start({"question": "q", "unknown": 1})])
def values_show_the_output_keys_only_when_they_change(lg):
    def quiet(state: Whole):
        return {"scratch": ["nothing to see"]}

    def loud(state: Whole):
        return {"answer": "a"}

    def quiet_again(state: Whole):
        return {"scratch": ["more"]}

    return chain(lg, Whole, quiet, loud, quiet_again, output_schema=Answered)


@script("1.1 input output", "1.1 managed")
def managed_values_are_refused_in_an_output_schema(lg):
    class Out(TypedDict):
        last: lg.managed.IsLastStep

    return chain(lg, Whole, nothing, output_schema=Out).compile()


@flow(
    "1.1 input output", "1.1 schema", calls=[start({"letters": ["x"], "nonsense": 1}), start({"nonsense": 1})]
)
def unknown_input_keys_are_dropped(lg):
    def a(state: Letters):
        return {"last": str(sorted(state))}

    return chain(lg, Letters, a)


class Secret(TypedDict):
    code: str


class CountedSecret(TypedDict):
    code: str
    tries: Annotated[int, operator.add]


@flow("1.1 private state", calls=[start({"letters": ["x"]})])
def private_key_of_a_nodes_parameter(lg):
    def hide(state: Letters):
        return {"code": "1234", "letters": ["h"]}

    def use(state: Secret):
        return {"letters": [state["code"]]}

    return chain(lg, Letters, hide, use)


@flow("1.1 private state", calls=[start({"letters": []})], remembers=True)
def private_keys_by_input_schema_of_add_node(lg):
    def hide(state: Letters):
        return {"code": "1234", "tries": 2}

    def use(state):
        return {"letters": [state["code"], str(state["tries"]), str(sorted(state))], "tries": 3}

    def see(state: Letters):
        return {"last": str(sorted(state))}

    nodes = {"hide": hide, "use": (use, {"input_schema": CountedSecret}), "see": see}
    return wire(lg, Letters, nodes, "START hide use see")


@flow("1.1 private state", "1.4 conditional", calls=[start({"letters": []})])
def private_keys_of_a_routers_parameter(lg):
    def hide(state: Letters):
        return {"code": "left"}

    def route(state: Secret) -> str:
        return state["code"]

    def left(state: Letters):
        return {"letters": ["left"]}

    builder = wire(lg, Letters, {"hide": hide, "left": left}, "START hide", "left END")
    builder.add_conditional_edges("hide", route)
    return builder


@script("1.1 private state")
def same_key_with_another_reducer_is_refused(lg):
    class Left(TypedDict):
        key: Annotated[list, operator.add]

    class Right(TypedDict):
        key: Annotated[list, operator.iadd]

    def a(state: Right):
        return {}

    return chain(lg, Left, a).compile()


@flow("1.1 private state", "1.1 reducer", calls=[start({"key": ["x"]})])
def plain_declaration_after_a_reducer_is_ignored(lg):
    class First(TypedDict):
        key: Annotated[list, operator.add]

    class Second(TypedDict):
        key: list

    def a(state: Second):
        return {"key": ["a"]}

    def b(state: First):
        return {"key": ["b"]}

    return chain(lg, First, a, b)
