"""What a SQLite store does for a batch, as a program without a connection: it yields queries and gets their rows.

Written once; `base` drives it with `sqlite3` and `aio` with `aiosqlite`. The table `store` is LangGraph's, so a file of
theirs goes on here. Every value of a query is bound. Times are UTC texts, in order as texts.
"""

from __future__ import annotations

from array import array
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fastgraph.errors import UnstorableValueError
from fastgraph.state import plain
from fastgraph.store.base import validate_op_namespace
from fastgraph.store.items import (
    GetOp,
    Item,
    ListNamespacesOp,
    Op,
    PutOp,
    Result,
    SearchItem,
    SearchOp,
    TTLConfig,
)
from fastgraph.store.matching import check_filter, meets_as_sql, pick_namespaces
from fastgraph.store.vectors import Vector, rank, texts_to_embed

__all__ = ["TABLES", "Embed", "Query", "Step", "begin_query", "run_batch", "sweep_query"]

_TIMES = "created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP"
TABLES = (
    (
        f"CREATE TABLE IF NOT EXISTS store (prefix TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, {_TIMES}, "
        "expires_at TIMESTAMP, ttl_minutes REAL, PRIMARY KEY (prefix, key))"
    ),
    "CREATE INDEX IF NOT EXISTS idx_store_expires_at ON store (expires_at) WHERE expires_at IS NOT NULL",
    (
        "CREATE TABLE IF NOT EXISTS store_vectors (prefix TEXT NOT NULL, key TEXT NOT NULL, field_name TEXT NOT NULL, "
        f"embedding BLOB, {_TIMES}, PRIMARY KEY (prefix, key, field_name))"
    ),
)

_COLUMNS = "prefix, key, value, created_at, updated_at"
_ALIVE = "(expires_at IS NULL OR expires_at > ?)"
_BELOW = "(prefix = ? OR (prefix >= ? AND prefix < ?))"
_NEWEST_FIRST = "ORDER BY updated_at DESC, prefix, key"
_PUT = (
    "INSERT INTO store (prefix, key, value, created_at, updated_at, expires_at, ttl_minutes) VALUES (?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (prefix, key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at, "
    "expires_at = excluded.expires_at, ttl_minutes = excluded.ttl_minutes"
)
_REFRESH = "UPDATE store SET expires_at = ? WHERE prefix = ? AND key = ?"


@dataclass(frozen=True, slots=True)
class Query:
    """A statement with its values; answered with its rows. `rows` are many sets of values, answered with nothing."""

    sql: str
    values: Sequence[Any] = ()
    rows: Sequence[Sequence[Any]] | None = None


@dataclass(frozen=True, slots=True)
class Embed:
    """Texts; answered with their vectors."""

    texts: Sequence[str]


Step = Query | Embed


def run_batch(
    ops: Iterable[Op], *, ttl: TTLConfig | None, fields: Sequence[str] | None, now: datetime
) -> Generator[Step, Any, list[Result]]:
    """Carry out a batch. `fields` are those of the index, None without one.

    Raises InvalidNamespaceError, InvalidFilterError, and UnstorableValueError before anything is written.
    """
    batch = _Batch(ttl or {}, fields, _as_text(now), now)
    ops = list(ops)
    for op in ops:
        validate_op_namespace(op)
    results: list[Result] = []
    for op in ops:
        match op:
            case GetOp():
                results.append((yield from batch.get(op)))
            case SearchOp():
                results.append((yield from batch.search(op)))
            case ListNamespacesOp():
                results.append((yield from batch.list_namespaces(op)))
            case PutOp():
                results.append(None)
            case _:
                raise ValueError(f"Unknown operation type: {type(op)}")
    yield from batch.put({(op.namespace, op.key): op for op in ops if isinstance(op, PutOp)})
    return results


def begin_query(ops: Iterable[Op], *, ttl: TTLConfig | None) -> Query:
    """Return what begins a batch's transaction: with the lock where it may write, since to take that later can fail at once
    where another process has written meanwhile."""
    writes = ttl is not None or any(isinstance(op, PutOp) for op in ops)
    return Query("BEGIN IMMEDIATE" if writes else "BEGIN")


def sweep_query(now: datetime) -> Query:
    """Return what deletes all that has expired; answered with a row for each."""
    return Query(
        "DELETE FROM store WHERE expires_at IS NOT NULL AND expires_at <= ? RETURNING key", (_as_text(now),)
    )


