"""The supervisor of runs: claims what nobody owns, spawns a run actor for each, and watches it die.

A run actor that leaves says `RunLeft` first. One that dies without a word is a fault: its run is given back to the store
and taken up again from its last checkpoint, after a backoff; one that keeps killing its actor is quarantined with its
reason and is never tried for ever. Messages run on the actors' loop, one at a time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, assert_never

import orjson
import pykka
import structlog

from actors.host.tools import HostTools
from actors.runs.messages import (
    Claim,
    DrainRun,
    DrainRuns,
    InboxGrew,
    LeaveReason,
    LoopBlocked,
    LoseRuns,
    LostOwnership,
    RunDown,
    RunLeft,
)
from actors.runs.run_actor import RunActor
from actors.runtime.async_actor import AsyncActor
from actors.runtime.lifeline import watch_end
from actors.runtime.messages import DownReason
from actors.supervision.decisions import Backoff, Intensity, backoff_seconds, is_too_intense
from fastgraph.database.host_records import FreeRun
from fastgraph.database.records import ClaimedRun, ClaimRuns, TerminateRun
from fastgraph.errors import ConflictError, StoreError
from fastgraph.events import EventKind
from fastgraph.status import RunStatus

__all__ = ["RunSupervisor"]

CLAIM_BATCH = 64
CLAIM_GATHER_SECONDS = 0.01
BACKOFF = Backoff()
INTENSITY = Intensity()


@dataclass(slots=True)
class _Active:
    claimed: ClaimedRun
    ref: pykka.ActorRef[RunActor]
    has_left: bool = False


@dataclass(slots=True)
class _Deaths:
    """Times (monotonic seconds) at which a run's actors died in this host."""

    times: deque[float] = field(default_factory=lambda: deque(maxlen=16))


