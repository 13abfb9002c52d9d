"""Sequences of operations on a store, made by Hypothesis, and what they answer: the same program for every store."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

__all__ = ["PROGRAMS", "play"]

LABELS = st.sampled_from(["a", "b", "a-b", "users", "ä", "[x]", "*?"])
NAMESPACES = st.lists(LABELS, min_size=1, max_size=3).map(tuple)
PREFIXES = st.lists(LABELS, max_size=2).map(tuple)
PATTERNS = st.none() | st.lists(LABELS | st.just("*"), min_size=1, max_size=2).map(tuple)
KEYS = st.sampled_from(["k1", "k2", "k3"])
FIELDS = st.sampled_from(["n", "s", "flag"])
NUMBERS = st.integers(-3, 3) | st.sampled_from([0.5, -1.5])
TEXTS = st.sampled_from(["x", "y", "zz", "it's"])
VALUES = st.fixed_dictionaries(
    {"n": NUMBERS},
    optional={"s": TEXTS, "flag": st.booleans(), "list": st.lists(NUMBERS, max_size=2), "no": st.none()},
)
ORDERS = st.sampled_from(["$gt", "$gte", "$lt", "$lte"])
TESTS = st.one_of(
    st.fixed_dictionaries({}, optional={"n": NUMBERS, "s": TEXTS, "flag": st.booleans()}),
    st.dictionaries(
        st.just("n"), st.dictionaries(ORDERS | st.sampled_from(["$eq", "$ne"]), NUMBERS, min_size=1)
    ),
    st.dictionaries(st.just("s"), st.dictionaries(st.just("$eq"), TEXTS, min_size=1)),
)

PUTS = st.tuples(st.just("put"), NAMESPACES, KEYS, VALUES)
DELETES = st.tuples(st.just("delete"), NAMESPACES, KEYS)
GETS = st.tuples(st.just("get"), NAMESPACES, KEYS)
SEARCHES = st.tuples(st.just("search"), PREFIXES, TESTS)
LISTS = st.tuples(st.just("list"), PATTERNS, PATTERNS, st.none() | st.integers(1, 3))
PROGRAMS = st.lists(PUTS | PUTS | DELETES | GETS | SEARCHES | LISTS, max_size=25)


def play(store: Any, program: list[tuple[Any, ...]]) -> list[Any]:
    """Answers without times; what a search finds at one moment has no order that counts."""
    seen: list[Any] = []
    for name, *arguments in program:
        match name:
            case "put":
                seen.append(store.put(*arguments))
            case "delete":
                seen.append(store.delete(*arguments))
            case "get":
                found = store.get(*arguments)
                seen.append(found and (found.namespace, found.key, found.value))
            case "search":
                prefix, wanted = arguments
                items = store.search(prefix, filter=wanted or None, limit=100)
                seen.append(
                    sorted((item.namespace, item.key, repr(item.value), item.score) for item in items)
                )
            case "list":
                prefix, suffix, depth = arguments
                seen.append(sorted(store.list_namespaces(prefix=prefix, suffix=suffix, max_depth=depth)))
    return seen
