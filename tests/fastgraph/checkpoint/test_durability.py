"""When a run waits for its saver, and what is there after its program was killed."""

import operator
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any, TypedDict

import pytest

from fastgraph.checkpoint.memory import InMemorySaver
from fastgraph.checkpoint.sqlite import SqliteSaver
from fastgraph.checkpoint.sqlite.schema import VERSION, find_version
from fastgraph.checkpoint.sqlite.tables import metadata
from fastgraph.errors import SchemaVersionError
from fastgraph.graph import START, StateGraph
from fastgraph.types import Command, interrupt

CONFIG = {"configurable": {"thread_id": "thread"}}
STEPS = 60
KILLED_AFTER = 25


class State(TypedDict, total=False):
    trail: Annotated[list[int], operator.add]


def build() -> StateGraph:
    def count(state: State) -> State:
        number = len(state["trail"]) + 1
        print(number, flush=True)
        return {"trail": [number]}

    builder = StateGraph(State)
    builder.add_node("count", count)
    builder.add_edge(START, "count")
    builder.add_conditional_edges(
        "count", lambda state: "count" if len(state["trail"]) < STEPS else "__end__"
    )
    return builder


def main(path: str, durability: Any) -> None:
    """What the killed program does."""
    with SqliteSaver.from_conn_string(path) as saver:
        build().compile(checkpointer=saver).invoke({"trail": []}, CONFIG, durability=durability)


@pytest.mark.parametrize("durability", ["sync", "async"])
def test_a_killed_program_loses_what_was_not_committed_and_nothing_else(
    tmp_path: Path, durability: str
) -> None:
    path = str(tmp_path / "threads.db")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, __file__, path, durability]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as program:
        assert program.stdout is not None
        for line in program.stdout:
            if int(line) == KILLED_AFTER:
                program.send_signal(signal.SIGKILL)
                break
        seen = KILLED_AFTER + sum(1 for _ in program.stdout)
    with SqliteSaver.from_conn_string(path) as saver:
        graph = build().compile(checkpointer=saver)
        state = graph.get_state(CONFIG)
        done = len(state.values.get("trail", ()))
        if durability == "sync":
            # the step that was being done may be lost with its result, the ones before it not
            assert seen - 1 <= done <= seen
        if not state.values:
            pytest.skip("killed before the first commit, which async allows")
        assert state.values["trail"] == [*range(1, done + 1)]
        assert graph.invoke(None, CONFIG)["trail"] == [*range(1, STEPS + 1)]


@pytest.mark.parametrize("durability", ["sync", "async", "exit"])
def test_all_is_durable_when_the_call_returns(tmp_path: Path, durability: Any) -> None:
    path = tmp_path / "threads.db"
    with SqliteSaver.from_conn_string(str(path)) as saver:
        build().compile(checkpointer=saver).invoke({"trail": []}, CONFIG, durability=durability)
        found = sqlite3.connect(path).execute("SELECT count(*), max(step) FROM saver_checkpoints").fetchone()
    assert found == ((1 if durability == "exit" else STEPS + 2), STEPS)


def test_an_exit_that_waits_or_fails_keeps_its_step() -> None:
    failures = [ValueError("once")]

    def ask(_: State) -> State:
        if failures:
            raise failures.pop()
        return {"trail": [interrupt("which?")]}

    builder = StateGraph(State)
    builder.add_node("sibling", lambda _: {"trail": [1]})
    builder.add_node("ask", ask)
    builder.add_edge(START, "sibling")
    builder.add_edge(START, "ask")
    graph = builder.compile(checkpointer=InMemorySaver())
    with pytest.raises(ValueError, match="once"):
        graph.invoke({"trail": []}, CONFIG, durability="exit")
    assert graph.get_state(CONFIG).next == ("ask",)
    graph.invoke(None, CONFIG, durability="exit")
    assert [question.value for question in graph.get_state(CONFIG).interrupts] == ["which?"]
    assert graph.invoke(Command(resume=2), CONFIG, durability="exit") == {"trail": [2, 1]}


def test_migrations_make_the_tables_as_they_are_described(tmp_path: Path) -> None:
    with SqliteSaver.from_conn_string(str(tmp_path / "threads.db")) as saver:
        saver.setup()
        made = saver.conn.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        ).fetchall()
        columns = {
            table.name: {row[1] for row in saver.conn.execute(f"PRAGMA table_info({table.name})")}
            for table in metadata.tables.values()
        }
        assert find_version(saver.conn) == VERSION
    assert [name for (name,) in made] == sorted([*metadata.tables, "saver_version"])
    assert columns == {table.name: {*table.columns.keys()} for table in metadata.tables.values()}


def test_a_file_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    path = str(tmp_path / "threads.db")
    with SqliteSaver.from_conn_string(path) as saver:
        saver.setup()
        saver.conn.execute("UPDATE saver_version SET version_num = 'saver_9999'")
        saver.conn.commit()
    with SqliteSaver.from_conn_string(path) as saver, pytest.raises(SchemaVersionError):
        saver.setup()


def test_a_thousand_steps_of_a_kilobyte_take_less_than_two_megabytes(tmp_path: Path) -> None:
    class Growing(TypedDict):
        pieces: Annotated[list[str], operator.add]

    builder = StateGraph(Growing)
    builder.add_node("grow", lambda _: {"pieces": ["x" * 1024]})
    builder.add_edge(START, "grow")
    builder.add_conditional_edges("grow", lambda state: "grow" if len(state["pieces"]) < 1000 else "__end__")
    path = tmp_path / "threads.db"
    with SqliteSaver.from_conn_string(str(path)) as saver:
        builder.compile(checkpointer=saver).invoke({"pieces": []}, CONFIG)
    assert path.stat().st_size < 2_000_000
    with SqliteSaver.from_conn_string(str(path)) as saver:
        assert len(builder.compile(checkpointer=saver).get_state(CONFIG).values["pieces"]) == 1000


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
