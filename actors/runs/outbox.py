"""What a running task says to its run actor beside its ending: steps of runs nested in it, records.

Filled in user threads, emptied on the actors' loop in the same order. So a nested step is committed before what follows
from it, and never after the result of the task around it. An attempt that nobody waits for any more says nothing more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace

from actors.runs.committer import Draft
from actors.runs.encoding import encode_changes
from fastgraph.database.records import CacheRow, CheckpointRow, NewEvent, ResultRow, TaskRecordRow
from fastgraph.execution.checkpoint import KeyChange

__all__ = ["Item", "NestedCheckpoint", "NestedResultWritten", "Outbox", "draft_items"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NestedCheckpoint:
    """A checkpoint of a lineage inside the run. `changes` None: the row has them all, else it gets them when it is made."""

    thread_key: int
    row: CheckpointRow
    changes: Mapping[str, KeyChange] | None

    def make(self, seqs: Mapping[str, int]) -> CheckpointRow:
        """Return the row; `seqs` says which event carries which task's result."""
        return (
            self.row
            if self.changes is None
            else replace(self.row, changes=encode_changes(self.changes, seqs))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NestedResultWritten:
    """What a nested task wrote, with the event that tells of it."""

    row: ResultRow
    event: NewEvent


Item = NestedCheckpoint | NestedResultWritten | NewEvent | TaskRecordRow | CacheRow
Settled = Future[None]


class Outbox:
    """Of one attempt of one task. Thread-safe; `on_first` is called when it stops being empty."""

    def __init__(self, on_first: Callable[[Outbox], object]) -> None:
        self._on_first = on_first
        self._lock = threading.Lock()
        self._items: list[Item | Settled] = []
        self._last: Settled | None = None
        self._is_settled = True
        self._is_closed = False

    def add(self, *items: Item) -> None:
        """Hand in items, which are committed together; dropped where the attempt is given up."""
        with self._lock:
            self._is_settled = False
        self._put(*items)

    def settle(self) -> Settled | None:
        """Return what is done when all that was handed in is durable, cancelled where it never will be; None where it is."""
        with self._lock:
            if self._is_settled and (self._last is None or self._last.done()):
                return None
            if self._is_settled:
                return self._last
            self._is_settled = True
            self._last = settled = Settled()
        self._put(settled)
        return settled

    def take(self) -> tuple[list[Item], list[Settled]]:
        """Take what has come, and who waits until it is durable."""
        with self._lock:
            items, self._items = self._items, []
        waiting = [item for item in items if isinstance(item, Future)]
        return [item for item in items if not isinstance(item, Future)], waiting

    def close(self) -> None:
        """Take nothing in any more, and let nobody wait."""
        with self._lock:
            self._is_closed = True
            waiting = [item for item in self._items if isinstance(item, Future)]
            self._items = []
        for settled in waiting:
            settled.cancel()

    def _put(self, *items: Item | Settled) -> None:
        with self._lock:
            is_closed, is_first = self._is_closed, not self._items
            if not is_closed:
                self._items.extend(items)
        if is_closed:
            for item in items:
                if isinstance(item, Future):
                    item.cancel()
        elif is_first:
            self._on_first(self)


def draft_items(draft: Draft, items: list[Item]) -> None:
    """Draft what came out of an outbox, in its order."""
    for item in items:
        match item:
            case NestedCheckpoint():
                draft.nested.append((item.thread_key, item.make))
            case NestedResultWritten():
                draft.add_result(item.row, replace(item.event, result=len(draft.results)))
            case NewEvent():
                draft.events.append(item)
            case TaskRecordRow():
                draft.records.append(item)
            case CacheRow():
                draft.cached.append(item)
