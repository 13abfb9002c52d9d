"""What nested runs and records read from the store, asked from user threads and answered on the actors' loop.

Blocks the caller for the time of a query; a store that is away is waited for, since an outage is nobody's fault.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from actors.host.tools import HostTools
from actors.runs.children import start_child
from actors.runs.reading import RETRY_SECONDS, read_patiently
from actors.runtime.errors import InboxFullError
from fastgraph.blobs.disk import hold_while_full
from fastgraph.blobs.spill import Spill
from fastgraph.database import nested
from fastgraph.database.checkpoints import StoredCheckpoint, read_checkpoint
from fastgraph.database.records import Accepted, ClaimedRun
from fastgraph.errors import StoreUnavailableError
from fastgraph.execution.checkpoint import KeyChange
from fastgraph.graph.child_runs import ChildRequest

__all__ = ["Found", "NestedStore", "shrink_nested"]

T = TypeVar("T")
Found = tuple[StoredCheckpoint, list[nested.NestedResult], dict[str, bytes]]


def shrink_nested(
    changes: Mapping[str, KeyChange], spill: Spill, limit_bytes: int
) -> Mapping[str, KeyChange]:
    """Spill what reducers made and is too large for a row; blocks on the disk, and while that is full."""
    return {
        key: KeyChange(
            change=change.change._replace(
                operand=hold_while_full(partial(spill.shrink, change.change.operand))
            )
        )
        if change.from_task is None and len(change.change.operand) > limit_bytes
        else change
        for key, change in changes.items()
    }


class NestedStore:
    """The store as the tasks of one run see it. Every method may be called from any user thread."""

    def __init__(self, claimed: ClaimedRun, tools: HostTools) -> None:
        self._claimed = claimed
        self._tools = tools

    @property
    def run_id(self) -> str:
        return self._claimed.run_id

    @property
    def spill(self) -> Spill:
        return self._tools.store.spill

    def open_lineage(self, namespace: str) -> tuple[int, bool]:
        """Return the key of a nested lineage, and whether it is new."""
        return self._ask(self._open(namespace))

    def read(self, key: int, namespace: str, number: int | None, place: str) -> Found | None:
        """Return a checkpoint (None: the newest), the results of its step, and what else was noted of the step."""
        return self._ask(
            read_patiently(self._tools.store, lambda c: self._read(c, key, namespace, number, place))
        )

    def find_record(self, task_id: str, key: str) -> bytes | None:
        """Return what a task of this run has kept under a key, or None."""
        run_key = self._claimed.run_key
        return self._ask(
            read_patiently(
                self._tools.store,
                lambda c: nested.read_record(c, run_key=run_key, task_id=task_id, record_key=key),
            )
        )

    def start_child(self, request: ChildRequest) -> Future[Accepted]:
        """Accept a child run of this one."""
        question = start_child(self._tools, self._claimed, request)
        return asyncio.run_coroutine_threadsafe(question, self._tools.bridge.loop)

    def shrink(self, changes: Mapping[str, KeyChange]) -> Mapping[str, KeyChange]:
        """Spill what reducers made and is too large for a row; blocks on the disk."""
        return shrink_nested(changes, self.spill, self._tools.settings.spill_bytes)

    async def _open(self, namespace: str) -> tuple[int, bool]:
        claimed, tools = self._claimed, self._tools
        key = await read_patiently(
            tools.store,
            lambda c: nested.find_lineage(c, parent_key=claimed.thread_key, namespace=namespace),
        )
        if key is not None:
            return key, False
        operation = nested.OpenLineage(
            parent_key=claimed.thread_key,
            thread_id=claimed.thread_id,
            namespace=namespace,
            now=tools.clock.now(),
        )
        while True:
            try:
                return await tools.writer.write(operation), True
            except (StoreUnavailableError, InboxFullError):
                await asyncio.sleep(RETRY_SECONDS)

    async def _read(
        self, connection: AsyncConnection, key: int, namespace: str, number: int | None, place: str
    ) -> Found | None:
        stored = await read_checkpoint(connection, thread_key=key, number=number, spill=self.spill)
        if stored is None:
            return None
        run_key = self._claimed.run_key
        results = await nested.read_nested_results(
            connection,
            run_key=run_key,
            thread_key=self._claimed.thread_key,
            namespace=namespace,
            number=stored.number,
        )
        notes = await nested.list_records(
            connection, run_key=run_key, task_id=place, prefix=f"{stored.number:010}:"
        )
        return stored, results, notes

    def _ask(self, question: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(question, self._tools.bridge.loop).result()
