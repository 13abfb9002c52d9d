"""`InMemoryStore`: a store that lives as long as the program, with search by likeness where it has an index.

Values are kept as the objects they are (a copy of the outermost dict), as in LangGraph: any value will do, and who changes
one inside changes the store's. Thread-safe.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import RLock
from typing import Any

from fastgraph.clock import Clock, SystemClock
from fastgraph.store.base import BaseStore
from fastgraph.store.items import (
    GetOp,
    IndexConfig,
    Item,
    ListNamespacesOp,
    Op,
    PutOp,
    Result,
    SearchItem,
    SearchOp,
    TTLConfig,
)
from fastgraph.store.matching import meets, pick_namespaces
from fastgraph.store.vectors import Vector, open_index, rank, texts_to_embed

__all__ = ["InMemoryStore"]

_Place = tuple[tuple[str, ...], str]


@dataclass(slots=True)
class _Entry:
    """An item, with the vectors of its texts by path, and when it is over."""

    item: Item
    vectors: dict[str, Vector]
    lifetime: timedelta | None
    expires_at: datetime | None


class InMemoryStore(BaseStore):
    """A store in memory.

    `index` makes `search(query=…)` order by likeness; `ttl` says how long items live. What has expired is gone at once.
    """

    __slots__ = ("_clock", "_embedder", "_entries", "_expiring", "_lock", "index_config", "ttl_config")

    supports_ttl = True

    def __init__(
        self, *, index: IndexConfig | None = None, ttl: TTLConfig | None = None, clock: Clock | None = None
    ) -> None:
        self.index_config = index
        self.ttl_config = ttl
        self._clock = clock or SystemClock()
        self._embedder = open_index(index)
        self._entries: dict[tuple[str, ...], dict[str, _Entry]] = {}
        self._expiring: set[_Place] = set()
        self._lock = RLock()

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Carry out operations; `embed` is called for queries and new texts, in this thread."""
        ops = list(ops)
        queries, puts, texts = self._plan(ops)
        vectors = self._embedder.embed([*queries, *texts]) if self._embedder and (queries or texts) else []
        return self._carry_out(ops, queries, puts, texts, vectors)

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Carry out operations; `embed` is awaited, or called in a thread where it is sync."""
        ops = list(ops)
        queries, puts, texts = self._plan(ops)
        vectors = (
            await self._embedder.aembed([*queries, *texts]) if self._embedder and (queries or texts) else []
        )
        return self._carry_out(ops, queries, puts, texts, vectors)

    def sweep_ttl(self) -> int:
        """Delete what has expired and return how much that was; a store in memory also does so by itself."""
        now = self._clock.now()
        with self._lock:
            over = [place for place in self._expiring if _is_over(self._entries[place[0]][place[1]], now)]
            for place in over:
                self._delete(*place)
        return len(over)

    def _plan(self, ops: list[Op]) -> tuple[list[str], dict[_Place, PutOp], list[str]]:
        """Return the queries, what is put in the end, and the texts of that which are to be embedded."""
        puts = {(op.namespace, op.key): op for op in ops if isinstance(op, PutOp)}
        if self._embedder is None:
            return [], puts, []
        queries = list(dict.fromkeys(op.query for op in ops if isinstance(op, SearchOp) and op.query))
        texts = list(
            dict.fromkeys(found.text for found in texts_to_embed(puts.values(), self._embedder.fields))
        )
        return queries, puts, texts

    def _carry_out(
        self,
        ops: list[Op],
        queries: list[str],
        puts: dict[_Place, PutOp],
        texts: list[str],
        vectors: list[Vector],
    ) -> list[Result]:
        by_query = dict(zip(queries, vectors, strict=False))
        by_text = dict(zip(texts, vectors[len(queries) :], strict=True)) if vectors else {}
        with self._lock:
            self.sweep_ttl()
            results = [self._answer(op, by_query) for op in ops]
            for op in puts.values():
                self._put(op, by_text)
        return results

    def _answer(self, op: Op, by_query: Mapping[str, Vector]) -> Result:
        match op:
            case GetOp():
                entry = self._entries.get(op.namespace, {}).get(op.key)
                if entry is not None and op.refresh_ttl:
                    self._refresh(entry)
                return entry.item if entry is not None else None
            case SearchOp():
                return self._search(op, by_query.get(op.query or ""))
            case ListNamespacesOp():
                return pick_namespaces(op, self._entries)
            case PutOp():
                return None
        raise ValueError(f"Unknown operation type: {type(op)}")

    def _search(self, op: SearchOp, query: Vector | None) -> list[SearchItem]:
        depth = len(op.namespace_prefix)
        entries = [
            entry
            for namespace, held in self._entries.items()
            if namespace[:depth] == op.namespace_prefix
            for entry in held.values()
            if meets(entry.item.value, op.filter)
        ]
        if query is None:
            page: list[tuple[float | None, _Entry]] = [
                (None, entry) for entry in entries[op.offset : op.offset + op.limit]
            ]
        else:
            vectors = {number: list(entry.vectors.values()) for number, entry in enumerate(entries)}
            own = {number: found for number, found in vectors.items() if found}
            page = rank(query, entries, own, limit=op.limit, offset=op.offset)
        if op.refresh_ttl:
            for _, entry in page:
                self._refresh(entry)
        return [_found(entry.item, score) for score, entry in page]

    def _refresh(self, entry: _Entry) -> None:
        if entry.lifetime is not None:
            entry.expires_at = self._clock.now() + entry.lifetime

    def _put(self, op: PutOp, by_text: Mapping[str, Vector]) -> None:
        if op.value is None:
            self._delete(op.namespace, op.key)
            return
        now = self._clock.now()
        held = self._entries.setdefault(op.namespace, {})
        before = held.get(op.key)
        lifetime = timedelta(minutes=op.ttl) if op.ttl is not None else None
        texts = texts_to_embed([op], self._embedder.fields) if self._embedder else []
        held[op.key] = _Entry(
            item=Item(
                value=dict(op.value),
                key=op.key,
                namespace=op.namespace,
                created_at=before.item.created_at if before else now,
                updated_at=now,
            ),
            vectors={found.path: by_text[found.text] for found in texts},
            lifetime=lifetime,
            expires_at=now + lifetime if lifetime is not None else None,
        )
        if lifetime is None:
            self._expiring.discard((op.namespace, op.key))
        else:
            self._expiring.add((op.namespace, op.key))

    def _delete(self, namespace: tuple[str, ...], key: str) -> None:
        held = self._entries.get(namespace, {})
        held.pop(key, None)
        self._expiring.discard((namespace, key))
        if not held:
            self._entries.pop(namespace, None)


def _is_over(entry: _Entry, now: datetime) -> bool:
    return entry.expires_at is not None and entry.expires_at <= now


def _found(item: Item, score: float | None) -> SearchItem:
    facts: dict[str, Any] = {name: getattr(item, name) for name in Item.__slots__}
    return SearchItem(**facts, score=score)
