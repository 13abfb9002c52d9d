"""Reading events: a run's own, in order of number, and the feed of all runs, in order of cursor.

What is read is committed, so it may be shown. Each event is encoded here, once for all watchers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Row, and_, bindparam, case, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph.database.event_kinds import NODE_UPDATE_CODE, STREAM_CODE
from fastgraph.database.event_text import INLINE_BYTES, EventRow, expand_row, summarise
from fastgraph.database.tables import events, results, runs

__all__ = ["StoredEvent", "last_cursor", "read_events", "read_feed", "read_whole"]

FIRST_ROWS = 8

_is_inline_update = func.length(results.c.update) <= INLINE_BYTES
_is_inline_data = (events.c.kind == STREAM_CODE) | (func.length(events.c.data) <= INLINE_BYTES)
_COLUMNS = (
    events.c.feed_id,
    events.c.run_key,
    events.c.seq,
    events.c.seq_from,
    events.c.kind,
    events.c.at,
    events.c.node,
    case((_is_inline_data, events.c.data)).label("data"),
    case((_is_inline_update, results.c.update)).label("update"),
    func.coalesce(func.length(results.c.update), func.length(events.c.data), 0).label("size"),
)
_JOINED = events.outerjoin(
    results,
    and_(
        events.c.kind == NODE_UPDATE_CODE,
        results.c.run_key == events.c.run_key,
        results.c.seq == events.c.seq,
    ),
)
_OF_RUN = (
    select(*_COLUMNS, literal("").label("run_id"))
    .select_from(_JOINED)
    .where(events.c.run_key == bindparam("run_key"), events.c.seq > bindparam("after"))
    .limit(bindparam("limit", type_=events.c.seq.type))
)
_OLDEST_FIRST = _OF_RUN.order_by(events.c.seq)
_NEWEST_FIRST = _OF_RUN.order_by(events.c.seq.desc())
_BEFORE = _NEWEST_FIRST.where(func.coalesce(events.c.seq_from, events.c.seq) < bindparam("before"))
_FEED = (
    select(*_COLUMNS, runs.c.run_id)
    .select_from(_JOINED.join(runs, runs.c.key == events.c.run_key))
    .where(events.c.feed_id > bindparam("after_cursor"))
    .order_by(events.c.feed_id)
    .limit(bindparam("limit", type_=events.c.seq.type))
)
_LAST = select(func.max(events.c.feed_id))


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One committed event. `encoded` is its whole JSON object, without a cursor."""

    cursor: int
    run_key: int
    run_id: str
    seq: int
    kind: str
    encoded: bytes

    def with_cursor(self) -> bytes:
        """Return the JSON object with `cursor`, as the feed of all runs sends it."""
        return b'%s,"cursor":%d}' % (self.encoded[:-1], self.cursor)


async def read_events(
    connection: AsyncConnection,
    *,
    run_key: int,
    run_id: str,
    after: int,
    limit: int,
    newest_first: bool = False,
    before: int | None = None,
) -> list[StoredEvent]:
    """Return up to `limit` events of a run with numbers above `after`, by the unique index on (run_key, seq).

    `after` may lie inside a batch. `before` (with `newest_first`) leaves out this number and all above it. Empty where
    there are none, also for an unknown run. A row may be a batch of many events, so a few rows are read first, and of the
    others as many as those let expect: a page takes no more memory than about its own events.
    """
    values = {"run_key": run_key, "after": after, "limit": min(limit, FIRST_ROWS)}
    query = _NEWEST_FIRST if newest_first else _OLDEST_FIRST
    if before is not None:
        query, values["before"] = _BEFORE, before
    found: list[StoredEvent] = []
    count = 0
    while True:
        rows: Sequence[Row[*tuple[Any, ...]]] = (await connection.execute(query, values)).all()
        for row in rows:
            expanded = [
                event
                for event in await _expand(connection, row, run_id)
                if event.seq > after and (before is None or event.seq < before)
            ]
            found.extend(reversed(expanded) if newest_first else expanded)
            if len(found) >= limit:
                return found[:limit]
        if len(rows) < values["limit"]:
            return found
        count += len(rows)
        values["limit"] = min(limit, -(-(limit - len(found)) * count // max(1, len(found))))
        if newest_first:
            query, values["before"] = _BEFORE, rows[-1].seq_from or rows[-1].seq
        else:
            values["after"] = rows[-1].seq


async def read_feed(connection: AsyncConnection, *, after_cursor: int, limit: int) -> list[StoredEvent]:
    """Return the events of up to `limit` rows of the feed of all runs after a cursor, in order of commit.

    The events of one batch share a cursor and come together, so the last cursor of the answer is a safe place to go on.
    """
    rows: Sequence[Row[*tuple[Any, ...]]] = (
        await connection.execute(_FEED, {"after_cursor": after_cursor, "limit": limit})
    ).all()
    found: list[StoredEvent] = []
    for row in rows:
        found.extend(await _expand(connection, row, row.run_id))
    return found


async def last_cursor(connection: AsyncConnection) -> int:
    """Return the cursor of the newest event, 0 where there is none."""
    cursor: int | None = (await connection.execute(_LAST)).scalar()
    return cursor or 0


async def read_whole(connection: AsyncConnection, *, run_key: int, seq: int) -> bytes | None:
    """Return what an event's large value is as a whole: its update, else its data; None where there is no such event.

    References to spilled values are left in it, for `Spill.resolve`.
    """
    query = (
        select(results.c.update, events.c.data, events.c.kind, events.c.seq_from)
        .select_from(_JOINED)
        .where(events.c.run_key == run_key, events.c.seq >= seq)
        .order_by(events.c.seq)
        .limit(1)
    )
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    update, data, kind, seq_from = row
    if update is None and kind == STREAM_CODE and data is not None:
        part = orjson.loads(data)[seq - seq_from if seq_from is not None else 0]
        return orjson.dumps(part.get("data"))
    whole: bytes | None = data if update is None else update
    return whole


async def _expand(
    connection: AsyncConnection, row: Row[*tuple[Any, ...]], run_id: str
) -> Iterable[StoredEvent]:
    summary = None
    if row.size > INLINE_BYTES and row.kind != STREAM_CODE:
        whole = await read_whole(connection, run_key=row.run_key, seq=row.seq)
        summary = None if whole is None else summarise(whole, run_id=run_id, seq=row.seq)
    expanded = expand_row(
        EventRow(run_id, row.seq, row.seq_from, row.kind, row.at, row.node, row.data, row.update, summary)
    )
    return [StoredEvent(row.feed_id, row.run_key, run_id, *numbered) for numbered in expanded]
