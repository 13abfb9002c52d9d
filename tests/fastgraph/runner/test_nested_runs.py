"""Graphs in graphs: what FastGraph does beyond LangGraph, or otherwise, and what the conformance programs don't see."""

import asyncio
import operator
from typing import Annotated, Any, TypedDict

import pytest

from fastgraph import START, Command, InMemorySaver, RetryPolicy, Send, StateGraph, interrupt, save_artifact
from fastgraph.errors import ParentCommand
from fastgraph.graph.compiled import CompiledGraph
from fastgraph.in_process.artifacts import MemoryArtifacts

AT_ONCE = RetryPolicy(initial_interval=0.0, jitter=False)


class Log(TypedDict, total=False):
    seen: Annotated[list[str], operator.add]


def thread(name: str = "1") -> dict[str, Any]:
    return {"configurable": {"thread_id": name}}


def says(name: str, calls: list[str] | None = None) -> Any:
    def node(state: Log) -> Log:
        if calls is not None:
            calls.append(name)
        return {"seen": [name]}

    return node


def chain(*nodes: tuple[str, Any], saver: Any = None, **options: Any) -> CompiledGraph:
    return StateGraph(Log).add_sequence(list(nodes)).set_entry_point(nodes[0][0]).compile(saver, **options)


@pytest.mark.parametrize("saver", [InMemorySaver(), None])
def test_a_retry_of_the_outer_node_goes_on_with_the_nested_run(saver: Any) -> None:
    """LangGraph executes the finished nodes of the nested graph again on each attempt."""
    calls: list[str] = []

    def fails_twice(state: Log) -> Log:
        calls.append("fails")
        if calls.count("fails") < 3:
            raise ConnectionError
        return {"seen": ["made it"]}

    nested = chain(("first", says("first", calls)), ("fails", fails_twice))
    outer: Any = StateGraph(Log).add_node("nested", nested, retry_policy=AT_ONCE).set_entry_point("nested")
    assert outer.compile(saver).invoke({"seen": []}, thread("retry")) == {"seen": ["first", "made it"]}
    assert calls == ["first", "fails", "fails", "fails"]


def test_a_nested_run_that_is_finished_is_not_executed_again() -> None:
    calls: list[str] = []
    nested = chain(("only", says("only", calls)))

    def node(state: Log) -> Log:
        calls.append("node")
        found = nested.invoke({"seen": ["in"]})
        return {"seen": [*found["seen"], interrupt("go on?")]}

    graph = chain(("node", node), saver=InMemorySaver())
    graph.invoke({"seen": []}, thread())
    assert graph.invoke(Command(resume="yes"), thread()) == {"seen": ["in", "only", "yes"]}
    assert calls == ["node", "only", "node"]


def test_questions_of_parallel_nested_runs_are_answered_by_id() -> None:
    nested = chain(("ask", lambda state: {"seen": [interrupt(state["seen"][0])]}))
    builder: Any = StateGraph(Log).add_node("nested", nested)
    builder.add_conditional_edges(
        START, lambda state: [Send("nested", {"seen": [name]}) for name in "abc"], ["nested"]
    )
    graph = builder.compile(InMemorySaver())
    asked = graph.invoke({"seen": []}, thread())["__interrupt__"]
    assert sorted(question.value for question in asked) == ["a", "b", "c"]
    answers = {question.id: question.value.upper() for question in asked}
    assert graph.invoke(Command(resume=answers), thread())["seen"] == ["a", "A", "b", "B", "c", "C"]


def test_artifacts_of_a_nested_run_belong_to_the_run() -> None:
    def saves(state: Log) -> Log:
        return {"seen": [save_artifact("report.md", "text")]}

    artifacts = MemoryArtifacts()
    chain(("outer", chain(("inner", saves)))).invoke({"seen": []}, artifacts=artifacts)
    assert artifacts["report.md"].data == b"text"


def test_a_command_for_the_parent_of_the_outermost_graph_reaches_the_caller() -> None:
    graph = chain(("up", lambda state: Command(graph=Command.PARENT, update={"seen": ["up"]})))
    with pytest.raises(ParentCommand):
        graph.invoke({"seen": []})


def test_a_nested_async_graph_runs_on_the_outer_loop() -> None:
    loops: list[Any] = []

    async def node(state: Log) -> Log:
        loops.append(asyncio.get_running_loop())
        return {"seen": ["async"]}

    graph = chain(("outer", chain(("inner", node))))

    async def run() -> Any:
        loops.append(asyncio.get_running_loop())
        return await graph.ainvoke({"seen": []})

    assert asyncio.run(run()) == {"seen": ["async"]}
    assert loops[0] is loops[1]
    assert graph.invoke({"seen": []}) == {"seen": ["async"]}


def test_keys_that_only_the_nested_graph_has_are_no_mistake_under_strict() -> None:
    class Wider(TypedDict, total=False):
        seen: Annotated[list[str], operator.add]
        private: str

    inner = StateGraph(Wider).add_node("set", lambda state: {"private": "p"}).set_entry_point("set").compile()
    assert chain(("inner", inner), strict=True).invoke({"seen": []}) == {"seen": []}


def test_a_graph_with_another_graph_inside_has_another_hash() -> None:
    one = chain(("node", chain(("a", says("a")))))
    other = chain(("node", chain(("b", says("b")))))
    assert one.graph_hash != other.graph_hash


def test_parallel_nested_runs_are_asked_together_where_the_graph_collects() -> None:
    nested = chain(("ask", lambda state: {"seen": [interrupt(state["seen"][0])]}))
    calls: list[str] = []

    async def node(state: Log) -> Log:
        calls.append("node")
        found = await asyncio.gather(*(nested.ainvoke({"seen": [name]}) for name in "ab"))
        return {"seen": [item["seen"][-1] for item in found]}

    async def run(*, collects: bool) -> list[list[str]]:
        graph = chain(("node", node), saver=InMemorySaver(), collect_interrupts=collects)
        result = await graph.ainvoke({"seen": []}, thread())
        rounds = []
        while "__interrupt__" in result:
            rounds.append([question.value for question in result["__interrupt__"]])
            answers = {question.id: "yes" for question in result["__interrupt__"]}
            result = await graph.ainvoke(Command(resume=answers), thread())
        assert result == {"seen": ["yes", "yes"]}
        return rounds

    assert asyncio.run(run(collects=False)) == [["a"], ["b"]]
    assert asyncio.run(run(collects=True)) == [["a", "b"]]
    assert len(calls) == 5