class _Batch:
    """The parts of one batch, all at one time."""

    def __init__(self, ttl: TTLConfig, fields: Sequence[str] | None, now_text: str, now: datetime) -> None:
        self._refreshes = ttl.get("refresh_on_read", bool(ttl))
        self._omits = ttl.get("omit_expired", False)
        self._fields = fields
        self._text = now_text
        self._now = now

    def get(self, op: GetOp) -> Generator[Step, Any, Item | None]:
        where, values = self._alive("prefix = ? AND key = ?", [".".join(op.namespace), op.key])
        rows = yield Query(f"SELECT {_COLUMNS} FROM store WHERE {where}", values)  # noqa: S608 - our own words
        if not rows:
            return None
        yield from self._refresh(rows, op.refresh_ttl)
        return Item(**_facts(rows[0]))

    def search(self, op: SearchOp) -> Generator[Step, Any, list[SearchItem]]:
        check_filter(op.filter)
        where, values = self._below(op.namespace_prefix)
        scored = bool(op.query and self._fields is not None)
        page = "" if op.filter or scored else " LIMIT ? OFFSET ?"
        rows = yield Query(
            f"SELECT {_COLUMNS} FROM store WHERE {where} {_NEWEST_FIRST}{page}",  # noqa: S608 - our own words
            [*values, *((op.limit, op.offset) if page else ())],
        )
        facts = [_facts(row) for row in rows]
        if not page:
            kept = [number for number, item in enumerate(facts) if meets_as_sql(item["value"], op.filter)]
            rows, facts = [rows[number] for number in kept], [facts[number] for number in kept]
        if scored:
            ranked = yield from self._rank(op, rows)
        else:
            numbers = range(len(rows)) if page else range(len(rows))[op.offset : op.offset + op.limit]
            ranked = [(None, number) for number in numbers]
        yield from self._refresh([rows[number] for _, number in ranked], op.refresh_ttl)
        return [SearchItem(**facts[number], score=score) for score, number in ranked]

    def _rank(
        self, op: SearchOp, rows: Sequence[Sequence[Any]]
    ) -> Generator[Step, Any, list[tuple[float | None, int]]]:
        """Order rows by likeness; those without a vector of their own are left out, as in LangGraph's SQL stores."""
        assert op.query is not None
        [query] = yield Embed([op.query])
        where, values = _below(op.namespace_prefix)
        found = yield Query(f"SELECT prefix, key, embedding FROM store_vectors WHERE {where}", values)  # noqa: S608
        places = {(row[0], row[1]): number for number, row in enumerate(rows)}
        vectors: dict[int, list[Vector]] = {}
        for prefix, key, data in found:
            if (prefix, key) in places:
                vectors.setdefault(places[prefix, key], []).append(_as_vector(data))
        ranked = rank(query, range(len(rows)), vectors, limit=op.limit, offset=op.offset)
        return [(score, number) for score, number in ranked if score is not None]

    def list_namespaces(self, op: ListNamespacesOp) -> Generator[Step, Any, list[tuple[str, ...]]]:
        where, values = self._alive("TRUE", [])
        rows = yield Query(f"SELECT DISTINCT prefix FROM store WHERE {where}", values)  # noqa: S608 - our own words
        return pick_namespaces(op, (tuple(row[0].split(".")) for row in rows))

    def put(self, puts: Mapping[tuple[tuple[str, ...], str], PutOp]) -> Generator[Step, Any, None]:
        rows = [self._row(op) for op in puts.values() if op.value is not None]
        texts = texts_to_embed(puts.values(), self._fields) if self._fields is not None else []
        vectors = (yield Embed([found.text for found in texts])) if texts else []
        gone = [(".".join(namespace), key) for (namespace, key), op in puts.items() if op.value is None]
        touched = [(".".join(namespace), key) for namespace, key in puts]
        if gone:
            yield Query("DELETE FROM store WHERE prefix = ? AND key = ?", rows=gone)
        if touched and self._fields is not None:
            yield Query("DELETE FROM store_vectors WHERE prefix = ? AND key = ?", rows=touched)
        if rows:
            yield Query(_PUT, rows=rows)
        if vectors:
            yield Query(
                "INSERT OR REPLACE INTO store_vectors (prefix, key, field_name, embedding) VALUES (?, ?, ?, ?)",
                rows=[
                    (".".join(found.namespace), found.key, found.path, array("f", vector).tobytes())
                    for found, vector in zip(texts, vectors, strict=True)
                ],
            )

    def _row(self, op: PutOp) -> tuple[Any, ...]:
        ends = _as_text(self._now + timedelta(minutes=op.ttl)) if op.ttl is not None else None
        return (".".join(op.namespace), op.key, encode_value(op), self._text, self._text, ends, op.ttl)

    def _refresh(self, rows: Sequence[Sequence[Any]], wanted: bool) -> Generator[Step, Any, None]:
        """Begin the time of what was read anew."""
        if not (wanted and self._refreshes and rows):
            return
        for row in rows:
            found = yield Query(
                "SELECT ttl_minutes FROM store WHERE prefix = ? AND key = ? AND ttl_minutes IS NOT NULL",
                row[:2],
            )
            if found:
                ends = _as_text(self._now + timedelta(minutes=found[0][0]))
                yield Query(_REFRESH, rows=[(ends, row[0], row[1])])

    def _below(self, namespace: tuple[str, ...]) -> tuple[str, list[Any]]:
        where, values = _below(namespace)
        return self._alive(where, values)

    def _alive(self, where: str, values: list[Any]) -> tuple[str, list[Any]]:
        return (f"{where} AND {_ALIVE}", [*values, self._text]) if self._omits else (where, values)


def encode_value(op: PutOp) -> str:
    """Return a value as JSON, tagged where JSON alone would lose something. Raises UnstorableValueError."""
    where = f"item {op.key!r} of namespace {op.namespace!r}"
    if not isinstance(op.value, Mapping):
        raise UnstorableValueError(where, type(op.value).__name__, "A value is a dict with text keys.")
    return plain.encode(dict(op.value), where=where).decode()


def _below(namespace: tuple[str, ...]) -> tuple[str, list[Any]]:
    """Return the condition for a namespace and all below it: a range, since "/" is the next character after "."."""
    if not namespace:
        return "TRUE", []
    text = ".".join(namespace)
    return _BELOW, [text, f"{text}.", f"{text}/"]


def _facts(row: Sequence[Any]) -> dict[str, Any]:
    prefix, key, value, created_at, updated_at = row
    return {
        "namespace": tuple(prefix.split(".")),
        "key": key,
        "value": plain.decode(value if isinstance(value, bytes) else value.encode()),
        "created_at": _as_moment(created_at),
        "updated_at": _as_moment(updated_at),
    }


def _as_text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _as_moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _as_vector(data: bytes) -> Vector:
    return array("f", data).tolist()
