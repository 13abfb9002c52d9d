"""What a user can set, call or receive is found in the documentation, and what the documentation names exists.

Each kind of thing has its page in `docs/`, and is checked as soon as that page is there.
"""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import PydanticUndefined

from fastgraph.events import EventKind
from fastgraph.settings import Settings
from fastgraph.status import RunStatus
from support.sources import ROOT, files, product_files, text

ENV_EXAMPLE = ROOT / ".env.example"
SETTING = re.compile(r"^#?\s*(FASTGRAPH_[A-Z0-9_]+)=(.*)$", re.MULTILINE)
VARIABLE = re.compile(r"FASTGRAPH_[A-Z0-9_]*[A-Z0-9]")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
README_LINES = 200


def page(name: str) -> str:
    """One page of docs/; the test is skipped while it is not written yet."""
    if Path("docs", name) not in files(".md", under="docs"):
        pytest.skip(f"docs/{name} is not written yet")
    return text(Path("docs", name))


def test_every_setting_stands_in_the_example_with_its_default() -> None:
    written = dict(SETTING.findall(ENV_EXAMPLE.read_text()))
    expected = {
        f"FASTGRAPH_{name.upper()}": _shown(field.default) for name, field in Settings.model_fields.items()
    }
    assert written == expected


def test_every_setting_of_the_example_is_explained() -> None:
    example = " ".join(ENV_EXAMPLE.read_text().replace("\n# ", " ").split())
    for name, field in Settings.model_fields.items():
        assert field.description, f"the setting {name} has no description"
        assert field.description in example, (
            f"the description of {name} in .env.example is not that of settings.py"
        )


def test_the_settings_of_the_example_are_off_until_they_are_wanted() -> None:
    """Copied to `.env` as it is, the file changes nothing."""
    lines = ENV_EXAMPLE.read_text().splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == []


def test_every_kind_of_event_is_documented() -> None:
    written = page("events.md")
    assert [kind.value for kind in EventKind if f"`{kind.value}`" not in written] == []


def test_every_status_is_documented() -> None:
    written = page("events.md")
    assert [status.value for status in RunStatus if f"`{status.value}`" not in written] == []


def test_every_command_is_documented() -> None:
    lines = page("command-line.md").splitlines()
    assert [command for command in _commands() if not any(_names(line, command) for line in lines)] == []


def test_every_variable_that_the_pages_name_exists() -> None:
    settings = {f"FASTGRAPH_{name.upper()}" for name in Settings.model_fields}
    code = [*product_files(), *files(".py", under="scripts")]
    read_elsewhere = {name for path in code for name in VARIABLE.findall(text(path))}
    named = {name for path in files(".md") for name in VARIABLE.findall(text(path))}
    assert named - settings - read_elsewhere == set()


def test_the_readme_is_short() -> None:
    assert text(files("README.md")[0]).count("\n") <= README_LINES


def test_links_of_the_pages_lead_somewhere() -> None:
    broken = [
        f"{path}: {target}"
        for path in files(".md")
        for target in LINK.findall(text(path))
        if not (ROOT / path.parent / target).exists()
    ]
    assert broken == []


def _shown(default: Any) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return "" if default is None or default is PydanticUndefined else str(default)


def _names(line: str, command: str) -> bool:
    """Tell whether a line documents `runs show`: as `fastgraph runs show`, or as `show` after `fastgraph runs list`."""
    group, _, verb = command.rpartition(" ")
    return f"fastgraph {command}" in line or (
        f"fastgraph {group} " in line and re.search(rf"[`|]{verb}\b", line) is not None
    )


def _commands() -> list[str]:
    """Every command of the command line, as `runs list`."""
    from typer.main import get_command

    from api.cli.main import app

    found: list[str] = []

    def walk(command: Any, words: list[str]) -> None:
        children = getattr(command, "commands", None)
        if children is None:
            found.append(" ".join(words))
            return
        for name, child in children.items():
            if not child.hidden:
                walk(child, [*words, name])

    walk(get_command(app), [])
    return found
