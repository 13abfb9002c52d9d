"""Folding the writes of one step into a key. Calls the user's reducer: whoever calls this is on a user thread.

Without a reducer a key takes one write a step. With one, writes fold left to right in the order given; an `Overwrite`
replaces the value, loses what was folded before it and ignores what comes after (LangGraph's rule, tried).
"""

from __future__ import annotations

import collections.abc
import inspect
import typing
from collections.abc import Callable, Sequence
from typing import Any

from fastgraph.errors import InvalidUpdateError
from fastgraph.state.annotations import stripped
from fastgraph.state.errors import InvalidReducerError
from fastgraph.state.overwrite import find_overwrite

__all__ = ["MISSING", "Reducer", "find_reducer", "fold", "is_same_reducer", "start_value"]

Reducer = Callable[[Any, Any], Any]

MISSING: Any = object()
"""Stands for "no value yet"."""

_CONCRETE = {
    collections.abc.Sequence: list,
    collections.abc.MutableSequence: list,
    collections.abc.Iterable: list,
    collections.abc.Set: set,
    collections.abc.MutableSet: set,
    collections.abc.Mapping: dict,
    collections.abc.MutableMapping: dict,
}


def find_reducer(key: str, metadata: Sequence[Any]) -> Reducer | None:
    """Return the reducer among a key's Annotated metadata: the last item, if it can be called with two values.

    Raises InvalidReducerError, which is a ValueError, for a function with another number of parameters. A class counts
    only where it takes two: most classes in metadata say something about the type.
    """
    last: Any = metadata[-1] if metadata else None
    if not callable(last):
        return None
    candidate: Reducer = last
    try:
        signature = inspect.signature(candidate)
    except ValueError:
        # A builtin without a signature, such as max: it will say itself what it can't do.
        return None if isinstance(candidate, type) else candidate
    positional = [
        item
        for item in signature.parameters.values()
        if item.kind in (item.POSITIONAL_ONLY, item.POSITIONAL_OR_KEYWORD)
    ]
    if len(positional) == 2:
        return candidate
    if isinstance(candidate, type):
        return None
    raise InvalidReducerError(key, str(signature))


def is_same_reducer(one: Any, other: Any) -> bool:
    """Say whether two reducers count as one. Lambdas equal any: the same schema read twice makes two of them (LangGraph's
    rule)."""
    return one == other or "<lambda>" in (getattr(one, "__name__", ""), getattr(other, "__name__", ""))


def start_value(declared: Any) -> Any:
    """Return what a reducer begins with: `type()`, or MISSING where the type can't be made so."""
    declared = stripped(declared)
    kind = typing.get_origin(declared) or declared
    kind = _CONCRETE.get(kind, kind)
    if kind is object:
        return MISSING
    try:
        return kind()
    except Exception:  # noqa: BLE001 - whatever a class raises when made of nothing: there is no value to begin with
        return MISSING


def fold(key: str, reducer: Reducer | None, current: Any, writes: Sequence[Any]) -> Any:
    """Return the key's new value. `current` is MISSING where there is none; the first write is then the value.

    Raises InvalidUpdateError for several writes without a reducer and for two Overwrites, and what the reducer raises.
    """
    if reducer is None:
        if len(writes) > 1:
            raise InvalidUpdateError(
                f"Key {key!r} was written {len(writes)} times in one step and can take one value only. "
                f"Give it a reducer: Annotated[<type>, <function of two values>]."
            )
        return writes[0]
    found = [overwrite for write in writes if (overwrite := find_overwrite(write)) is not None]
    if len(found) > 1:
        raise InvalidUpdateError(
            f"Key {key!r} was given {len(found)} Overwrites in one step and can take one only."
        )
    if found:
        return found[0].value
    value = current
    for write in writes:
        value = write if value is MISSING else reducer(value, write)
    return value
