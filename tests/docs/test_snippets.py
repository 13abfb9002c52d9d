"""The Python of the pages works: blocks marked `python` are executed, blocks marked `pycon` give what they show.

The blocks of a page are one module, in order, as a reader would put them into one file.
"""

import doctest
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from support.sources import files, text

BLOCK = re.compile(r"^```(python|pycon)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = [path for path in files(".md") if path.parts[0] in {"README.md", "docs"} and BLOCK.search(text(path))]


@pytest.fixture
def module() -> Iterator[ModuleType]:
    """A module that is imported, as the file of a user would be: type hints are looked up there."""
    made = ModuleType("page_of_the_documentation")
    sys.modules[made.__name__] = made
    yield made
    del sys.modules[made.__name__]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_block_of_python_works(page: Path, module: ModuleType) -> None:
    written = text(page)
    for block in BLOCK.finditer(written):
        kind, source = block.groups()
        line = written.count("\n", 0, block.start()) + 1
        if kind == "python":
            exec(compile("\n" * line + source, str(page), "exec"), vars(module))
        else:
            assert _differences(source, vars(module), page, line) == ""


def _differences(source: str, names: dict[str, object], page: Path, line: int) -> str:
    """Run a dialogue; answer what came out otherwise than it shows."""
    dialogue = doctest.DocTestParser().get_doctest(source, names, str(page), str(page), line)
    complaints: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(dialogue, out=complaints.append, clear_globs=False)
    names.update(dialogue.globs)
    return "".join(complaints)
