"""Every saver keeps threads alike: what a graph sees through one it sees through any other, also in a new program."""

import asyncio
import operator
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypedDict

import pytest
from pydantic import BaseModel

from fastgraph.checkpoint.base import BaseCheckpointSaver, Checkpoint, CheckpointTuple
from fastgraph.checkpoint.memory import InMemorySaver
from fastgraph.checkpoint.sqlite import SqliteSaver
from fastgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from fastgraph.errors import ThreadConflictError
from fastgraph.graph import END, START, StateGraph
from fastgraph.types import Command, Send, interrupt

Place = tuple[str, str]
CONFIG = {"configurable": {"thread_id": "thread"}}


class Item(BaseModel):
    name: str
    at: datetime


class State(TypedDict, total=False):
    trail: Annotated[list[str], operator.add]
    text: str
    item: Item
    table: dict[str, Any]
    count: int


class TuplesOnly(BaseCheckpointSaver):
    """A user's own saver, with LangGraph's methods only."""

    def __init__(self) -> None:
        super().__init__()
        self.checkpoints: dict[Place, dict[str, tuple[str | None, Checkpoint, Any]]] = {}
        self.writes: dict[tuple[Place, str], dict[tuple[str, str], list[tuple[str, Any]]]] = {}

    def get_tuple(self, config: Mapping[str, Any]) -> CheckpointTuple | None:
        place, kept = self._find(config)
        name = config["configurable"].get("checkpoint_id") or max(kept, default=None)
        if name is None or name not in kept:
            return None
        parent, checkpoint, metadata = kept[name]
        writes = [
            (task, channel, value)
            for (task, _), written in self.writes.get((place, name), {}).items()
            for channel, value in written
        ]
        return CheckpointTuple(
            _name(place, name), checkpoint, metadata, _name(place, parent) if parent else None, writes
        )

    def list(self, config: Any, **_options: Any) -> Iterator[CheckpointTuple]:
        place, kept = self._find(config)
        for name in sorted(kept, reverse=True):
            found = self.get_tuple(_name(place, name))
            assert found is not None
            yield found

    def put(self, config: Any, checkpoint: Any, metadata: Any, new_versions: Any) -> Any:
        assert set(new_versions) <= set(checkpoint["channel_values"])
        place, kept = self._find(config)
        kept[checkpoint["id"]] = (config["configurable"].get("checkpoint_id"), checkpoint, metadata)
        return _name(place, checkpoint["id"])

    def put_writes(
        self, config: Any, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        place, _ = self._find(config)
        kept = self.writes.setdefault((place, config["configurable"]["checkpoint_id"]), {})
        control = ("__interrupt__", "__resume__", "__error__")
        for channel, value in writes:
            if channel in control:
                kept[task_id, channel] = [(channel, value)]
        output = [write for write in writes if write[0] not in control]
        if output:
            kept[task_id, "output"] = output

    def _find(self, config: Any) -> tuple[Place, dict[str, tuple[str | None, Checkpoint, Any]]]:
        place = (config["configurable"]["thread_id"], config["configurable"].get("checkpoint_ns", ""))
        return place, self.checkpoints.setdefault(place, {})


def _name(place: Place, name: str) -> Any:
    return {"configurable": {"thread_id": place[0], "checkpoint_ns": place[1], "checkpoint_id": name}}


def build() -> StateGraph:
    def begin(state: State) -> State:
        return {
            "trail": ["begin"],
            "text": "x",
            "item": Item(name="n", at=datetime(2026, 1, 2, tzinfo=UTC)),
            "table": {f"key {number}": "value" * 9 for number in range(30)},
            "count": 0,
        }

    def grow(state: State) -> State:
        count = state["count"] + 1
        return {
            "trail": [f"grow {count}"],
            "text": state["text"] + "y" * 40,
            "table": {**state["table"], f"key {count}": "changed"},
            "count": count,
        }

    def ask(state: State) -> State:
        return {"trail": [f"asked {state['item'].name}: {interrupt('go on?')}"]}

    def part(argument: dict[str, int]) -> State:
        return {"trail": [f"part {argument['part']}"]}

    builder = StateGraph(State)
    builder.add_node("begin", begin)
    builder.add_node("grow", grow)
    builder.add_node("ask", ask)
    builder.add_node("part", part)
    builder.add_edge(START, "begin")
    builder.add_edge("begin", "grow")
    builder.add_conditional_edges(
        "grow", lambda state: "grow" if state["count"] < 40 else "ask", ["grow", "ask"]
    )
    builder.add_conditional_edges("ask", lambda _: [Send("part", {"part": number}) for number in (1, 2)])
    return builder


@pytest.fixture(params=["memory", "sqlite", "aio", "tuples"])
def make_saver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Any]]:
    """A saver each time it is called, over the same threads, as a new program would have it."""
    kept: BaseCheckpointSaver = TuplesOnly() if request.param == "tuples" else InMemorySaver()
    with ExitStack() as stack:

        def make() -> Any:
            if request.param == "sqlite":
                return stack.enter_context(SqliteSaver.from_conn_string(str(tmp_path / "threads.db")))
            if request.param == "aio":
                runner = stack.enter_context(asyncio.Runner())
                opened = AsyncExitStack()
                saver = runner.run(
                    opened.enter_async_context(
                        AsyncSqliteSaver.from_conn_string(str(tmp_path / "threads.db"))
                    )
                )
                stack.callback(lambda: runner.run(opened.aclose()))
                return saver
            return kept

        yield make


