"""Reading type annotations: what a key is declared to hold, with what is only said about it taken off.

Pure inspection of types; knows nothing of values, codecs or keys. A TypedDict is rebuilt for Pydantic, which refuses
`typing.TypedDict` before Python 3.12, and with all keys optional, since nobody enforces a TypedDict at run time.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import datetime as dt
import decimal
import enum
import types
import typing
import uuid
from collections.abc import Iterator
from typing import Any, Final

import typing_extensions
from pydantic import BaseModel, ConfigDict

from fastgraph.state.plain_classes import is_plain_class
from fastgraph.state.registry import TypeRegistry

__all__ = [
    "PLAIN_CONTAINERS",
    "find_classes",
    "for_pydantic",
    "is_json_type",
    "is_plain_type",
    "metadata_of",
    "stripped",
    "type_name",
    "unqualified",
]

_JSON_TYPES: Final = frozenset({Any, object, None, type(None), bool, int, float, str, list, dict})
_PLAIN_TYPES: Final = _JSON_TYPES | {
    bytes, bytearray, complex, tuple, set, frozenset, dt.datetime, dt.date, dt.time,
    dt.timedelta, uuid.UUID, decimal.Decimal,
}  # fmt: skip
_JSON_CONTAINERS: Final = frozenset(
    {
        list, dict, collections.abc.Sequence, collections.abc.MutableSequence, collections.abc.Mapping,
        collections.abc.MutableMapping, collections.abc.Iterable, collections.abc.Collection,
    }
)  # fmt: skip
PLAIN_CONTAINERS: Final = _JSON_CONTAINERS | {
    tuple,
    set,
    frozenset,
    collections.abc.Set,
    collections.abc.MutableSet,
}
_QUALIFIERS: Final = frozenset(
    {
        typing.Required, typing.NotRequired, typing_extensions.Required, typing_extensions.NotRequired,
        typing_extensions.ReadOnly, typing.ClassVar, typing.Final,
    }
)  # fmt: skip
_UNIONS: Final = frozenset({typing.Union, types.UnionType})


def unqualified(declared: Any) -> Any:
    """Take Required, NotRequired and ReadOnly off a type, also inside Annotated, and keep its metadata."""
    origin = typing.get_origin(declared)
    if origin in _QUALIFIERS:
        return unqualified(typing.get_args(declared)[0])
    if origin is typing.Annotated:
        inner = unqualified(declared.__origin__)
        if inner is not declared.__origin__:
            return typing.Annotated[(inner, *declared.__metadata__)]
    return declared


def type_name(declared: Any) -> str:
    """Return a type as text that is the same in every process: without metadata, whose functions have addresses."""
    plain = unqualified(declared)
    if typing.get_origin(plain) is typing.Annotated:
        plain = plain.__origin__
    if isinstance(plain, type) and typing.get_origin(plain) is None:
        return plain.__qualname__
    if typing.get_origin(plain) in (typing.Union, types.UnionType):
        return " | ".join(type_name(part) for part in typing.get_args(plain))
    name = getattr(typing.get_origin(plain), "__name__", None)
    parts = ", ".join(
        type_name(part) if not isinstance(part, (list, tuple, str, int)) else repr(part)
        for part in typing.get_args(plain)
        if part is not Ellipsis
    )
    return f"{name}[{parts}]" if name and parts else str(plain).replace("typing.", "")


def metadata_of(declared: Any) -> tuple[Any, ...]:
    """Return the metadata of an Annotated type, also below Required and NotRequired."""
    return tuple(getattr(unqualified(declared), "__metadata__", ()))


def stripped(declared: Any) -> Any:
    """Take Annotated, the qualifiers, NewType and type aliases off a type."""
    while True:
        origin = typing.get_origin(declared)
        if origin is typing.Annotated:
            declared = declared.__origin__
        elif origin in _QUALIFIERS:
            declared = typing.get_args(declared)[0]
        elif isinstance(declared, typing.NewType):
            declared = declared.__supertype__
        elif isinstance(declared, typing_extensions.TypeAliasType):
            declared = declared.__value__
        else:
            return declared


def is_json_type(declared: Any) -> bool:
    """Say whether JSON from outside already has the values of a type: nothing is to be made of text or arrays."""
    return _is_made_of(declared, _JSON_TYPES, _JSON_CONTAINERS, None, frozenset())


def is_plain_type(declared: Any, registry: TypeRegistry | None = None) -> bool:
    """Say whether all values of a type pass the JSON border by themselves and need no class to come back."""
    return _is_made_of(declared, _PLAIN_TYPES, PLAIN_CONTAINERS, registry, frozenset())


def _is_made_of(
    declared: Any,
    kinds: frozenset[Any],
    containers: frozenset[Any],
    registry: TypeRegistry | None,
    seen: frozenset[int],
) -> bool:
    declared = stripped(declared)
    if isinstance(declared, (str, typing.ForwardRef, typing.TypeVar)) or id(declared) in seen:
        return True
    origin = typing.get_origin(declared)
    if origin is None and typing_extensions.is_typeddict(declared):
        inner: Iterator[Any] = iter(_hints(declared).values())
    elif origin is typing.Literal:
        return all(type(argument) in {str, int, bool, type(None)} for argument in typing.get_args(declared))
    elif origin in containers or origin in _UNIONS:
        inner = (argument for argument in typing.get_args(declared) if argument is not Ellipsis)
    else:
        return (
            _is_among(declared, kinds)
            or _is_among(declared, containers)
            or bool(registry and declared in registry)
        )
    seen |= {id(declared)}
    return all(_is_made_of(argument, kinds, containers, registry, seen) for argument in inner)


def _is_among(declared: Any, kinds: frozenset[Any]) -> bool:
    try:
        return declared in kinds
    except TypeError:  # not hashable, so none of ours
        return False


def _hints(declared: Any) -> dict[str, Any]:
    """The annotations of a class, resolved where they can be: a name that is not found stands for anything."""
    try:
        return typing_extensions.get_type_hints(declared, include_extras=True)
    except NameError:
        return dict.fromkeys(getattr(declared, "__annotations__", ()), Any)


def find_classes(declared: Any) -> list[type[Any]]:
    """Return the classes whose instances a type may hold: models, dataclasses, enums, named tuples and plain classes,
    each once."""
    found: dict[type[Any], None] = {}
    _collect(declared, found, set())
    return list(found)


def _collect(declared: Any, found: dict[type[Any], None], seen: set[int]) -> None:
    declared = stripped(declared)
    if id(declared) in seen:
        return
    seen.add(id(declared))
    for argument in typing.get_args(declared):
        _collect(argument, found, seen)
    kind = typing.get_origin(declared) or declared
    if not isinstance(kind, type):
        return
    if issubclass(kind, BaseModel):
        found[kind] = None
        for item in kind.model_fields.values():
            _collect(item.annotation, found, seen)
    elif dataclasses.is_dataclass(kind) or (issubclass(kind, tuple) and hasattr(kind, "_fields")):
        found[kind] = None
    elif issubclass(kind, enum.Enum):
        found[kind] = None
        return
    elif _is_of_a_program(kind):
        found[kind] = None
        for hint in _hints(kind).values():
            _collect(hint, found, seen)
        return
    if dataclasses.is_dataclass(kind) or typing_extensions.is_typeddict(kind) or hasattr(kind, "_fields"):
        for hint in _hints(kind).values():
            _collect(hint, found, seen)


def _is_of_a_program(kind: type[Any]) -> bool:
    return kind.__module__ not in ("typing", "typing_extensions") and is_plain_class(kind)


def for_pydantic(declared: Any) -> Any:
    """Return the type with every TypedDict rebuilt: known to Pydantic, all keys optional, further keys let through."""
    return _rebuilt(declared, set())


def _rebuilt(declared: Any, open_types: set[int]) -> Any:
    declared = unqualified(declared)
    if isinstance(declared, typing_extensions.TypeAliasType):
        return _rebuilt(declared.__value__, open_types) if id(declared) not in open_types else Any
    origin = typing.get_origin(declared)
    if origin is None:
        return _rebuilt_dict(declared, open_types) if typing_extensions.is_typeddict(declared) else declared
    if origin is typing.Annotated:
        inner = _rebuilt(declared.__origin__, open_types)
        return declared if inner is declared.__origin__ else typing.Annotated[(inner, *declared.__metadata__)]
    if origin not in PLAIN_CONTAINERS and origin not in _UNIONS:
        return declared
    before = typing.get_args(declared)
    after = tuple(_rebuilt(argument, open_types) for argument in before)
    if all(new is old for new, old in zip(after, before, strict=True)):
        return declared
    return typing.Union[after] if origin in _UNIONS else origin[after]  # noqa: UP007 - made at run time


def _rebuilt_dict(declared: Any, open_types: set[int]) -> Any:
    if id(declared) in open_types:
        return dict[str, Any]  # it holds itself: below that it is a dict like any other
    inside = open_types | {id(declared)}
    hints = {name: _rebuilt(hint, inside) for name, hint in _hints(declared).items()}
    make: Any = typing_extensions.TypedDict
    twin = make(declared.__name__, hints, total=False)
    twin.__doc__ = declared.__doc__
    twin.__module__ = declared.__module__
    config: ConfigDict = {"extra": "allow"}
    twin.__pydantic_config__ = config | getattr(declared, "__pydantic_config__", {})
    return twin
