"""How instances of a user's classes are written where no annotation says what stands there.

A state's own annotations name the classes that may occur in it (`find_classes`). An instance that turns up elsewhere, a
single model where a list of them is declared, say, is written with the class's name as its tag and read back by that
table. Nothing is imported by name, and no `__init__` or validator of the user runs on reading, unless the class has
other fields by now.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from fastgraph.state.registry import TypeEntry, TypeRegistry

__all__ = ["class_entry", "with_classes"]


def with_classes(registry: TypeRegistry, classes: Iterable[type[Any]]) -> TypeRegistry:
    """Return a registry that also stores instances of these classes; those that it knows stay as they are."""
    entries: list[TypeEntry] = []
    tags: set[str | None] = set()
    for kind in classes:
        if kind in registry:
            continue
        entry = class_entry(kind)
        # Two local classes may share a name; the second then has to be declared where it stands.
        if entry.tag not in tags and registry.find_tag(entry.tag or "") is None:
            tags.add(entry.tag)
            entries.append(entry)
    return registry.with_entries(entries) if entries else registry


def class_entry(kind: type[Any], tag: str | None = None) -> TypeEntry:
    """Return the entry of an enum, a Pydantic model, a dataclass or a named tuple; TypeError for another class."""
    tag = tag or f"{kind.__module__}.{kind.__qualname__}"
    if issubclass(kind, enum.Enum):
        return TypeEntry(tag, kind, lambda member: member.value, kind)
    if issubclass(kind, BaseModel):
        return TypeEntry(tag, kind, _encode_model, lambda data: _decode_model(kind, data))
    if dataclasses.is_dataclass(kind):
        return TypeEntry(tag, kind, _encode_dataclass, lambda data: _decode_dataclass(kind, data))
    if issubclass(kind, tuple) and hasattr(kind, "_make"):
        return TypeEntry(tag, kind, list, kind._make)
    raise TypeError(
        f"{kind.__qualname__} is no enum, model, dataclass or named tuple. "
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
