"""Types that programs have registered themselves: the one table of the package that grows while it runs.

A workflow's module says it when it is imported, in whatever process that is, long before anybody could hand a registry
around; so it is kept for the process, as `copyreg` and `json` hooks are. It only grows, and a tag never changes its type,
except that a class that was defined again (a notebook's cell, a reloaded module) takes the place of its old self.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from fastgraph.state.classes import class_entry
from fastgraph.state.library_types import LIBRARY_TYPES
from fastgraph.state.registry import TypeEntry

__all__ = ["REGISTERED_TYPES", "RegisteredTypes", "register_type"]

T = TypeVar("T")

_OWN_TAGS = frozenset({"int", "float", "tuple", "set", "frozenset", "dict", "spilled", "as-is"})
_PLAIN = frozenset({str, int, float, bool, type(None), list, dict, tuple, set, frozenset})


class RegisteredTypes:
    """The family of registered types. Thread-safe: whole tables take the place of the old ones."""

    __slots__ = ("_by_tag", "_by_type")

    def __init__(self) -> None:
        self._by_type: dict[type[Any], TypeEntry] = {}
        self._by_tag: dict[str, TypeEntry] = {}

    def find(self, value: Any) -> TypeEntry | None:
        """Return the entry of a value's exact type, else None."""
        return self._by_type.get(type(value))

    def find_tag(self, tag: str) -> TypeEntry | None:
        """Return the entry that reads a tag, else None."""
        return self._by_tag.get(tag)

    def knows(self, kind: type[Any]) -> bool:
        """Say whether a type is registered."""
        return kind in self._by_type

    def add(self, entry: TypeEntry) -> None:
        """Take an entry in. Raises ValueError where its tag or its type is taken by another."""
        assert entry.tag is not None, "what is registered has a tag"
        other = self._by_tag.get(entry.tag)
        if other is not None and _name(other.type) != _name(entry.type):
            raise ValueError(f"Tag {entry.tag!r} is taken by {_name(other.type)}. Choose another one.")
        known = self._by_type.get(entry.type)
        if known is not None and known.tag != entry.tag:
            raise ValueError(
                f"{_name(entry.type)} is registered under tag {known.tag!r}, which is stored already. Keep that tag."
            )
        self._by_tag = {**self._by_tag, entry.tag: entry}
        self._by_type = {**self._by_type, entry.type: entry}


REGISTERED_TYPES = RegisteredTypes()


def register_type(
    kind: type[T],
    *,
    encode: Callable[[T], Any] | None = None,
    decode: Callable[[Any], T] | None = None,
    tag: str | None = None,
    is_same: Callable[[T, T], bool] | None = None,
) -> None:
    """Let values of a class be stored wherever they turn up in a state, an argument or a store.

    `encode` gives what a state can hold (which may hold registered types itself), `decode` takes it back; neither is
    needed for enums, Pydantic models, dataclasses, named tuples and classes that are their attributes and nothing else.
    `tag` is what is written beside the value, by default the class's module and name: give one of your own where the
    class may move, and keep it for ever. `is_same` compares two values where `==` does not. Exact type only: a subclass
    is registered for itself. Call it at the top of the module that defines the workflow, so that every process that loads
    it knows the type. Raises ValueError for a tag or type that is taken, and TypeError for a class that needs the two
    functions.

    >>> class Money:
    ...     def __init__(self, cents: int) -> None:
    ...         self.cents = cents
    >>> register_type(Money, encode=lambda money: money.cents, decode=Money, tag="money")
    """
    tag = tag or f"{kind.__module__}.{kind.__qualname__}"
    _check(kind, tag)
    if encode is None and decode is None:
        entry = class_entry(kind, tag)
        if is_same is not None:
            entry = TypeEntry(tag, kind, entry.encode, entry.decode, is_same)
    elif encode is None or decode is None:
        raise ValueError(f"{_name(kind)} is given one of `encode` and `decode`. Give both.")
    else:
        entry = TypeEntry(tag, kind, encode, decode, is_same)
    REGISTERED_TYPES.add(entry)


def _check(kind: type[Any], tag: str) -> None:
    from fastgraph.state.builtin_types import STANDARD_TYPES

    if kind in _PLAIN or kind in STANDARD_TYPES or LIBRARY_TYPES.knows(kind):
        raise ValueError(f"{_name(kind)} is stored already, as it is. Register types of your own.")
    is_ours = tag in _OWN_TAGS or tag.startswith(("numpy.", "pandas."))
    if is_ours or STANDARD_TYPES.find_tag(tag) is not None:
        raise ValueError(f"Tag {tag!r} has a meaning already. Choose another one.")


def _name(kind: type[Any]) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
