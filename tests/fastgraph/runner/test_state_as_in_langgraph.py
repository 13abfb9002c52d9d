"""State schemas, reducers, inputs, outputs and returns mean what they mean in LangGraph: each program runs on both."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, NotRequired, TypedDict

from pydantic import BaseModel

from support.oracle import Names, agree


class Pair(TypedDict):
    x: int
    y: int


class Sum(TypedDict):
    total: Annotated[int, operator.add]
    parts: Annotated[Sequence[str], operator.add]
    names: Annotated[set[str], lambda a, b: a | b]


class Loose(TypedDict):
    x: NotRequired[int]
    y: NotRequired[str]


def one_node(lg: Names, schema: Any, node: Any, **options: Any) -> Any:
    builder = lg.StateGraph(schema, **options)
    builder.add_node("node", node)
    builder.add_edge(lg.START, "node")
    return builder.compile()


def test_absent_keys_are_absent() -> None:
    def program(lg: Names) -> Any:
        seen = []

        def node(state: Loose) -> dict[str, Any]:
            seen.append(dict(state))
            return {"y": "set"}

        graph = one_node(lg, Loose, node)
        return [graph.invoke({"x": 1}), graph.invoke({}), seen]

    agree(program)


def test_reading_an_absent_key_is_a_key_error() -> None:
    agree(lambda lg: one_node(lg, Loose, lambda state: {"x": state["x"] + 1}).invoke({"y": "only"}))


def test_reducers_begin_with_the_types_empty_value() -> None:
    def program(lg: Names) -> Any:
        graph = one_node(lg, Sum, lambda state: {"total": 2, "parts": ["b"], "names": {"n"}})
        return [graph.invoke({"total": 1, "parts": ["a"], "names": set()}), graph.invoke({})]

    assert agree(program)[0] == {"total": 3, "parts": ["a", "b"], "names": {"n"}}


def test_unknown_keys_are_dropped() -> None:
    def program(lg: Names) -> Any:
        graph = one_node(lg, Pair, lambda state: {"y": 2, "z": 3})
        return [graph.invoke({"x": 1, "w": 0}), list(graph.stream({"x": 1}, stream_mode="updates"))]

    agree(program)


def test_node_that_returns_nothing() -> None:
    def program(lg: Names) -> Any:
        graph = one_node(lg, Pair, lambda state: None)
        return [graph.invoke({"x": 1}), list(graph.stream({"x": 1}, stream_mode=["updates", "values"]))]

    agree(program)


def test_node_that_returns_an_empty_dict() -> None:
    agree(
        lambda lg: list(
            one_node(lg, Pair, lambda state: {}).stream({"x": 1}, stream_mode=["updates", "values"])
        )
    )


def test_what_is_no_update_is_an_error() -> None:
    for value in ("text", 3, [1, 2], [{"x": 1}, {"y": 2}], ("x", 1)):
        agree(lambda lg, value=value: one_node(lg, Pair, lambda state: value).invoke({"x": 1}))


def test_two_writes_to_a_plain_key_in_one_step_are_an_error() -> None:
    def program(lg: Names) -> Any:
        builder = lg.StateGraph(Pair)
        builder.add_node("a", lambda state: {"x": 1})
        builder.add_node("b", lambda state: {"x": 2})
        builder.add_edge(lg.START, "a")
        builder.add_edge(lg.START, "b")
        return builder.compile().invoke({"x": 0})

    agree(program)


def test_overwrite_replaces_a_reducers_value() -> None:
    def program(lg: Names) -> Any:
        return one_node(lg, Sum, lambda state: {"parts": lg.Overwrite(["new"]), "total": 1}).invoke(
            {"parts": ["old"], "total": 1}
        )

    assert agree(program)["parts"] == ["new"]


def test_overwrite_drops_the_other_writes_of_its_step() -> None:
    def program(lg: Names) -> Any:
        builder = lg.StateGraph(Sum)
        for name, value in (("a", ["a"]), ("b", lg.Overwrite(["b"])), ("c", ["c"])):
            builder.add_node(name, lambda state, value=value: {"parts": value})
            builder.add_edge(lg.START, name)
        return builder.compile().invoke({"parts": ["old"]})

    agree(program)


def test_two_overwrites_in_one_step_are_an_error() -> None:
    def program(lg: Names) -> Any:
        builder = lg.StateGraph(Sum)
        for name in ("a", "b"):
            builder.add_node(name, lambda state, name=name: {"parts": lg.Overwrite([name])})
            builder.add_edge(lg.START, name)
        return builder.compile().invoke({"parts": ["old"]})

    agree(program)


def test_reducer_that_raises_fails_the_run() -> None:
    def refuse(current: list[str], update: list[str]) -> list[str]:
        if update == ["bad"]:
            raise ZeroDivisionError("no")
        return current + update

    class Strict(TypedDict):
        parts: Annotated[list[str], refuse]

    agree(lambda lg: one_node(lg, Strict, lambda state: {"parts": ["bad"]}).invoke({"parts": ["a"]}))
    agree(lambda lg: one_node(lg, Strict, lambda state: {"parts": ["good"]}).invoke({"parts": ["bad"]}))


def test_reducer_of_three_parameters_is_an_error() -> None:
    class Odd(TypedDict):
        parts: Annotated[list[str], lambda a, b, c: a]

    agree(lambda lg: one_node(lg, Odd, lambda state: None))


def test_mutation_in_a_node_does_not_leak() -> None:
    class Bag(TypedDict):
        items: list[int]
        n: int

    def program(lg: Names) -> Any:
        builder = lg.StateGraph(Bag)
        builder.add_node("a", lambda state: {"n": len(state["items"])})
        builder.add_node("b", lambda state: {"n": len(state["items"]) + state["n"]})
        builder.add_edge(lg.START, "a")
        builder.add_edge("a", "b")
        return builder.compile().invoke({"items": [1, 2], "n": 0})

    agree(program)


def test_input_and_output_schemas_narrow() -> None:
    class In(TypedDict):
        x: int

    class Out(TypedDict):
        y: int

    def program(lg: Names) -> Any:
        graph = one_node(lg, Pair, lambda state: {"y": state["x"] + 1}, input_schema=In, output_schema=Out)
        return [
            graph.invoke({"x": 1, "y": 5}),
            list(graph.stream({"x": 1}, stream_mode="values")),
            list(graph.stream({"x": 1}, stream_mode="updates")),
            list(graph.stream({"x": 1}, stream_mode="values", output_keys=["x"])),
        ]

    assert agree(program)[0] == {"y": 2}


def test_private_state_of_a_node() -> None:
    class Private(TypedDict):
        secret: str

    def write(state: Pair) -> Private:
        return {"secret": "s"}

    def read(state: Private) -> dict[str, Any]:
        return {"y": len(state["secret"]), "x": len(state)}

    def program(lg: Names) -> Any:
        builder = lg.StateGraph(Pair)
        builder.add_node(write)
        builder.add_node(read)
        builder.add_edge(lg.START, "write")
        builder.add_edge("write", "read")
        graph = builder.compile()
        return [graph.invoke({"x": 1}), list(graph.stream({"x": 1}, stream_mode=["updates", "values"]))]

    agree(program)


def test_input_schema_of_a_node() -> None:
    def program(lg: Names) -> Any:
        class OnlyX(TypedDict):
            x: int

        builder = lg.StateGraph(Pair)
        builder.add_node("node", lambda state: {"y": len(state)}, input_schema=OnlyX)
        builder.add_edge(lg.START, "node")
        return builder.compile().invoke({"x": 1, "y": 7})

    assert agree(program) == {"x": 1, "y": 1}


@dataclass
class Record:
    x: int = 0
    parts: Annotated[list[str], operator.add] = field(default_factory=list)


def test_dataclass_state() -> None:
    def node(state: Record) -> dict[str, Any]:
        return {"x": state.x + 1, "parts": [str(len(state.parts))]}

    def program(lg: Names) -> Any:
        graph = one_node(lg, Record, node)
        return [graph.invoke({"x": 1}), graph.invoke(Record(x=4)), graph.invoke({})]

    agree(program)


def test_node_that_returns_a_dataclass() -> None:
    def program(lg: Names) -> Any:
        return one_node(lg, Record, lambda state: Record(x=9, parts=["p"])).invoke({"x": 1})

    agree(program)


class Model(BaseModel):
    x: int
    note: str | None = None
    parts: Annotated[list[str], operator.add] = []


def test_pydantic_state() -> None:
    def node(state: Model) -> dict[str, Any]:
        return {"x": state.x + 1, "parts": [type(state).__name__]}

    def program(lg: Names) -> Any:
        graph = one_node(lg, Model, node)
        return [graph.invoke({"x": 1}), graph.invoke(Model(x=3))]

    agree(program)


def test_pydantic_refuses_a_bad_input() -> None:
    agree(lambda lg: one_node(lg, Model, lambda state: None).invoke({"x": "no number"}))


def test_node_that_returns_a_model_writes_what_was_set() -> None:
    def program(lg: Names) -> Any:
        return one_node(lg, Model, lambda state: Model(x=9)).invoke({"x": 1, "note": "kept"})

    agree(program)


def test_send_argument_is_the_nodes_input() -> None:
    def program(lg: Names) -> Any:
        builder = lg.StateGraph(Sum)
        builder.add_node("w", lambda arg: {"parts": [f"{type(arg).__name__}:{arg}"]})
        builder.add_conditional_edges(
            lg.START, lambda state: [lg.Send("w", value) for value in (1, "two", [3], {"four": 4}, None)]
        )
        return builder.compile().invoke({"parts": []})

    agree(program)


def test_empty_input_and_none() -> None:
    def program(lg: Names, given: Any) -> Any:
        return one_node(lg, Loose, lambda state: {"x": 1}).invoke(given)

    agree(lambda lg: program(lg, {}))
    agree(lambda lg: program(lg, None))
    agree(lambda lg: program(lg, "text"))
    agree(lambda lg: program(lg, [1]))


def test_graph_that_writes_nothing() -> None:
    agree(lambda lg: one_node(lg, Loose, lambda state: None).invoke({}))


def test_values_are_shown_when_an_output_key_was_written() -> None:
    class Out(TypedDict):
        y: int

    def program(lg: Names) -> Any:
        builder = lg.StateGraph(Pair, output_schema=Out)
        builder.add_node("a", lambda state: {"x": 2})
        builder.add_node("b", lambda state: {"y": 3})
        builder.add_edge(lg.START, "a")
        builder.add_edge("a", "b")
        graph = builder.compile()
        return [
            list(graph.stream({"x": 1}, stream_mode="values")),
            list(graph.stream({"x": 1}, stream_mode="values", output_keys="y")),
            graph.invoke({"x": 1}, output_keys=["x"]),
            graph.invoke({"x": 1}, stream_mode="updates"),
            graph.invoke({"x": 1}, stream_mode=["updates", "values"]),
        ]

    agree(program)


def test_state_of_one_value_without_keys() -> None:
    def program(lg: Names) -> Any:
        builder = lg.StateGraph(Annotated[list, operator.add])
        builder.add_node("a", lambda state: [f"a{len(state)}"])
        builder.add_node("b", lambda state: lg.Command(update=["b"], goto="c"))
        builder.add_node("c", lambda state: None)
        builder.add_edge(lg.START, "a")
        builder.add_conditional_edges("a", lambda state: "b" if state[-1] == "a1" else lg.END)
        graph = builder.compile(checkpointer=lg.InMemorySaver())
        config = {"configurable": {"thread_id": "1"}}
        return [
            graph.invoke(["in"], config),
            list(graph.stream(["again"], config, stream_mode=["values", "updates"])),
            graph.get_state(config).values,
        ]

    assert agree(program)[0] == ["in", "a1", "b"]


def test_plain_value_as_state() -> None:
    def program(lg: Names) -> Any:
        builder = lg.StateGraph(int)
        builder.add_node("double", lambda n: n * 2)
        builder.add_edge(lg.START, "double")
        builder.add_conditional_edges("double", lambda n: "double" if n < 100 else lg.END)
        return [builder.compile().invoke(3), list(builder.compile().stream(30))]

    assert agree(program) == [192, [{"double": 60}, {"double": 120}]]
