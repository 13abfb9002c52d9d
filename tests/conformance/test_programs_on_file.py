"""Programs that keep threads see the same when these are kept in a SQLite file."""

import importlib
import itertools
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.library import LANGGRAPH, Library
from conformance.observing import observe, observe_in_time
from conformance.open_points import OPEN_POINTS
from conformance.program import Program, list_programs
from fastgraph.checkpoint.sqlite import SqliteSaver

ROWS = ("1.6", "1.7", "1.8", "1.10")
PROGRAMS = [
    program
    for program in list_programs()
    if program.name not in OPEN_POINTS and any(row.split()[0] in ROWS for row in program.rows)
]


class OnFile(Library):
    """FastGraph with a saver in a file wherever a program asks for one in memory."""

    def __init__(self, path: str, make_saver: Callable[..., Any]) -> None:
        super().__init__(path)
        self._make_saver = make_saver

    def __getattr__(self, name: str) -> Any:
        if name in ("InMemorySaver", "MemorySaver"):
            return self._make_saver
        found = super().__getattr__(name)
        return OnFile(f"{self._path}.{name}", self._make_saver) if isinstance(found, Library) else found


@pytest.fixture(scope="module")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the saver's tables, to be copied: making them for each program would take most of the time."""
    file = tmp_path_factory.mktemp("saver") / "empty.db"
    with SqliteSaver.from_conn_string(str(file)) as saver:
        saver.setup()
    return file


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_a_program_sees_the_same_with_its_threads_in_a_file(
    program: Program, tmp_path: Path, empty_file: Path
) -> None:
    numbers = itertools.count()
    savers: list[SqliteSaver] = []

    def make_saver(**options: Any) -> SqliteSaver:
        file = tmp_path / f"threads-{next(numbers)}.db"
        shutil.copy(empty_file, file)
        connection = sqlite3.connect(file, check_same_thread=False)
        connection.execute("PRAGMA synchronous=OFF")
        savers.append(SqliteSaver(connection, **options))
        return savers[-1]

    importlib.import_module("fastgraph.checkpoint.memory")
    try:
        assert observe_in_time(program, OnFile("fastgraph", make_saver)) == observe(program, LANGGRAPH)
    finally:
        for saver in savers:
            saver.close()
            saver.conn.close()
