"""What the page on testing names is there: its tests, its files and its examples."""

import re

from support.sources import ROOT, files, text

PAGE = (ROOT / "docs/how-it-is-tested.md").read_text()
TEST = re.compile(r"def (test_\w+)\(")


def test_every_test_that_the_page_names_exists() -> None:
    there = {name for path in files(".py", under="tests") for name in TEST.findall(text(path))}
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert named, "the page names tests"
    assert named - there == set()


def test_every_file_that_the_page_names_exists() -> None:
    named = re.findall(r"`((?:tests|examples)/[\w/.]+)`", PAGE)
    assert [name for name in named if not (ROOT / name).exists()] == []
