"""Schemas of states, inputs and nodes, and what START's routers see of an input: each program runs on both."""

import operator
from typing import Annotated, Any, Literal, NotRequired, Required, TypedDict

import pytest
from pydantic import BaseModel, Field

from support.oracle import Names, agree


class State(TypedDict, total=False):
    x: int
    log: Annotated[list[Any], operator.add]


class Model(BaseModel):
    x: int = 0
    log: Annotated[list[Any], operator.add] = Field(default_factory=list)


def typed(**keys: Any) -> Any:
    return TypedDict("Keys", keys, total=False)  # type: ignore[misc]


def routed_from_start(lg: Names, seen: list[Any], schema: Any, **options: Any) -> Any:
    def choose(state: Any) -> str:
        fields = state if isinstance(state, dict) else vars(state)
        seen.append((type(state).__name__, dict(fields)))
        return "n"

    if "router" in options:
        choose.__annotations__["state"] = options.pop("router")
    builder = lg.StateGraph(schema, **{name: options[name] for name in options if name != "private"})
    private = options.get("private")
    builder.add_node("n", lambda state: {"x": 1}, **({"input_schema": private} if private else {}))
    builder.add_conditional_edges(lg.START, choose)
    return builder.compile()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"input_schema": typed(q=str)},
        {"private": typed(p=str, x=int)},
        {"router": typed(p=str, x=int)},
    ],
)
def test_routers_of_start_see_what_the_input_has_beside_the_state(options: dict[str, Any]) -> None:
    def program(lg: Names) -> Any:
        seen: list[Any] = []
        graph = routed_from_start(lg, seen, State, **options)
        return [graph.invoke({"p": "a", "q": "b", "x": 4, "zz": 2}), seen]

    agree(program)


def test_routers_of_start_see_a_model_as_a_model() -> None:
    def program(lg: Names) -> Any:
        seen: list[Any] = []
        graph = routed_from_start(lg, seen, Model)
        return [graph.invoke({"x": 4, "zz": 2}), graph.invoke(Model(x=9)), seen]

    agree(program)


ROOTS: list[tuple[Any, Any]] = [
    (int, 3),
    (list, ["n"]),
    (dict, {"k": 1}),
    (Annotated[list, operator.add], ["n"]),
    (Annotated[int, operator.add], 2),
]


@pytest.mark.parametrize(("root", "value"), ROOTS)
def test_state_that_is_one_value(root: Any, value: Any) -> None:
    def program(lg: Names) -> Any:
        seen: list[Any] = []

        def keep(state: Any) -> Any:
            seen.append(state)
            return value

        builder = lg.StateGraph(root)
        builder.add_node("a", keep)
        builder.add_node("b", lambda state: lg.Command(update=value))
        builder.add_node("c", lambda state: None)
        builder.add_edge(lg.START, "a")
        builder.add_edge("a", "b")
        builder.add_edge("b", "c")
        graph = builder.compile(checkpointer=lg.InMemorySaver())
        config = {"configurable": {"thread_id": "1"}}
        first = [graph.invoke(value, config), graph.get_state(config).values]
        return [first, list(graph.stream(value, config, stream_mode=["values", "updates"])), seen]

    agree(program)


def test_reducer_of_a_type_that_cannot_be_made_begins_with_the_first_write() -> None:
    def program(lg: Names) -> Any:
        schema = typed(
            choice=Annotated[Literal["a", "b"], lambda a, b: a + b],
            number=Annotated[int | None, lambda a, b: (a, b)],
            anything=Annotated[Any, operator.add],
        )
        builder = lg.StateGraph(schema)
        builder.add_node("a", lambda state: {"choice": "a", "number": 1, "anything": 3})
        builder.add_node("b", lambda state: {"choice": "b", "number": 2, "anything": 4})
        builder.add_edge(lg.START, "a")
        builder.add_edge("a", "b")
        graph = builder.compile()
        return [graph.invoke({}), graph.invoke({"choice": "z"})]

    agree(program)


REDUCERS: list[Any] = [
    lambda a: a,
    lambda a, b, c: a,
    lambda *a: a,
    lambda a, b, *, c=1: a,
    lambda a, b=1: a,
]


@pytest.mark.parametrize("reducer", REDUCERS)
def test_reducer_takes_two_values(reducer: Any) -> None:
    def program(lg: Names) -> Any:
        builder = lg.StateGraph(typed(key=Annotated[list, reducer]))
        builder.add_node("a", lambda state: {"key": ["a"]})
        builder.add_edge(lg.START, "a")
        return builder.compile().invoke({"key": ["z"]})

    agree(program)


ADDED = Annotated[list, operator.add]
DECLARATIONS: list[Any] = [
    Annotated[list, operator.add, "doc"],
    Annotated[list, "doc", operator.add],
    Annotated[NotRequired[list], operator.add],
    Required[ADDED],
    NotRequired[ADDED],
    Annotated[list, Field(description="q")],
    Annotated[list, operator.add, Field(description="q")],
]


@pytest.mark.parametrize("declared", DECLARATIONS)
def test_reducer_is_the_last_thing_that_is_said_of_a_type(declared: Any) -> None:
    def program(lg: Names) -> Any:
        builder = lg.StateGraph(typed(key=declared))
        builder.add_node("a", lambda state: {"key": [1]})
        builder.add_edge(lg.START, "a")
        return builder.compile().invoke({"key": [0]})

    agree(program)


AGAIN: list[Any] = [
    ADDED,
    Annotated[list, operator.or_],
    list,
    Annotated[list, lambda a, b: b],
    Annotated[int, operator.add],
]


@pytest.mark.parametrize("first", [ADDED, list, int])
@pytest.mark.parametrize("second", AGAIN)
def test_key_that_is_declared_twice_means_the_same(first: Any, second: Any) -> None:
    def program(lg: Names) -> Any:
        builder = lg.StateGraph(typed(key=first))
        builder.add_node("a", lambda state: {"key": [1]}, input_schema=typed(key=second, private=int))
        builder.add_node("b", lambda state: {"key": [2]})
        builder.add_edge(lg.START, "a")
        builder.add_edge("a", "b")
        return builder.compile().invoke({"key": [0]})

    agree(program)


@pytest.mark.parametrize("schema", [State, Model])
@pytest.mark.parametrize("given", [{}, None, [], "x", 3, Model(x=1), {"zz": 1}, [("x", 1)], {"x": None}])
def test_what_an_input_may_be(given: Any, schema: Any) -> None:
    def program(lg: Names) -> Any:
        builder = lg.StateGraph(schema)
        builder.add_node("a", lambda state: {"log": ["a"]})
        builder.add_edge(lg.START, "a")
        return builder.compile().invoke(given)

    agree(program)


def test_input_and_output_schemas_narrow_what_goes_in_and_out() -> None:
    def program(lg: Names) -> Any:
        builder = lg.StateGraph(State, input_schema=typed(x=int), output_schema=typed(out=str, x=int))
        builder.add_node("a", lambda state: {"log": ["a"], "out": "o"})
        builder.add_edge(lg.START, "a")
        graph = builder.compile(checkpointer=lg.InMemorySaver())
        config = {"configurable": {"thread_id": "1"}}
        first = [graph.invoke({"x": 1, "log": ["q"]}, config), graph.get_state(config).values]
        return first + [
            list(graph.stream({"x": 1}, config, stream_mode=mode)) for mode in ("values", "updates")
        ]

    agree(program)
