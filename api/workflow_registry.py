"""The workflows that hosts have published, as this process last read them.

Creating a run must not cost a read each, so what was read is used for a second; a name that is not among it is looked
up afresh before it is refused. Where nothing was ever published (a host is still starting) a caller is kept waiting a
little.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from api.faults import Fault, InvalidRequestError, NothingPublishedError
from fastgraph.clock import Clock
from fastgraph.database.workflows import WorkflowView
from fastgraph.errors import WorkflowNotFoundError

__all__ = ["WorkflowRegistry"]

FRESH_SECONDS = 1.0
PATIENCE_SECONDS = 10.0  # for the first host of a new store
LOOK_AGAIN_SECONDS = 0.1


class WorkflowRegistry:
    """Knows the published workflows. `read` lists them from the store; `default` names the one of runs that name
    none."""

    def __init__(
        self, *, clock: Clock, read: Callable[[], Awaitable[Sequence[WorkflowView]]], default: str | None
    ) -> None:
        self._clock = clock
        self._read = read
        self._default = default
        self._known: dict[str, WorkflowView] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def list_workflows(self) -> list[WorkflowView]:
        """Return all workflows by name, as the store has them now."""
        await self._refresh(0.0)
        return list(self._known.values())

    async def get(self, name: str | None, *, is_patient: bool = False) -> WorkflowView:
        """Return the workflow of a name, or the default one for None.

        In a store to which no host has ever published, one who `is_patient` waits PATIENCE_SECONDS for the first
        one and then gets NothingPublishedError. Raises WorkflowNotFoundError with the names that exist, and
        InvalidRequestError where there is no default.
        """
        await self._refresh(FRESH_SECONDS)
        found = self._find(name)
        if found is None:
            await self._refresh(0.0)
            if not self._known and is_patient:
                await self._wait_for_publication()
            found = self._find(name)
        if found is not None:
            return found
        wanted = name or self._default
        if wanted is None:
            fault = Fault("workflow", f"is missing, and there is no default; name one of: {self.names}")
            raise InvalidRequestError(fault)
        raise WorkflowNotFoundError(wanted, tuple(self._known))

    @property
    def names(self) -> str:
        """The names that exist, for a sentence."""
        return ", ".join(self._known)

    def _find(self, name: str | None) -> WorkflowView | None:
        wanted = name or self._default
        if wanted is not None:
            return self._known.get(wanted)
        return next((workflow for workflow in self._known.values() if workflow.is_default), None)

    async def _refresh(self, fresh_seconds: float) -> None:
        asked_at = self._clock.monotonic()
        if asked_at - self._read_at < fresh_seconds:
            return
        async with self._reading:
            # Whoever waited for another's reading has what it wanted, if that reading began after it asked.
            if self._read_at > asked_at:
                return
            begun = self._clock.monotonic()
            self._known = {workflow.name: workflow for workflow in await self._read()}
            self._read_at = begun

    async def _wait_for_publication(self) -> None:
        until = self._clock.monotonic() + PATIENCE_SECONDS
        while not self._known:
            if self._clock.monotonic() >= until:
                raise NothingPublishedError
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            await self._refresh(LOOK_AGAIN_SECONDS)