def test_a_new_program_goes_on_with_a_thread(make_saver: Callable[[], Any]) -> None:
    first = build().compile(checkpointer=make_saver())
    waiting = first.invoke({"trail": ["input"]}, CONFIG)
    assert [question.value for question in waiting["__interrupt__"]] == ["go on?"]
    second = build().compile(checkpointer=make_saver())
    state = second.get_state(CONFIG)
    assert state.next == ("ask",)
    assert state.values["item"] == Item(name="n", at=datetime(2026, 1, 2, tzinfo=UTC))
    assert state.values["text"] == "x" + "y" * 40 * 40
    assert len(state.values["trail"]) == 42
    ended = second.invoke(Command(resume="yes"), CONFIG)
    assert ended["trail"][-3:] == ["asked n: yes", "part 1", "part 2"]
    assert ended["table"]["key 1"] == "changed"
    assert second.get_state(CONFIG).next == ()


def test_the_history_is_the_same_on_every_saver(make_saver: Callable[[], Any]) -> None:
    expected = _history(build().compile(checkpointer=InMemorySaver()))
    assert _history(build().compile(checkpointer=make_saver())) == expected
    fresh = build().compile(checkpointer=make_saver())
    assert [state.values for state in fresh.get_state_history(CONFIG)] == [shown[2] for shown in expected]


def test_a_thread_can_be_copied_to_another_saver_by_langgraphs_methods(make_saver: Callable[[], Any]) -> None:
    source, target = InMemorySaver(), make_saver()
    graph = build().compile(checkpointer=source)
    graph.invoke({"trail": ["input"]}, CONFIG)
    for found in reversed(list(source.list(CONFIG))):
        config = found.parent_config or CONFIG
        stored = target.put(
            {"configurable": {"checkpoint_ns": "", **config["configurable"]}},
            found.checkpoint,
            found.metadata,
            found.checkpoint["channel_versions"],
        )
        by_task: dict[str, list[tuple[str, Any]]] = {}
        for task_id, channel, value in found.pending_writes or ():
            by_task.setdefault(task_id, []).append((channel, value))
        for task_id, writes in by_task.items():
            target.put_writes(stored, writes, task_id)
    if isinstance(target, TuplesOnly):
        pytest.skip("its ids are those of the saver that it was copied from")
    copied = build().compile(checkpointer=target)
    assert copied.get_state(CONFIG).next == ("ask",)
    assert copied.invoke(Command(resume="yes"), CONFIG)["trail"][-3:] == ["asked n: yes", "part 1", "part 2"]
    assert len(list(copied.get_state_history(CONFIG))) == 45


def test_deleted_threads_are_gone_with_their_namespaces(make_saver: Callable[[], Any]) -> None:
    saver = make_saver()
    if isinstance(saver, TuplesOnly):
        pytest.skip("it does not implement delete_thread")
    graph = build().compile(checkpointer=saver)
    graph.invoke({"trail": []}, CONFIG)
    other = {"configurable": {"thread_id": "other"}}
    graph.invoke({"trail": []}, other)
    saver.delete_thread("thread")
    assert graph.get_state(CONFIG).values == {}
    assert {found.config["configurable"]["thread_id"] for found in saver.list(None)} == {"other"}
    assert graph.get_state(other).next == ("ask",)


