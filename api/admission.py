"""Admission: a new run is taken only while not too many wait already.

The number of those that wait is counted in the store at most once a second, and what this process has let in since is added,
so the usual request costs an addition. The sum errs on the side of refusing; it can be passed only by what other API
processes let in within that second. Runs that the server makes by itself (children, retries, forks) are never refused: they
belong to work that was accepted.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from api.faults import BacklogFullError, WorkflowBacklogFullError
from fastgraph.clock import Clock

__all__ = ["Admission"]

COUNT_SECONDS = 1.0
RECOUNT_SECONDS = 0.1  # when somebody is about to be refused
RETRY_SHARE = 0.05  # of the limit: when so many have left the queue, it is worth coming again
MAX_RETRY_SECONDS = 60
NO_PROGRESS_SECONDS = 30

Count = Callable[[], Awaitable[Mapping[str, int]]]


class Admission:
    """One an API process, on its loop. A limit of 0 is none. `count` counts the runs that wait, by workflow."""

    def __init__(self, *, clock: Clock, count: Count, most: int, most_by_workflow: Mapping[str, int]) -> None:
        self._clock = clock
        self._count = count
        self._most = most
        self._most_by_workflow = most_by_workflow
        self._counted: Counter[str] = Counter()
        self._let_in: Counter[str] = Counter()  # since the last count began
        self._in_flight: Counter[str] = Counter()
        self._counted_at: float | None = None
        self._left_a_second = 0.0
        self._counting = asyncio.Lock()

    @asynccontextmanager
    async def place(self, workflow: str) -> AsyncIterator[None]:
        """Hold a place while a run of this workflow is accepted. Raises WorkflowBacklogFullError, BacklogFullError and what
        counting raises."""
        if self._most or self._most_by_workflow:
            await self._admit(workflow)
        self._let_in[workflow] += 1
        self._in_flight[workflow] += 1
        try:
            yield
        finally:
            self._in_flight[workflow] -= 1

    async def _admit(self, workflow: str) -> None:
        if self._is_older_than(COUNT_SECONDS):
            await self._count_again(COUNT_SECONDS)
        if self._refusal(workflow) is not None and self._is_older_than(RECOUNT_SECONDS):
            await self._count_again(RECOUNT_SECONDS)
        refusal = self._refusal(workflow)
        if refusal is not None:
            raise refusal

    def _refusal(self, workflow: str) -> BacklogFullError | WorkflowBacklogFullError | None:
        most = self._most_by_workflow.get(workflow, 0)
        if most and self._counted[workflow] + self._let_in[workflow] >= most:
            return WorkflowBacklogFullError(workflow, most, self._retry_seconds(most))
        if self._most and self._counted.total() + self._let_in.total() >= self._most:
            return BacklogFullError(self._most, self._retry_seconds(self._most))
        return None

    def _is_older_than(self, seconds: float) -> bool:
        return self._counted_at is None or self._clock.monotonic() - self._counted_at > seconds

    async def _count_again(self, seconds: float) -> None:
        async with self._counting:
            if not self._is_older_than(seconds):
                return  # whoever held the lock has counted
            before, began = self._counted.total() + self._let_in.total(), self._clock.monotonic()
            # What is being written now may be in the count or not; it is added, so that it is not missed.
            carried = Counter(self._in_flight)
            let_in_before = Counter(self._let_in)
            counted = Counter(await self._count())
            self._let_in = carried + (self._let_in - let_in_before)
            if self._counted_at is not None and began > self._counted_at:
                self._left_a_second = (before - counted.total()) / (began - self._counted_at)
            self._counted, self._counted_at = counted, began

    def _retry_seconds(self, most: int) -> int:
        """Guess when a share of the places will be free, by the pace at which runs left the queue lately."""
        if self._left_a_second <= 0:
            return NO_PROGRESS_SECONDS
        return min(MAX_RETRY_SECONDS, max(1, math.ceil(most * RETRY_SHARE / self._left_a_second)))
