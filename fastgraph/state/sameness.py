"""Whether a value that came back from its bytes is the value that went in: same types, all the way down.

`==` is not enough: True == 1 == 1.0, NaN is unlike itself, and a class may call things equal that differ. Raises what a
user's own `__eq__` raises.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from functools import cached_property
from math import isnan
from typing import Any

from pydantic import BaseModel

from fastgraph.state.builtin_types import DEFAULT_REGISTRY
from fastgraph.state.plain_classes import attributes_of, is_plain_class

__all__ = ["is_same"]


def is_same(one: Any, other: Any) -> bool:
    """Say whether two values have the same types and content; dicts may differ in order, floats must not."""
    if one is other:
        return True
    kind = type(one)
    if kind is not type(other):
        return False
    if kind is float:
        return one == other or (isnan(one) and isnan(other))
    if kind is list or kind is tuple:
        return len(one) == len(other) and all(map(is_same, one, other))
    if kind is dict:
        return len(one) == len(other) and all(
            key in other and is_same(item, other[key]) for key, item in one.items()
        )
    if kind is dt.datetime or kind is dt.time:
        return bool(one == other) and one.utcoffset() == other.utcoffset()
    if isinstance(one, BaseModel):
        return _is_same_model(one, other)
    if dataclasses.is_dataclass(one):
        if _extra_attributes(one) != _extra_attributes(other):
            return False
        return all(
            is_same(getattr(one, item.name, None), getattr(other, item.name, None))
            for item in dataclasses.fields(one)
        )
    entry = DEFAULT_REGISTRY.find(one)
    if entry is not None and entry.is_same is not None:
        return entry.is_same(one, other)
    if _is_compared_by_identity(kind) and is_plain_class(kind):
        return is_same(attributes_of(one), attributes_of(other))
    return bool(one == other)


def _is_compared_by_identity(kind: Any) -> bool:
    return kind.__eq__ is object.__eq__


def _is_same_model(one: BaseModel, other: BaseModel) -> bool:
    """Compare fields, extra and private attributes; cached properties in `__dict__` are no content."""
    names = type(one).model_fields
    mine, theirs = one.__dict__, other.__dict__
    return (
        all(is_same(mine.get(name), theirs.get(name)) for name in names)
        and is_same(one.__pydantic_extra__ or {}, other.__pydantic_extra__ or {})
        and is_same(one.__pydantic_private__ or {}, other.__pydantic_private__ or {})
    )


def _extra_attributes(instance: Any) -> set[str]:
    """What an instance holds beside its fields, which no field could bring back; cached properties are no content."""
    names = {item.name for item in dataclasses.fields(instance)}
    return {
        name
        for name in getattr(instance, "__dict__", ())
        if name not in names and not isinstance(getattr(type(instance), name, None), cached_property)
    }
