"""The README shows pictures that exist, names a test for each promise, and maps the original description to what is here."""

import re
from pathlib import Path

from support.sources import ROOT, text

README = Path("README.md")
PICTURE = re.compile(r'(?:src|srcset)="([^"]+)"')
PROMISE = re.compile(r"^\| (\d) \| .* \| (.*) \|$", re.MULTILINE)
TEST = re.compile(r"\]\((tests/[^)]+)\)")
MAP = re.compile(r"^## From the original description to here$(.*?)^## ", re.MULTILINE | re.DOTALL)
PLACE = re.compile(r"`((?:fastgraph|actors|api|tests)/[A-Za-z0-9_./]*)`")


def test_the_pictures_exist_in_light_and_dark() -> None:
    pictures = PICTURE.findall(text(README))
    assert [picture for picture in pictures if not (ROOT / picture).is_file()] == []
    assert {picture.rsplit("-", 1)[1] for picture in pictures} == {"light.png", "dark.png"}


def test_each_promise_names_tests_that_exist() -> None:
    promises = {int(number): TEST.findall(tests) for number, tests in PROMISE.findall(text(README))}
    assert sorted(promises) == [1, 2, 3, 4, 5, 6]
    for number, tests in promises.items():
        assert tests, f"promise {number} has no test"
        assert [test for test in tests if not (ROOT / test).is_file()] == []


def test_the_map_leads_to_what_exists() -> None:
    found = MAP.search(text(README))
    assert found is not None
    places = PLACE.findall(found[1])
    assert places
    assert [place for place in places if not (ROOT / place).exists()] == []
