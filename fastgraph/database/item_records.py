"""What is written to the store that nodes share, and what is read from it: the words of `store_items.py`.

The same rules as in `records.py`. A namespace is text here: its labels with periods between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["ClearCache", "ItemRow", "ItemWrite", "RefreshItems", "SweepItems", "WriteItems"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemWrite:
    """A value for a place, as encoded JSON, or None to delete what is there. `lifetime_micros` None keeps it for ever."""

    namespace: str
    key: str
    value: bytes | None
    lifetime_micros: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteItems:
    """Put and delete items, all or none. The time of their making stays where they are replaced. Answers True."""

    items: tuple[ItemWrite, ...]
    now: datetime
    run_keys: tuple[int, ...] = ()

    @property
    def size_bytes(self) -> int:
        return 200 + sum(200 + len(item.value or b"") for item in self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshItems:
    """Items at these places (namespace, key) were read: the time of those that have one begins anew. Answers True."""

    places: tuple[tuple[str, str], ...]
    now: datetime
    run_keys: tuple[int, ...] = ()

    @property
    def size_bytes(self) -> int:
        return 200 + 100 * len(self.places)


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepItems:
    """Delete all items whose time is over, and whatever else of the store is kept for a time only. Answers True."""

    now: datetime
    run_keys: tuple[int, ...] = ()
    size_bytes: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearCache:
    """Forget what nodes and tasks of a workflow have in the cache, or those of one name. Answers how many results."""

    workflow: str
    node: str | None = None
    run_keys: tuple[int, ...] = ()
    size_bytes: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """An item as it lies in the store; times are in microseconds since 1970. `lives_shortly`: it has a time to live."""

    namespace: str
    key: str
    value: bytes
    created_at: int
    updated_at: int
    lives_shortly: bool
