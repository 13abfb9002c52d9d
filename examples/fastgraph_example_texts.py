"""The texts that ship with the examples, by name; what no name leads to is not opened."""

import re
from pathlib import Path

FOLDER = Path(__file__).with_name("texts")
NAMES = ("alice_opening", "declaration_of_independence", "gettysburg_address", "second_inaugural", "sonnets")

WORD = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿ]+(?:['\u2019-][A-Za-zÀ-ÖØ-öø-ÿ]+)*")


def read_text(name: str) -> str:
    """Return a shipped text; KeyError for any other name."""
    if name not in NAMES:
        raise KeyError(name)
    return (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


def words_of(text: str) -> list[str]:
    """The words of a text in lower case, in order."""
    return [word.lower() for word in WORD.findall(text)]
