"""`docs/command-line.md` names every command and every exit code as the program has them."""

from pathlib import Path

import pytest

from api.cli import artifacts, db, runs, workflows
from api.cli.exit_codes import MEANINGS
from api.cli.main import app

DOCUMENT = (Path(__file__).resolve().parents[3] / "docs" / "command-line.md").read_text()
GROUPS = {"runs": runs.app, "workflows": workflows.app, "artifacts": artifacts.app, "db": db.app}


@pytest.mark.parametrize(
    "name", [command.callback.__name__ for command in app.registered_commands if command.callback]
)
def test_every_command_is_documented(name: str) -> None:
    assert f"`fastgraph {name}" in DOCUMENT


@pytest.mark.parametrize("noun", GROUPS)
def test_every_verb_is_documented(noun: str) -> None:
    rows = [row for row in DOCUMENT.splitlines() if row.startswith(f"| `fastgraph {noun} ")]
    for command in GROUPS[noun].registered_commands:
        verb = command.name or (command.callback.__name__ if command.callback else "")
        assert any(f"`{verb}" in row or f" {verb}" in row for row in rows), f"{noun} {verb}"


def test_the_exit_codes_are_those_of_the_program() -> None:
    for code, meaning in MEANINGS.items():
        assert f"| {code.value} | {meaning} |" in DOCUMENT
