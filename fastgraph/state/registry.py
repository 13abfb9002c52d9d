"""The types that JSON does not know, and how each is written: tag, type, to plain data, from plain data.

A registry is immutable: `with_type` and its kin answer a new one. Reading looks a tag up in the table that was
handed in and never imports anything by name, so a forged row can make no object that the program did not register
(the lesson of CVE-2026-28277). Types match exactly: a subclass would come back as its base, so it counts as unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

__all__ = ["TypeEntry", "TypeFamily", "TypeRegistry"]


@dataclass(frozen=True, slots=True)
class TypeEntry:
    """How one type is stored: `encode` gives storable values (which may need tags themselves), `decode` takes them back.

    An entry without a tag is written bare: whoever reads it must know by position what it was (see `codecs.py`). `is_same`
    compares two values where `==` answers no plain yes or no.
    """

    tag: str | None
    type: type[Any]
    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]
    is_same: Callable[[Any, Any], bool] | None = None


class TypeFamily(Protocol):
    """Types that are known by a rule and not one by one; a registry asks it for what it does not hold itself."""

    def find(self, value: Any) -> TypeEntry | None: ...

    def find_tag(self, tag: str) -> TypeEntry | None: ...


@runtime_checkable
class KnowsTypes(Protocol):
    """A family that can tell by a type alone, without a value."""

    def knows(self, kind: type[Any]) -> bool: ...


class TypeRegistry:
    """An immutable table of TypeEntry, found by exact type when writing and by tag when reading."""

    __slots__ = ("_by_tag", "_by_type", "_families", "_knowing")

    def __init__(self, entries: Iterable[TypeEntry] = (), families: Iterable[TypeFamily] = ()) -> None:
        by_type: dict[type[Any], TypeEntry] = {}
        by_tag: dict[str, TypeEntry] = {}
        for entry in entries:
            by_type[entry.type] = entry
            if entry.tag is not None:
                other = by_tag.setdefault(entry.tag, entry)
                if other.type is not entry.type:
                    raise ValueError(
                        f"tag {entry.tag!r} is taken by {other.type.__name__}: choose another tag"
                    )
                by_tag[entry.tag] = entry
        self._by_type: Mapping[type[Any], TypeEntry] = MappingProxyType(by_type)
        self._by_tag: Mapping[str, TypeEntry] = MappingProxyType(by_tag)
        self._families = tuple(families)
        self._knowing = tuple(family for family in self._families if isinstance(family, KnowsTypes))

    def __contains__(self, kind: object) -> bool:
        if kind in self._by_type:
            return True
        return isinstance(kind, type) and any(family.knows(kind) for family in self._knowing)

    def find(self, value: Any) -> TypeEntry | None:
        """Return the entry for the exact type of a value, else None."""
        entry = self._by_type.get(type(value))
        if entry is None:
            for family in self._families:
                entry = family.find(value)
                if entry is not None:
                    break
        return entry

    def find_tag(self, tag: str) -> TypeEntry | None:
        """Return the entry that reads a tag, else None."""
        entry = self._by_tag.get(tag)
        if entry is None:
            for family in self._families:
                entry = family.find_tag(tag)
                if entry is not None:
                    break
        return entry

    def with_type(
        self,
        tag: str,
        kind: type[Any],
        encode: Callable[[Any], Any],
        decode: Callable[[Any], Any],
    ) -> TypeRegistry:
        """Return a registry that also knows `kind`; a tag that another type has is a ValueError."""
        return self.with_entries([TypeEntry(tag, kind, encode, decode)])

    def with_entries(self, entries: Iterable[TypeEntry]) -> TypeRegistry:
        """Return a registry that also knows these; an entry for a known type replaces it."""
        more = list(entries)
        replaced = {entry.type for entry in more}
        kept = [entry for entry in self._by_type.values() if entry.type not in replaced]
        return TypeRegistry([*kept, *more], self._families)

    def with_family(self, family: TypeFamily) -> TypeRegistry:
        """Return a registry that also asks this family, after those it has."""
        return TypeRegistry(self._by_type.values(), [*self._families, family])
