"""Folding the writes of one step into a key. Calls the user's reducer: whoever calls this is on a user thread.

Without a reducer a key takes one write a step. With one, writes fold left to right in the order given; an `Overwrite`
replaces the value, loses what was folded before it and ignores what comes after (LangGraph's rule, tried).
"""

from __future__ import annotations

import collections.abc
import inspect
import typing
from collections.abc import Callable, Sequence
from typing import Any, cast

from fastgraph.errors import InvalidUpdateError
from fastgraph.state.codecs import stripped
from fastgraph.state.overwrite import Overwrite, find_overwrite

__all__ = ["MISSING", "Reducer", "find_reducer", "fold", "start_value"]

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


def find_reducer(metadata: Sequence[Any]) -> Reducer | None:
    """Return the reducer among an Annotated's metadata: the last item, if it can be called with two values.

    Raises ValueError for a function with another number of parameters.
    """
    candidate: Any = metadata[-1] if metadata else None
    if not callable(candidate) or isinstance(candidate, type):
        return None
    try:
        parameters = inspect.signature(candidate).parameters.values()
    except ValueError:
        return cast(Reducer, candidate)  # a builtin that has no signature; it is called and will say so itself
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if len(positional) == 2:
        return cast(Reducer, candidate)
    raise ValueError(
        f"Invalid reducer signature. Expected (a, b) -> c. Got {inspect.signature(candidate)} of {candidate!r}."
    )


def start_value(declared: Any) -> Any:
    """Return what a reducer begins with: `type()`, or MISSING where the type can't be made so."""
    declared = stripped(declared)
    kind = typing.get_origin(declared) or declared
    kind = _CONCRETE.get(kind, kind)
    try:
        return kind()
    except Exception:  # whatever a class raises when made from nothing: then there is no value to begin with
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
        raise InvalidUpdateError(f"Key {key!r} was given {len(found)} Overwrites in one step and can take one only.")
    if found:
        return _unwrap(found[0])
    value = current
    for write in writes:
        value = write if value is MISSING else reducer(value, write)
    return value


def _unwrap(overwrite: Overwrite) -> Any:
    return overwrite.value