class RunSupervisor(AsyncActor):
    """One a host. `only_run_id` is for a host that runs one suspect alone; `on_only_left` is called when it is done."""

    def __init__(
        self,
        tools: HostTools,
        *,
        only_run_id: str | None = None,
        on_only_left: Callable[[], None] | None = None,
    ) -> None:
        super().__init__()
        self._tools = tools
        self._only_run_id = only_run_id
        self._on_only_left = on_only_left
        self._active: dict[int, _Active] = {}
        self._deaths: dict[int, _Deaths] = {}
        self._unfit: set[int] = set()
        self._is_draining = False
        self._is_claim_queued = False
        self._claim_timer: asyncio.TimerHandle | None = None
        self._drained: asyncio.Future[None] | None = None
        self._log = structlog.get_logger(__name__)

    @property
    def active_runs(self) -> int:
        """How many runs have an actor here; read by the timekeeper's report."""
        return len(self._active)

    def shown(self, most: int) -> list[tuple[str, pykka.ActorRef[RunActor]]]:
        """The runs that have an actor here, the first `most` of them."""
        return [(active.claimed.run_id, active.ref) for active in list(self._active.values())[:most]]

    def request_claim(self) -> None:
        """Look for work now; many requests before that are one. Actors' loop only."""
        if not self._is_claim_queued and not self._is_draining and self.actor_ref.is_alive():
            self._is_claim_queued = True
            self.actor_ref.tell(Claim())

    def _request_claim_soon(self) -> None:
        """Look for work in a moment: runs that end together leave their places to one claim and not to one each."""
        if self._claim_timer is None:
            self._claim_timer = self.loop.call_later(CLAIM_GATHER_SECONDS, self._claim_gathered)

    def _claim_gathered(self) -> None:
        self._claim_timer = None
        self.request_claim()

    def tell_inbox_grew(self, run_key: int) -> None:
        """Tell a run's actor, if it is here, that a command has come. Actors' loop only."""
        active = self._active.get(run_key)
        if active is not None and active.ref.is_alive():
            active.ref.tell(InboxGrew())

    async def on_receive(self, message: Any) -> Any:
        match message:
            case Claim():
                self._is_claim_queued = False
                await self._claim()
            case RunLeft():
                self._left(message)
            case RunDown():
                await self._run_down(message)
            case LoopBlocked():
                self._pass_on_blocked(message)
            case LoseRuns():
                self._tell_all(LostOwnership())
            case DrainRuns():
                self._is_draining = True
                self._tell_all(DrainRun())
            case _:
                assert_never(message)
        return None

    async def drained(self) -> None:
        """Wait until no run has an actor here. Actors' loop only."""
        if self._active:
            self._drained = self.loop.create_future()
            await self._drained

    def _tell_all(self, message: Any) -> None:
        for active in self._active.values():
            if active.ref.is_alive():
                active.ref.tell(message)

    async def _claim(self) -> None:
        settings = self._tools.settings
        free = settings.max_active_runs - len(self._active)
        if self._is_draining or free <= 0:
            return
        limit = min(free, CLAIM_BATCH)
        operation = ClaimRuns(
            owner=self._tools.boot_id,
            workflows=tuple(self._tools.workflows),
            limit=limit,
            now=self._tools.clock.now(),
            only_run_id=self._only_run_id,
            exclude=tuple(sorted(self._unfit)),
        )
        try:
            claimed: tuple[ClaimedRun, ...] = await self._tools.writer.write(operation)
        except ConflictError:
            self._log.error("this boot was declared dead; its runs go to others")
            self._tell_all(LostOwnership())
            raise
        except StoreError as error:  # the next poll tries again, for ever
            self._log.warning("claim failed", error=str(error))
            return
        for run in claimed:
            self._spawn(run)
        if len(claimed) == limit:
            self.request_claim()

    def _spawn(self, claimed: ClaimedRun) -> None:
        ref = RunActor.start(claimed, self._tools.workflows[claimed.workflow], self._tools, self.actor_ref)
        self._active[claimed.run_key] = _Active(claimed, ref)
        watch_end(ref, partial(self._hear_death, claimed.run_key, claimed.epoch))

    def _hear_death(self, run_key: int, epoch: int, reason: DownReason) -> None:
        """Called where the actor ended, which is on this loop or in the death of it."""
        if self.actor_ref.is_alive():
            self.actor_ref.tell(RunDown(run_key=run_key, epoch=epoch, reason=reason))

    def _left(self, message: RunLeft) -> None:
        active = self._active.get(message.run_key)
        if active is not None:
            active.has_left = True
        if message.reason is LeaveReason.UNFIT:
            self._unfit.add(message.run_key)
        elif message.reason is LeaveReason.ENDED:
            self._deaths.pop(message.run_key, None)

    async def _run_down(self, message: RunDown) -> None:
        active = self._active.get(message.run_key)
        if active is None or active.claimed.epoch != message.epoch:
            return
        del self._active[message.run_key]
        if not active.has_left:
            await self._mend(active.claimed, message.reason)
        if self._drained is not None and not self._active and not self._drained.done():
            self._drained.set_result(None)
        if self._only_run_id is not None and self._on_only_left is not None:
            self._on_only_left()
        self._request_claim_soon()

    async def _mend(self, claimed: ClaimedRun, reason: DownReason) -> None:
        """An actor died: give its run back after a backoff, or quarantine it where that happens too often."""
        now = self._tools.clock.monotonic()
        deaths = self._deaths.setdefault(claimed.run_key, _Deaths()).times
        deaths.append(now)
        why = f"Its actor died: {reason}"
        self._log.error("run actor died", run_id=claimed.run_id, reason=str(reason), deaths=len(deaths))
        operation: FreeRun | TerminateRun
        if is_too_intense(deaths, now, INTENSITY):
            error = {"type": "Quarantined", "message": why, "node": None, "attempt": None, "traceback": ""}
            operation = TerminateRun(
                run_id=claimed.run_id,
                status=RunStatus.QUARANTINED,
                kind=EventKind.QUARANTINED,
                data=orjson.dumps({"error": error}),
                error=orjson.dumps(error),
                now=self._tools.clock.now(),
                expected_epoch=claimed.epoch,
            )
        else:
            delay = backoff_seconds(len(deaths), BACKOFF, self._tools.random)
            operation = FreeRun(
                run_key=claimed.run_key,
                owner=self._tools.boot_id,
                epoch=claimed.epoch,
                reason=why,
                not_before=self._tools.clock.now() + timedelta(seconds=delay),
                now=self._tools.clock.now(),
            )
        try:
            await self._tools.writer.write(operation)
        except (
            StoreError
        ) as error:  # its lease still covers it: the store's reconciler frees it when this host ends
            self._log.warning(
                "a dead actor's run could not be given back", run_id=claimed.run_id, error=str(error)
            )

    def _pass_on_blocked(self, message: LoopBlocked) -> None:
        keys = {job.call.services.run_id for job in message.jobs}
        for active in self._active.values():
            if active.claimed.run_id in keys and active.ref.is_alive():
                active.ref.tell(message)
