"""What a filter and a namespace condition let through. Pure; one file, so that all stores answer alike.

A filter is evaluated on values and never becomes part of an SQL text: there is nothing to inject into (LangGraph's
SQLite store was open to that, CVE-2025-64104 among others). Two flavours differ where LangGraph's stores do: in SQL a
field that is missing is NULL and meets no comparison, `$ne` among them, texts are compared as texts, and `a.b` is a path.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from types import NoneType
from typing import Any

from fastgraph.store.items import InvalidFilterError, ListNamespacesOp, MatchCondition

__all__ = ["check_filter", "does_match", "meets", "meets_as_sql", "pick_namespaces"]

_ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}
_OPERATORS = {"$eq", "$ne", *_ORDERS}
_FIELD = re.compile(r"[A-Za-z0-9_.-]+\Z")


def meets(value: Mapping[str, Any], wanted: Mapping[str, Any] | None) -> bool:
    """Say whether a value meets a filter, as in LangGraph's memory store."""
    return not wanted or all(_is_like(value.get(field), test) for field, test in wanted.items())


def meets_as_sql(value: Mapping[str, Any], wanted: Mapping[str, Any] | None) -> bool:
    """Say whether a value meets a filter, as in LangGraph's SQL stores."""
    return not wanted or all(_is_like_sql(_at(value, field), test) for field, test in wanted.items())


def check_filter(wanted: Mapping[str, Any] | None) -> None:
    """Check the fields and operators of a filter for an SQL store. Raises InvalidFilterError."""
    for field, test in (wanted or {}).items():
        if not _FIELD.match(field):
            raise InvalidFilterError(
                f"Invalid filter key: {field!r}. Use letters, digits, underscores, dots and hyphens."
            )
        for name in test if _has_operators(test) else ():
            _check_operator(name)


def _check_operator(name: Any) -> None:
    if name not in _OPERATORS:
        raise InvalidFilterError(
            f"Unsupported operator: {name!r}. There are: {', '.join(sorted(_OPERATORS))}."
        )


def _has_operators(test: Any) -> bool:
    return isinstance(test, dict) and any(isinstance(name, str) and name.startswith("$") for name in test)


def _is_like(found: Any, test: Any) -> bool:
    if _has_operators(test):
        return all(_compare(found, name, value) for name, value in test.items())
    if isinstance(test, dict):
        return isinstance(found, dict) and all(
            _is_like(found.get(name), value) for name, value in test.items()
        )
    if isinstance(test, list | tuple):
        return (
            isinstance(found, list | tuple)
            and len(found) == len(test)
            and all(_is_like(one, other) for one, other in zip(found, test, strict=True))
        )
    return bool(found == test)


def _compare(found: Any, name: str, value: Any) -> bool:
    _check_operator(name)
    if name == "$eq":
        return bool(found == value)
    if name == "$ne":
        return bool(found != value)
    numbers = _as_number(found), _as_number(value)
    if None not in numbers:
        return _ORDERS[name](*numbers)
    return _is_ordered(found, value) and _ORDERS[name](found, value)


def _as_number(value: Any) -> float | None:
    """Return a number, also one that stands in a text, as LangGraph's memory store reads it."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _is_like_sql(found: Any, test: Any) -> bool:
    if _has_operators(test):
        return all(_compare_sql(found, name, value) for name, value in test.items())
    return _is_like(found, test)


def _compare_sql(found: Any, name: str, value: Any) -> bool:
    _check_operator(name)
    if name == "$eq":
        return bool(found == value)
    if name == "$ne":
        return found is not None and bool(found != value)
    return _is_ordered(found, value) and _ORDERS[name](found, value)


def _is_ordered(one: Any, other: Any) -> bool:
    """Say whether two values stand in an order: both numbers, or both of one type that has one."""
    if isinstance(one, int | float) and isinstance(other, int | float):
        return True
    return type(one) is type(other) and not isinstance(one, dict | list | NoneType)


def _at(value: Any, path: str) -> Any:
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def does_match(condition: MatchCondition, namespace: tuple[str, ...]) -> bool:
    """Say whether a namespace begins or ends as the condition says; "*" stands for any one label."""
    path = condition.path
    if len(path) > len(namespace):
        return False
    if condition.match_type == "prefix":
        part = namespace[: len(path)]
    elif condition.match_type == "suffix":
        part = namespace[len(namespace) - len(path) :]
    else:
        raise InvalidFilterError(
            f"There is no match type {condition.match_type!r}. There are: prefix, suffix."
        )
    return all(wanted in ("*", label) for wanted, label in zip(path, part, strict=True))


def pick_namespaces(op: ListNamespacesOp, namespaces: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the namespaces that an operation asks for, each once, in order."""
    conditions = op.match_conditions or ()
    found = {
        namespace[: op.max_depth]
        for namespace in namespaces
        if all(does_match(condition, namespace) for condition in conditions)
    }
    return sorted(found)[op.offset : op.offset + op.limit]
