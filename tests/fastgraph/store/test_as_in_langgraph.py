"""Sequences of operations on LangGraph's stores and on ours: the same answers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import langgraph.store.base as theirs
import langgraph.store.memory
import langgraph.store.sqlite
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastgraph.store.base as ours
from fastgraph.store.memory import InMemoryStore
from fastgraph.store.sqlite import SqliteStore
from support.store_steps import PROGRAMS, play


@contextmanager
def _their_sqlite() -> Iterator[Any]:
    with langgraph.store.sqlite.SqliteStore.from_conn_string(":memory:") as store:
        yield store


@settings(max_examples=150, deadline=None)
@given(PROGRAMS)
def test_sqlite_stores_answer_alike(program: list[tuple[Any, ...]]) -> None:
    with _their_sqlite() as theirs_store, SqliteStore.from_conn_string(":memory:") as store:
        assert play(store, program) == play(theirs_store, program)


@settings(max_examples=150, deadline=None)
@given(PROGRAMS)
def test_memory_stores_answer_alike(program: list[tuple[Any, ...]]) -> None:
    """But for `list_namespaces`: theirs also lists namespaces that were only asked for, or are empty by now."""
    program = [step for step in program if step[0] != "list"]
    assert play(InMemoryStore(), program) == play(langgraph.store.memory.InMemoryStore(), program)


@settings(max_examples=100, deadline=None)
@given(PROGRAMS)
def test_our_memory_store_lists_what_the_sqlite_store_lists(program: list[tuple[Any, ...]]) -> None:
    program = [step for step in program if step[0] != "search"]
    with _their_sqlite() as theirs_store:
        assert play(InMemoryStore(), program) == play(theirs_store, program)


def test_the_memory_store_keeps_the_order_of_first_puts() -> None:
    seen = []
    for store in (InMemoryStore(), langgraph.store.memory.InMemoryStore()):
        for key in ("b", "a", "c", "a"):
            store.put(("docs",), key, {"key": key})
        pages = [store.search(("docs",), limit=2, offset=offset) for offset in (0, 2)]
        seen.append([[item.key for item in page] for page in pages])
    assert seen[0] == seen[1] == [["b", "a"], ["c"]]


@pytest.mark.parametrize(
    "namespace", [(), ("a.b",), ("",), (1,), ("langgraph", "x"), ("a", "b\x00")], ids=repr
)
def test_the_same_namespaces_are_refused(namespace: Any) -> None:
    for module, store in ((theirs, langgraph.store.memory.InMemoryStore()), (ours, InMemoryStore())):
        with pytest.raises(module.InvalidNamespaceError):
            store.put(namespace, "key", {})


def test_batches_read_before_they_write_and_the_last_put_counts() -> None:
    seen = []
    for module, store in ((theirs, langgraph.store.memory.InMemoryStore()), (ours, InMemoryStore())):
        ops = [
            module.PutOp(("a",), "k", {"n": 1}),
            module.GetOp(("a",), "k"),
            module.PutOp(("a",), "k", {"n": 2}),
            module.SearchOp(("a",)),
        ]
        first = store.batch(ops)
        seen.append((first, store.get(("a",), "k").value))
    assert seen[0] == seen[1]


PATHS = st.sampled_from(
    [
        "$",
        "title",
        "notes[*].text",
        "notes[0]",
        "notes[-1].text",
        "notes[9]",
        "*",
        "meta.*",
        "{title,meta.author}",
        "gone",
        "",
    ]
)
DOCUMENT = {
    "title": "On trees",
    "notes": [{"text": "one", "page": 1}, {"text": "two"}],
    "meta": {"author": "K.", "year": 1973, "draft": None, "tags": ["a"]},
}


@given(PATHS)
def test_the_same_texts_are_indexed(path: str) -> None:
    assert ours.tokenize_path(path) == theirs.tokenize_path(path)
    assert ours.get_text_at_path(DOCUMENT, path) == theirs.get_text_at_path(DOCUMENT, path)


def _count_letters(texts: list[str]) -> list[list[float]]:
    return [[float(text.count(letter)) for letter in "abcxyz"] for text in texts]


def test_a_search_by_likeness_finds_the_same_order_and_scores() -> None:
    documents = {"1": "aab", "2": "xyz", "3": "abz", "4": "qqq", "5": "xxb"}
    index = {"dims": 6, "embed": _count_letters, "fields": ["text"]}
    seen = []
    for store in (InMemoryStore(index=index), langgraph.store.memory.InMemoryStore(index=index)):  # type: ignore[arg-type]
        for key, text in documents.items():
            store.put(("docs",), key, {"text": text})
        store.put(("docs",), "silent", {"text": "aaa"}, index=False)
        pages = [store.search(("docs",), query="ab", limit=4, offset=offset) for offset in (0, 4)]
        seen.append([[(item.key, item.score and round(item.score, 9)) for item in page] for page in pages])
    assert seen[0] == seen[1]


def test_a_file_of_theirs_goes_on_here(tmp_path: Any) -> None:
    file = str(tmp_path / "store.db")
    with langgraph.store.sqlite.SqliteStore.from_conn_string(file) as store:
        store.put(("a", "b"), "k", {"n": 1, "text": "ä"})
    with SqliteStore.from_conn_string(file) as store:
        assert store.get(("a", "b"), "k").value == {"n": 1, "text": "ä"}
        store.put(("a", "b"), "k", {"n": 2})
        assert [item.value for item in store.search(("a",), filter={"n": {"$gte": 2}})] == [{"n": 2}]
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT count(*) FROM store").fetchone() == (1,)
    connection.close()
