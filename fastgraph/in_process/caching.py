"""The cache of a graph, asked before a step's tasks start and told what they gave.

Results that it has take their tasks' place in the order of the tasks; what it can't give any more (the graph's keys have
changed meanwhile) counts as not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fastgraph.cache.base import BaseCache
from fastgraph.execution.tasks import TaskResult
from fastgraph.graph.caching import decode_cached, encode_cached, find_entry
from fastgraph.graph.task_call import TaskCall

__all__ = ["StepCache"]


class StepCache:
    """A graph's cache (or none) on the way of one run. `is_async` says which of its methods are called."""

    def __init__(self, cache: BaseCache[Any] | None, *, is_async: bool) -> None:
        self.cache = cache
        self._is_async = is_async

    async def find(
        self, calls: Sequence[TaskCall]
    ) -> tuple[list[TaskCall], list[tuple[TaskCall, TaskResult]]]:
        """Return the calls that have to be executed, and the others with their results. Calls `key_func`."""
        if self.cache is None:
            return list(calls), []
        asked = [replace(call, cache=find_entry(call)) for call in calls]
        keys = [call.cache[:2] for call in asked if call.cache is not None]
        kept: dict[Any, Any] = {}
        if keys:
            kept = await self.cache.aget(keys) if self._is_async else self.cache.get(keys)
        left: list[TaskCall] = []
        hits: list[tuple[TaskCall, TaskResult]] = []
        for call in asked:
            data = kept.get(call.cache[:2]) if call.cache is not None else None
            result = decode_cached(call, data.encode()) if data is not None else None
            if result is None:
                left.append(call)
            else:
                hits.append((call, result))
        return left, hits

    async def keep(self, result: TaskResult) -> None:
        """Keep a result that has a place in the cache."""
        if self.cache is None or result.cache is None or result.is_cached:
            return
        entry = result.cache
        pairs = {(entry.namespace, entry.key): (encode_cached(result).decode(), entry.ttl_seconds)}
        if self._is_async:
            await self.cache.aset(pairs)
        else:
            self.cache.set(pairs)
