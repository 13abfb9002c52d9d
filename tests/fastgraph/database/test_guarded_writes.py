"""Whatever changes a run passes the guard: no module but `heads` writes to `runs`, and heads are given out locked only."""

import re
from pathlib import Path

import fastgraph.database as package
from fastgraph.database.event_kinds import _CODES, kind_of
from fastgraph.events import EventKind

FOLDER = Path(str(package.__file__)).parent
WRITES = re.compile(
    r"(insert|update|delete|HotInsert|HotUpdate)\(\s*runs\s*[,)]|(INSERT INTO|UPDATE|DELETE FROM) runs\b"
)
HANDLERS = {
    "signals",
    "versions",
    "acceptance",
    "claims",
    "commits",
    "deletion",
    "endings",
    "freeing",
    "inbox",
    "pausing",
}


def modules() -> dict[str, str]:
    return {path.stem: path.read_text() for path in FOLDER.glob("*.py")}


def test_only_heads_writes_to_runs() -> None:
    assert {name for name, source in modules().items() if WRITES.search(source)} == {"heads"}


def test_heads_are_changed_by_the_operations_only() -> None:
    changing = re.compile(r"\bhead\.\w+ (\+|-)?= |\bhead\.\w+ = ")
    found = {name for name, source in modules().items() if changing.search(source)}
    assert found <= HANDLERS | {"heads", "transaction"}


def test_an_owner_s_commit_asks_the_guard_first() -> None:
    source = modules()["commits"]
    body = source[source.index("def commit_run(") :]
    assert body.index("check_owner(") < body.index("_add_events(")


def test_each_kind_of_event_has_a_number_of_its_own() -> None:
    assert set(EventKind) <= set(_CODES)
    assert len(set(_CODES.values())) == len(_CODES)
    assert all(kind_of(code) == kind for kind, code in _CODES.items())