def test_threads_are_copied_pruned_and_forgotten_by_run(make_saver: Callable[[], Any]) -> None:
    saver = make_saver()
    if isinstance(saver, TuplesOnly):
        pytest.skip("it does not implement these")
    graph = build().compile(checkpointer=saver)
    graph.invoke({"trail": []}, CONFIG)
    saver.copy_thread("thread", "copy")
    copy = {"configurable": {"thread_id": "copy"}}
    assert graph.invoke(Command(resume="copied"), copy)["trail"][-3] == "asked n: copied"
    saver.prune(["thread"])
    assert len(list(graph.get_state_history(CONFIG))) == 1
    assert graph.invoke(Command(resume="kept"), CONFIG)["trail"][-3] == "asked n: kept"
    runs = {found.metadata["run_id"] for found in saver.list(copy)}
    saver.delete_for_runs([min(runs)])
    assert 0 < len(list(saver.list(copy))) < 45
    assert graph.get_state(copy).values["trail"][-1] == "part 2"


def test_an_async_graph_uses_a_saver_on_its_loop(tmp_path: Path) -> None:
    async def step(state: State) -> State:
        return {"trail": ["step"]}

    builder = StateGraph(State)
    builder.add_node("step", step)
    builder.add_edge(START, "step")
    builder.add_edge("step", END)

    async def run() -> list[Any]:
        async with AsyncSqliteSaver.from_conn_string(str(tmp_path / "threads.db")) as saver:
            graph = builder.compile(checkpointer=saver)
            await graph.ainvoke({"trail": []}, CONFIG)
            await graph.aupdate_state(CONFIG, {"trail": ["changed"]})
            found = await saver.aget_tuple(CONFIG)
            assert found is not None
            assert found.checkpoint["channel_values"] == {"trail": ["step", "changed"]}
            return [state.metadata["source"] async for state in graph.aget_state_history(CONFIG)]

    assert asyncio.run(run()) == ["update", "loop", "loop", "input"]


def test_an_async_saver_in_memory_keeps_its_threads() -> None:
    async def run() -> Any:
        async with AsyncSqliteSaver.from_conn_string(":memory:") as saver:
            graph = build().compile(checkpointer=saver)
            await graph.ainvoke({"trail": []}, CONFIG)
            return (await graph.aget_state(CONFIG)).next

    assert asyncio.run(run()) == ("ask",)


def test_a_connection_of_one_thread_serves_that_thread(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "threads.db")
    graph = build().compile(checkpointer=SqliteSaver(connection))
    graph.invoke({"trail": []}, CONFIG)
    assert graph.invoke(Command(resume="yes"), CONFIG)["trail"][-1] == "part 2"
    connection.close()


def test_a_second_program_that_goes_on_with_the_same_thread_is_refused(tmp_path: Path) -> None:
    """LangGraph lets both go on and forks the thread in silence."""
    path = str(tmp_path / "threads.db")
    with SqliteSaver.from_conn_string(path) as one, SqliteSaver.from_conn_string(path) as other:

        def meddle(state: State) -> State:
            if state["trail"] == ["input"]:
                build().compile(checkpointer=other).invoke({"trail": ["other"]}, CONFIG)
            return {"trail": ["meddle"]}

        builder = StateGraph(State)
        builder.add_node("meddle", meddle)
        builder.add_edge(START, "meddle")
        graph = builder.compile(checkpointer=one)
        with pytest.raises(ThreadConflictError, match="'thread' has a checkpoint"):
            graph.invoke({"trail": ["input"]}, CONFIG, durability="sync")
        # what the other stored is whole, and goes on
        assert build().compile(checkpointer=other).get_state(CONFIG).next == ("ask",)


def test_the_file_of_langgraphs_saver_can_be_used_beside_its_tables(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "threads.db", check_same_thread=False)
    connection.execute("CREATE TABLE checkpoints (thread_id TEXT)")
    connection.execute("CREATE TABLE writes (thread_id TEXT)")
    connection.commit()
    graph = build().compile(checkpointer=SqliteSaver(connection))
    assert graph.invoke({"trail": []}, CONFIG)["__interrupt__"]
    connection.close()


def test_versions_grow() -> None:
    saver = InMemorySaver()
    first = saver.get_next_version(None, None)
    assert first < saver.get_next_version(first, None)
    assert TuplesOnly().get_next_version(3, None) == 4


def _history(graph: Any) -> list[Any]:
    graph.invoke({"trail": ["input"]}, CONFIG)
    graph.invoke(Command(resume="yes"), CONFIG)
    old = next(state for state in graph.get_state_history(CONFIG) if state.metadata["step"] == 20)
    graph.update_state(old.config, {"trail": ["branch"]})
    graph.invoke(None, CONFIG)
    graph.invoke({"trail": ["again"]}, old.config)
    return [
        (
            state.metadata["source"],
            state.metadata["step"],
            state.values,
            state.next,
            [
                (task.name, task.result, [question.value for question in task.interrupts])
                for task in state.tasks
            ],
        )
        for state in graph.get_state_history(CONFIG)
    ]
