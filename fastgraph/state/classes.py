"""How instances of a user's classes are written where no annotation says what stands there.

A state's own annotations name the classes that may occur in it (`find_classes`), and with them their subclasses. An
instance that turns up where its very class is not declared, a single model where a list of them is, or a Dog where an
Animal is, is written with the class's name as its tag. Reading looks for that name among those classes: nothing is
imported, and nothing else can be made. No `__init__` or validator of the user runs then, unless the class has other
fields by now.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import BaseModel

from fastgraph.state.plain_classes import attributes_of, is_plain_class, with_attributes
from fastgraph.state.registry import TypeEntry, TypeRegistry

__all__ = ["ClassFamily", "class_entry", "with_classes"]


def with_classes(registry: TypeRegistry, classes: Iterable[type[Any]]) -> TypeRegistry:
    """Return a registry that also stores instances of these classes and of their subclasses."""
    family = ClassFamily(classes)
    return registry.with_family(family) if family.classes else registry


class ClassFamily:
    """Classes with all their subclasses, those that are defined later too."""

    __slots__ = ("_entries", "classes")

    def __init__(self, classes: Iterable[type[Any]]) -> None:
        self.classes = tuple(classes)
        self._entries: dict[type[Any], TypeEntry] = {}

    def find(self, value: Any) -> TypeEntry | None:
        """Return the entry of an instance's class."""
        kind = type(value)
        # By its real bases: what a class says of isinstance is no promise that it has their fields.
        if not any(base in self.classes for base in kind.__mro__):
            return None
        try:
            return self._entry(kind)
        except TypeError:  # it has become more than its base is: nobody knows how to store it
            return None

    def find_tag(self, tag: str) -> TypeEntry | None:
        """Return the entry of the class of that name."""
        kind = next((kind for kind in _family_of(self.classes) if _tag_of(kind) == tag), None)
        return None if kind is None else self._entry(kind)

    def _entry(self, kind: type[Any]) -> TypeEntry:
        entry = self._entries.get(kind)
        if entry is None:
            entry = self._entries[kind] = class_entry(kind)
        return entry


def _family_of(classes: Iterable[type[Any]]) -> Iterator[type[Any]]:
    waiting, seen = list(classes), set()
    while waiting:
        kind = waiting.pop(0)
        if kind not in seen:
            seen.add(kind)
            yield kind
            waiting += type.__subclasses__(kind)


def _tag_of(kind: type[Any]) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def class_entry(kind: type[Any], tag: str | None = None) -> TypeEntry:
    """Return the entry of an enum, a Pydantic model, a dataclass, a named tuple or a plain class; TypeError for another."""
    tag = tag or _tag_of(kind)
    if issubclass(kind, enum.Enum):
        return TypeEntry(tag, kind, lambda member: member.value, kind)
    if issubclass(kind, BaseModel):
        return TypeEntry(tag, kind, _encode_model, lambda data: _decode_model(kind, data))
    if dataclasses.is_dataclass(kind):
        return TypeEntry(tag, kind, _encode_dataclass, lambda data: _decode_dataclass(kind, data))
    if issubclass(kind, tuple) and hasattr(kind, "_make"):
        return TypeEntry(tag, kind, list, kind._make)
    if is_plain_class(kind):
        return TypeEntry(tag, kind, attributes_of, lambda data: with_attributes(kind, data))
    raise TypeError(
        f"{kind.__qualname__} is no enum, model, dataclass, named tuple or class of attributes alone. "
        f"Register it with functions that encode and decode it."
    )


def _encode_model(model: BaseModel) -> dict[str, Any]:
    fields = {name: model.__dict__[name] for name in type(model).model_fields if name in model.__dict__}
    return {**fields, **(model.__pydantic_extra__ or {})}


def _decode_model(kind: type[BaseModel], data: dict[str, Any]) -> BaseModel:
    if kind.model_fields.keys() <= data.keys():
        return kind.model_construct(**data)
    return kind.model_validate(data, by_name=True)


def _encode_dataclass(instance: Any) -> dict[str, Any]:
    return {item.name: getattr(instance, item.name) for item in dataclasses.fields(instance)}


def _decode_dataclass(kind: type[Any], data: dict[str, Any]) -> Any:
    if data.keys() != {item.name for item in dataclasses.fields(kind)}:
        known = {item.name for item in dataclasses.fields(kind) if item.init}
        return kind(**{name: value for name, value in data.items() if name in known})
    instance = object.__new__(kind)
    for name, value in data.items():
        object.__setattr__(instance, name, value)
    return instance
