"""The store and the outbox as runs nested in a task process find them: by messages to the host.

What is handed in goes to the host at once, in its order; `settle` says when the host has made it durable. Files are written
here, as those of artifacts are. Any thread of the node.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import orjson

from actors.runs.nested_store import Found, shrink_nested
from actors.runs.outbox import Item
from actors.tasks.nested_wire import decode_found, encode_items
from fastgraph.blobs.spill import Spill
from fastgraph.execution.checkpoint import KeyChange
from fastgraph.execution.tasks import CacheEntry

__all__ = ["RemoteNestedStore", "RemoteOutbox"]

Ask = Callable[..., Sequence[bytes]]


class RemoteNestedStore:
    """What nested runs read. `ask` sends a question to the host and waits for its answer."""

    def __init__(self, *, run_id: str, ask: Ask, spill: Spill, spill_bytes: int) -> None:
        self._run_id = run_id
        self._ask = ask
        self._spill = spill
        self._spill_bytes = spill_bytes

    @property
    def run_id(self) -> str:
        return self._run_id

    @property
    def spill(self) -> Spill:
        return self._spill

    def open_lineage(self, namespace: str) -> tuple[int, bool]:
        """Return the key of a nested lineage, and whether it is new."""
        key, is_new = orjson.loads(self._ask("open_lineage", namespace)[0])
        return key, is_new

    def read(self, key: int, namespace: str, number: int | None, place: str) -> Found | None:
        """Return a checkpoint (None: the newest), the results of its step, and what else was noted of the step."""
        return decode_found(self._ask("read_lineage", "", orjson.dumps([key, namespace, number, place])))

    def find_record(self, task_id: str, key: str) -> bytes | None:
        """Return what a task of this run has kept under a key, or None."""
        return next(iter(self._ask("find_nested_record", "", orjson.dumps([task_id, key]))), None)

    def find_cached(self, entry: CacheEntry) -> bytes | None:
        """Return what the server's cache has there, if it is still good."""
        asked = orjson.dumps([entry.namespace, entry.key])
        return next(iter(self._ask("find_cached", "", asked)), None)

    def shrink(self, changes: Mapping[str, KeyChange]) -> Mapping[str, KeyChange]:
        """Spill what reducers made and is too large for a row; blocks on the disk."""
        return shrink_nested(changes, self._spill, self._spill_bytes)


class RemoteOutbox:
    """Takes what nested runs say. `send` tells the host, `begin_asking` asks it and returns what its answer will be."""

    def __init__(
        self,
        send: Callable[[str, Mapping[str, Any], Sequence[bytes]], None],
        begin_asking: Callable[[str], Future[Sequence[bytes]]],
    ) -> None:
        self._send = send
        self._begin_asking = begin_asking

    def add(self, *items: Item) -> None:
        """Hand in items, which are committed together."""
        self._send("nested", *encode_items(items))

    def settle(self) -> Future[None] | None:
        """Return what is done when all that was handed in is durable."""
        settled: Future[None] = Future()
        self._begin_asking("settle").add_done_callback(lambda _: settled.set_result(None))
        return settled
