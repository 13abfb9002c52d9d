"""Every stream mode, chunk by chunk and in order, as in LangGraph: each program runs on both.

Ids and times differ by their nature; they are replaced by the order in which they appear first, so that what belongs
together still must. The metadata that LangGraph copies from a config into
checkpoints that it loads again, and `parent_config`, are left out.
"""

import asyncio
import operator
import re
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

from pydantic import BaseModel

from support.oracle import Names, agree

MODES = ["values", "updates", "tasks", "checkpoints", "debug"]
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{24,32}\b")


class State(TypedDict, total=False):
    seen: Annotated[list[Any], operator.add]
    n: int


def normal(chunks: Any) -> Any:
    """Return chunks with their ids and times replaced, and interrupts and errors as plain data."""
    names: dict[str, str] = {}

    def read(value: Any) -> Any:
        if isinstance(value, str):
            return ID.sub(lambda found: names.setdefault(found.group(), f"id {len(names)}"), value)
        if type(value).__name__ == "Interrupt":
            return {"value": read(value.value), "id": read(value.id)}
        if isinstance(value, BaseException):
            return (type(value).__name__, str(value))
        if isinstance(value, dict):
            return {
                read(key): "a time" if key == "timestamp" else read(part)
                for key, part in sorted(value.items(), key=lambda item: str(item[0]))
                if key != "parent_config"
            }
        if isinstance(value, list):
            return [read(part) for part in value]
        if isinstance(value, tuple):
            return tuple(read(part) for part in value)
        return value

    return read(chunks)


def collect(chunks: Any) -> Any:
    """Return all chunks, and the error that ended them."""
    seen: list[Any] = []
    try:
        for chunk in chunks:
            seen.append(chunk)  # noqa: PERF402 - what came before an error counts
    except ValueError as error:
        seen.append(error)
    return normal(seen)


def wide(lg: Names, **options: Any) -> Any:
    """Two nodes at once, Sends, a node that writes twice, one that asks."""
    builder = lg.StateGraph(State)
    builder.add_node("a", lambda state: {"seen": ["a"], "n": 1}, metadata={"kind": "first"})
    builder.add_node("nothing", lambda state: None)
    builder.add_node("b", lambda state: {"seen": [state["n"]]})
    builder.add_node("twice", lambda state: [lg.Command(update={"seen": [n]}) for n in ("x", "y")])
    builder.add_node("ask", lambda state: {"seen": [lg.interrupt("what?")]})
    builder.add_edge(lg.START, "a")
    builder.add_edge(lg.START, "nothing")
    builder.add_conditional_edges("a", lambda state: [lg.Send("b", {"n": 5}), lg.Send("b", {"n": 6})], ["b"])
    builder.add_edge("b", "twice")
    builder.add_edge("twice", "ask")
    return builder.compile(checkpointer=lg.InMemorySaver(), **options)


def chain(lg: Names, *nodes: Any, state: Any = State, **options: Any) -> Any:
    builder = lg.StateGraph(state)
    builder.add_sequence(list(nodes))
    builder.add_edge(lg.START, nodes[0].__name__ if callable(nodes[0]) else nodes[0][0])
    return builder.compile(**options)


def one_at_a_time(lg: Names, mode: Any) -> Any:
    graph = chain(
        lg, ("a", lambda state: {"seen": ["a"]}), ("ask", lambda state: {"seen": [lg.interrupt("?")]})
    )
    return normal(list(graph.stream({"seen": ["in"]}, stream_mode=mode)))


def test_all_modes_of_a_run_that_asks_and_is_answered() -> None:
    def program(lg: Names) -> Any:
        graph = wide(lg)
        config = {"configurable": {"thread_id": "1"}}
        first = collect(graph.stream({"seen": ["in"]}, config, stream_mode=MODES))
        return first, collect(graph.stream(lg.Command(resume="yes"), config, stream_mode=MODES))

    agree(program)


def test_a_second_input_begins_on_the_values_of_the_first() -> None:
    def program(lg: Names) -> Any:
        graph = chain(lg, ("a", lambda state: {"seen": ["a"]}), checkpointer=lg.InMemorySaver())
        config = {"configurable": {"thread_id": "1"}}
        graph.invoke({"seen": ["in"]}, config)
        return collect(
            graph.stream({"seen": ["again"]}, config, stream_mode=["checkpoints", "debug", "values"])
        )

    agree(program)


def test_each_mode_alone() -> None:
    for mode in MODES:
        agree(lambda lg, mode=mode: one_at_a_time(lg, mode))


