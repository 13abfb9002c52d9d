"""The page on architecture describes the tree that is there, and its picture of the statuses is the table itself."""

import re
from pathlib import Path

from fastgraph.status import ENDED, TRANSITIONS, RunStatus
from support.sources import PACKAGES, ROOT, files, product_files, text

PAGE = Path("docs", "architecture.md")
PICTURE = re.compile(r"```mermaid\n(stateDiagram-v2\n.*?)```", re.DOTALL)
ROW = re.compile(r"^\| (?:\(top\)|`(?P<folder>[a-z_/]+)/`) \|[^|]*\| (?P<files>.*) \|$", re.MULTILINE)
PART = re.compile(r"^`(?P<package>[a-z]+)/`$", re.MULTILINE)
WORD = re.compile(r"`([a-z_]+)`")
PLACE = re.compile(r"`((?:fastgraph|actors|api|tests|frontend|benchmarks)/[A-Za-z0-9_./-]*)`")
NOT_MODULES = {"set", "append", "merge", "invoke", "stream", "serve"}


def test_the_picture_of_the_statuses_is_the_table() -> None:
    drawn = PICTURE.search(text(PAGE))
    assert drawn is not None
    assert drawn[1] == _picture(), f"put this into {PAGE}:\n{_picture()}"


def test_every_folder_of_the_packages_is_listed() -> None:
    listed = {folder for folder, _ in _listed()}
    folders = {path.parent.as_posix() for path in product_files() if "migrations" not in path.parts}
    assert folders - listed - set(PACKAGES) == set()


def test_every_module_that_is_listed_exists() -> None:
    missing = [
        f"{folder}/{name}"
        for folder, names in _listed()
        for name in names - NOT_MODULES
        if not (ROOT / folder / f"{name}.py").is_file()
    ]
    assert missing == []


def test_every_place_that_the_page_and_the_decisions_name_exists() -> None:
    pages = [PAGE, *files(".md", under="docs/decisions")]
    missing = [
        f"{page}: {place}"
        for page in pages
        for place in PLACE.findall(text(page))
        if not (ROOT / place).exists()
    ]
    assert missing == []


def _picture() -> str:
    steps = [
        f"    {before} --> {after}"
        for before in RunStatus
        for after in RunStatus
        if after in TRANSITIONS[before]
    ]
    ends = [f"    {status} --> [*]" for status in RunStatus if status in ENDED]
    return "\n".join(["stateDiagram-v2", "    [*] --> queued", *steps, *ends, ""])


def _listed() -> list[tuple[str, set[str]]]:
    """Each row of the page's tables of files: the folder, and the words in it that are set as code."""
    page = text(PAGE)
    parts = list(PART.finditer(page))
    rows: list[tuple[str, set[str]]] = []
    for part, following in zip(parts, [*parts[1:], None], strict=True):
        section = page[part.end() : following.start() if following else len(page)]
        for row in ROW.finditer(section):
            folder = f"{part['package']}/{row['folder']}" if row["folder"] else part["package"]
            rows.append((folder, set(WORD.findall(row["files"]))))
    return rows
