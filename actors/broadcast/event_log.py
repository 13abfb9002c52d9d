"""The log of events as the feeds read it.

What the store answers becomes `FeedEvent`s, for one run or for all. Every read is one short query; none is open while
somebody is sent to. Numbers of a run that retention has removed are told as one `gap`, so that a watcher can tell what
is gone from what was lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from actors.broadcast.feed_event import FeedEvent, cursor_of, row_of_cursor
from fastgraph.database.events import StoredEvent, last_cursor, read_events, read_feed
from fastgraph.database.runs import RunView, find_run
from fastgraph.database.store import Store
from fastgraph.errors import RunNotFoundError
from fastgraph.state.presentation import present

__all__ = ["EventLog"]

PAGE_EVENTS = 64
READS_AT_ONCE = 2  # of watchers that catch up; more take memory for connections and pages, and are no quicker


class EventLog:
    """Reads events of one store. Used on one event loop, by any number of tasks."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._catching_up = asyncio.Semaphore(READS_AT_ONCE)

    async def get_run(self, run_id: str) -> RunView:
        """Return a run. Raises RunNotFoundError."""
        async with self._store.readers.connect() as connection:
            run = await find_run(connection, run_id=run_id)
        if run is None:
            raise RunNotFoundError(run_id)
        return run

    async def last_cursor(self) -> int:
        """Return the place after the newest event of all runs."""
        async with self._store.readers.connect() as connection:
            row = await last_cursor(connection)
        # Whatever its row holds is behind this place.
        return cursor_of(row + 1, 0) - 1

    async def read_run(self, run: RunView, after: int) -> tuple[list[FeedEvent], bool]:
        """Return the run's next events after a number, and whether `run`, as it was read, counts more than these.

        What was committed since `run` was read is the Broadcaster's to offer.
        """
        async with self._catching_up, self._store.readers.connect() as connection:
            stored = await read_events(
                connection, run_key=run.key, run_id=run.run_id, after=after, limit=PAGE_EVENTS
            )
        # A page may be short because batches in it are empty by now, so its length says nothing.
        return _with_gaps(stored, after), bool(stored) and stored[-1].seq < run.seq

    async def read_page(
        self, run: RunView, *, after: int, before: int | None, limit: int, newest_first: bool
    ) -> list[FeedEvent]:
        """Return one page of a run's events between two numbers, both left out, in either order."""
        async with self._store.readers.connect() as connection:
            stored = await read_events(
                connection,
                run_key=run.key,
                run_id=run.run_id,
                after=after,
                before=before,
                limit=limit,
                newest_first=newest_first,
            )
        return [_feed_event(event, event.cursor) for event in stored]

    async def read_all(self, after: int) -> tuple[list[FeedEvent], bool]:
        """Return the next events of all runs after a cursor, and whether there may be more."""
        async with self._catching_up:
            return await self.read_feed(after, PAGE_EVENTS)

    async def read_feed(self, after: int, limit_rows: int) -> tuple[list[FeedEvent], bool]:
        """The same for up to `limit_rows` rows. A cursor may lie inside a row."""
        async with self._store.readers.connect() as connection:
            stored = await read_feed(connection, after_cursor=row_of_cursor(after + 1) - 1, limit=limit_rows)
        numbered = _with_cursors(stored)
        return [event for event in numbered if event.cursor > after], len(stored) >= limit_rows


def _with_cursors(stored: Sequence[StoredEvent]) -> list[FeedEvent]:
    """Give each event of a row its own place."""
    numbered: list[FeedEvent] = []
    row, index = -1, 0
    for event in stored:
        index = index + 1 if event.cursor == row else 0
        row = event.cursor
        numbered.append(_feed_event(event, cursor_of(row, index)))
    return numbered


def _with_gaps(stored: Sequence[StoredEvent], after: int) -> list[FeedEvent]:
    found: list[FeedEvent] = []
    last = after
    for event in stored:
        if event.seq > last + 1:
            found.append(_gap(event, last + 1))
        found.append(_feed_event(event, event.cursor))
        last = event.seq
    return found


def _feed_event(event: StoredEvent, cursor: int) -> FeedEvent:
    return FeedEvent(
        run_id=event.run_id, seq=event.seq, kind=event.kind, cursor=cursor, body=present(event.encoded)
    )


def _gap(before: StoredEvent, first: int) -> FeedEvent:
    last = before.seq - 1
    body = b'{"event":"gap","run_id":"%s","from":%d,"to":%d}' % (before.run_id.encode(), first, last)
    return FeedEvent(
        run_id=before.run_id, seq=last, kind="gap", cursor=before.cursor, body=body, seq_from=first
    )