def test_metadata_and_tags_of_tasks() -> None:
    def program(lg: Names) -> Any:
        config = {
            "tags": ["mine", "seq:step:1"],
            "metadata": {"who": "me"},
            "configurable": {"thread_id": "1"},
        }
        return collect(wide(lg).stream({"seen": []}, config, stream_mode="tasks"))

    agree(program)


def test_error_is_the_last_task_result() -> None:
    def bad(state: State) -> Any:
        raise ValueError("boom")

    def program(lg: Names) -> Any:
        builder = lg.StateGraph(State)
        builder.add_node("a", lambda state: {"seen": ["a"]})
        builder.add_node("bad", bad)
        builder.add_edge(lg.START, "a")
        builder.add_edge("a", "bad")
        return collect(builder.compile().stream({"seen": []}, stream_mode=MODES))

    agree(program)


def test_finished_sibling_is_shown_as_cached_when_the_run_goes_on() -> None:
    def program(lg: Names) -> Any:
        failures = [ValueError("once")]

        def bad(state: State) -> Any:
            if failures:
                raise failures.pop()
            return {"seen": ["bad"]}

        builder = lg.StateGraph(State)
        builder.add_node("a", lambda state: {"seen": ["a"]})
        builder.add_node("bad", bad)
        builder.add_edge(lg.START, "a")
        builder.add_edge(lg.START, "bad")
        graph = builder.compile(checkpointer=lg.InMemorySaver())
        config = {"configurable": {"thread_id": "1"}}
        collect(graph.stream({"seen": []}, config))
        return collect(graph.stream(None, config, stream_mode=["updates", "tasks", "values"]))

    agree(program)


def test_breakpoints_before_and_after() -> None:
    def program(lg: Names) -> Any:
        nodes = [("a", lambda state: {"seen": ["a"]}), ("b", lambda state: {"seen": ["b"]})]
        seen = []
        for where in ({"interrupt_after": ["a"]}, {"interrupt_before": ["b"]}):
            graph = chain(lg, *nodes, checkpointer=lg.InMemorySaver(), **where)
            config = {"configurable": {"thread_id": "1"}}
            seen += [
                collect(graph.stream(given, config, stream_mode=MODES)) for given in ({"seen": []}, None)
            ]
        return seen

    agree(program)


def test_typed_parts_and_outputs() -> None:
    class Model(BaseModel):
        n: int = 0
        text: str = ""

    @dataclass
    class Data:
        n: int = 0
        text: str = ""

    def program(lg: Names) -> Any:
        seen = []
        for state in (State, Model, Data):
            graph = chain(lg, ("a", lambda state: {"n": 2}), state=state, checkpointer=lg.InMemorySaver())
            config = {"configurable": {"thread_id": "1"}}
            parts = list(graph.stream({"n": 1}, config, stream_mode=MODES, version="v2"))
            output = graph.invoke({"n": 3}, config, version="v2")
            seen.append((normal(parts), output.value, output.interrupts))
        return seen

    agree(program)


def test_typed_output_of_a_run_that_waits() -> None:
    def program(lg: Names) -> Any:
        graph = chain(lg, ("ask", lambda state: {"seen": [lg.interrupt("?")]}))
        output = graph.invoke({"seen": ["in"]}, version="v2")
        chunks = graph.invoke({"seen": ["in"]}, stream_mode="updates")
        return output.value, normal(output.interrupts), normal(chunks)

    agree(program)


def test_namespaces_and_modes_in_front() -> None:
    def program(lg: Names) -> Any:
        graph = chain(lg, ("a", lambda state: {"seen": ["a"]}))
        return [
            list(graph.stream({"seen": []}, stream_mode=mode, subgraphs=True))
            for mode in ("updates", ["updates", "values"])
        ]

    agree(program)


def test_output_keys_choose_what_is_shown() -> None:
    def program(lg: Names) -> Any:
        seen = []
        for keys in ("n", ["n"], ["seen"]):
            graph = chain(
                lg, ("a", lambda state: {"seen": ["a"], "n": 1}), ("b", lambda state: {"seen": ["b"]})
            )
            seen.append(normal(list(graph.stream({"seen": []}, stream_mode=MODES, output_keys=keys))))
        return seen

    agree(program)


def test_default_stream_mode_of_a_graph() -> None:
    def program(lg: Names) -> Any:
        graph = chain(lg, ("a", lambda state: {"seen": ["a"]}))
        before = list(graph.stream({"seen": []}))
        graph.stream_mode = "values"
        return before, list(graph.stream({"seen": []}))

    agree(program)


def test_printed_chunks_are_not_yielded(capsys: Any) -> None:
    def program(lg: Names) -> Any:
        graph = chain(lg, ("a", lambda state: {"seen": ["a"]}))
        chunks = list(graph.stream({"seen": []}, stream_mode="values", print_mode="updates"))
        chunks += [graph.invoke({"seen": []}, debug=True)]
        return chunks, capsys.readouterr().out

    agree(program)


def test_an_unknown_mode_shows_nothing_and_is_told(caplog: Any) -> None:
    def program(lg: Names) -> Any:
        graph = chain(lg, ("a", lambda state: {"seen": ["a"]}))
        return list(graph.stream({"seen": []}, stream_mode=["values", "valeus"]))

    agree(program)
    assert "no stream mode 'valeus'. There are: values, updates" in caplog.text


class Inner(TypedDict):
    ys: Annotated[list[Any], operator.add]


def around(lg: Names, **options: Any) -> Any:
    """A graph with a node that is a graph which asks, and one that calls a graph twice."""

    def write(state: State) -> Any:
        lg.get_stream_writer()("hello")
        return {"seen": ["written"]}

    def deep(state: Inner) -> Any:
        lg.get_stream_writer()("deep")
        return {"ys": ["deep"]}

    def call(state: State) -> Any:
        return {"seen": [inner.invoke({"ys": [number]})["ys"] for number in (1, 2)]}

    builder = lg.StateGraph(Inner)
    builder.add_node("deep", deep)
    builder.add_edge(lg.START, "deep")
    inner = builder.compile()
    asking = chain(lg, ("write", write), ("ask", lambda state: {"seen": [lg.interrupt("?")]}))
    return chain(lg, ("call", call), ("asking", asking), **options)


def test_nested_runs_show_themselves_under_their_namespaces() -> None:
    def program(lg: Names) -> Any:
        seen = []
        for mode in [*MODES, "custom", [*MODES, "custom"]]:
            for subgraphs in (False, True):
                graph = around(lg, checkpointer=lg.InMemorySaver())
                config = {"configurable": {"thread_id": "1"}}
                chunks = [
                    list(graph.stream(given, config, stream_mode=mode, subgraphs=subgraphs))
                    for given in ({"seen": ["in"]}, lg.Command(resume="yes"))
                ]
                seen.append(without_private_metadata(normal(chunks)))
        return seen

    agree(program)


def without_private_metadata(chunks: Any) -> Any:
    """Leave out what LangGraph adds of a nested run's config to the metadata of a checkpoint that it loads."""
    if isinstance(chunks, dict):
        return {
            key: {name: part[name] for name in ("source", "step", "parents")}
            if key == "metadata" and "source" in part
            else without_private_metadata(part)
            for key, part in chunks.items()
        }
    if isinstance(chunks, (list, tuple)):
        return type(chunks)(without_private_metadata(part) for part in chunks)
    return chunks


def test_a_node_that_streams_a_graph_itself() -> None:
    def program(lg: Names) -> Any:
        builder = lg.StateGraph(Inner)

        def deep(state: Inner) -> Any:
            lg.get_stream_writer()("deep")
            return {"ys": ["deep"]}

        builder.add_node("deep", deep)
        builder.add_edge(lg.START, "deep")
        inner = builder.compile()

        def node(state: State, config):  # type: ignore[no-untyped-def]
            seen = [
                list(inner.stream({"ys": []}, config)),
                list(inner.stream({"ys": []}, stream_mode=["values", "custom"])),
                list(inner.stream({"ys": []}, config, stream_mode=["updates"], subgraphs=True)),
            ]
            return {"seen": normal(seen)}

        graph = chain(lg, ("node", node))
        seen = [
            normal(list(graph.stream({"seen": []}, stream_mode=["updates", "custom"], **options)))
            for options in ({}, {"subgraphs": True}, {"subgraphs": True, "version": "v2"})
        ]
        return seen, graph.invoke({"seen": []}, subgraphs=True)

    agree(program)


def test_same_chunks_from_astream() -> None:
    def program(lg: Names) -> Any:
        async def gather(graph: Any, given: Any, config: Any) -> Any:
            stream = graph.astream(given, config, stream_mode=[*MODES, "custom"], subgraphs=True)
            return [chunk async for chunk in stream]

        graph = around(lg, checkpointer=lg.InMemorySaver())
        config = {"configurable": {"thread_id": "1"}}
        inputs = ({"seen": ["in"]}, lg.Command(resume="yes"))
        chunks = [asyncio.run(gather(graph, given, config)) for given in inputs]
        return without_private_metadata(normal(chunks))

    agree(program)
