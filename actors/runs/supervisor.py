"""The supervisor of runs: claims what nobody owns, spawns a run actor for each, and watches it die.

A run actor that leaves says `RunLeft` first. One that dies without a word is a fault: its run is given back to the store
and taken up again from its last checkpoint, after a backoff; one that keeps killing its actor is quarantined with its
reason and is never tried for ever. Messages run on the actors' loop, one at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, assert_never

import orjson
import pykka
import structlog

from actors.host.tools import HostTools
from actors.runs.history import RunHistory
from actors.runs.looks import RunLook
from actors.runs.messages import (
    Claim,
    DrainRun,
    DrainRuns,
    HoldRun,
    HoldRuns,
    InboxesGrew,
    InboxGrew,
    LeaveReason,
    LoopBlocked,
    LoseRuns,
    LostOwnership,
    RunDown,
    RunLeft,
)
from actors.runs.reading import is_passing
from actors.runs.reconciling import Reconciler
from actors.runs.run_actor import RunActor
from actors.runtime.ask import ref_kill, ref_try_tell
from actors.runtime.async_actor import AsyncActor
from actors.runtime.errors import InboxFullError
from actors.runtime.lifeline import watch_end
from actors.runtime.messages import DownReason
from actors.supervision.decisions import (
    Backoff,
    Deaths,
    Intensity,
    after_death,
    backoff_seconds,
    count_recent,
    is_too_intense,
)
from fastgraph.database.host_records import FreeRun
from fastgraph.database.pausing import Pauses
from fastgraph.database.records import ClaimedRun, ClaimRuns, TerminateRun
from fastgraph.errors import (
    ConflictError,
    IllegalTransitionError,
    LostOwnershipError,
    NotFoundError,
    StoreError,
)
from fastgraph.events import EventKind
from fastgraph.status import RunStatus

__all__ = ["RunSupervisor"]

CLAIM_BATCH = 64
UNFIT_REMEMBERED = 1_000
UNFIT_SECONDS = 60.0
CLAIM_GATHER_SECONDS = 0.01
HELD_SECONDS = 2.0  # before a run is tried again whose actor the store's trouble has killed
BACKOFF = Backoff()
INTENSITY = Intensity()


# The store's answers that settle what is owed; any other error of it means "try again".
_SETTLED = (ConflictError, IllegalTransitionError, LostOwnershipError, NotFoundError)


@dataclass(slots=True)
class _Active:
    claimed: ClaimedRun
    ref: pykka.ActorRef[RunActor]
    started_at: float
    left: LeaveReason | None = None
    hold: str | None = None


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
        self._deaths: dict[int, Deaths] = {}
        self._owed: list[FreeRun | TerminateRun] = []
        self._reconciler = Reconciler(tools.store, boot_id=tools.boot_id, clock=tools.clock)
        self._unfit: dict[int, float] = {}
        limits = tools.settings.max_active_by_workflow
        self._max_active = tuple((name, limits[name]) for name in tools.workflows if name in limits)
        self._is_draining = False
        self._is_claim_queued = False
        self._claim_timer: asyncio.TimerHandle | None = None
        self._drained: asyncio.Future[None] | None = None
        self._log = structlog.get_logger(__name__)

        self.history = RunHistory(tools.clock)

    @property
    def active_runs(self) -> int:
        """How many runs have an actor here; read by the timekeeper's report."""
        return len(self._active)

    def looks(self) -> list[RunLook]:
        """The runs that have an actor here, the oldest first."""
        now, none = self._tools.clock.monotonic(), Deaths()
        return [
            RunLook(
                claimed=active.claimed,
                ref=active.ref,
                deaths=(deaths := self._deaths.get(key, none)).total,
                deaths_in_window=count_recent(deaths.recent, now, INTENSITY),
                last_death=self.history.last_death(key),
            )
            for key, active in list(self._active.items())
        ]

    def restart_run(self, run_id: str) -> bool:
        """End a run's actor where it stands, without counting that as a death; it is claimed again, from its last
        checkpoint. False where it is not here. Actors' loop only."""
        for active in self._active.values():
            if active.claimed.run_id == run_id:
                active.left = LeaveReason.LOST
                return ref_kill(active.ref)
        return False

    def stop_run(self, run_id: str) -> bool:
        """Let a run's actor finish what it executes and give the run back; this host leaves it to others for a minute,
        unless a command comes for it. False where it is not here. Actors' loop only."""
        for key, active in self._active.items():
            if active.claimed.run_id == run_id and ref_try_tell(active.ref, DrainRun()):
                self._unfit[key] = self._tools.clock.monotonic()
                return True
        return False

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
        self._unfit.pop(run_key, None)  # it may have been migrated
        active = self._active.get(run_key)
        if active is not None:
            ref_try_tell(active.ref, InboxGrew())

    def _unfit_now(self) -> tuple[int, ...]:
        """Runs that did not fit a moment ago; each is tried again now and then, should a hint have been lost."""
        now = self._tools.clock.monotonic()
        return tuple(key for key, at in self._unfit.items() if now - at < UNFIT_SECONDS)

    async def on_receive(self, message: Any) -> Any:
        match message:
            case Claim():
                self._is_claim_queued = False
                await self._pay()
                await self._claim()
                await self._reconcile()
            case RunLeft():
                self._left(message)
            case RunDown():
                self._run_down(message)
            case InboxesGrew():
                for run_key in message.run_keys:
                    self.tell_inbox_grew(run_key)
            case LoopBlocked():
                self._pass_on_blocked(message)
            case HoldRuns():
                self._hold(message.pauses)
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

    def _tell_all(self, message: Any, only: Collection[str] | None = None) -> None:
        for active in self._active.values():
            if only is None or active.claimed.run_id in only:
                ref_try_tell(active.ref, message)

    def _hold(self, pauses: Pauses) -> None:
        """Let the runs that a pause of their workflow or the server covers stop, and those go on that none does any more."""
        for active in self._active.values():
            reason = pauses.reason(active.claimed.workflow)
            if reason != active.hold and ref_try_tell(active.ref, HoldRun(reason=reason)):
                active.hold = reason

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
            exclude=self._unfit_now(),
            max_active=self._max_active,
        )
        try:
            claimed: tuple[ClaimedRun, ...] = await self._tools.writer.write(operation)
        except ConflictError:
            self._log.error("this boot was declared dead; its runs go to others")
            self._tell_all(LostOwnership())
            raise
        except (StoreError, InboxFullError) as error:  # the next poll tries again, for ever
            self._log.warning("claim failed", error=str(error))
            return
        for run in claimed:
            self._spawn(run)
        if not claimed and not self._active:
            self._end_only()  # somebody else has it, it has ended, or it waits: there is nothing to be alone with
        if len(claimed) == limit:
            self.request_claim()

    def _spawn(self, claimed: ClaimedRun) -> None:
        ref = RunActor.start(claimed, self._tools.workflows[claimed.workflow], self._tools, self.actor_ref)
        self._active[claimed.run_key] = _Active(claimed, ref, self._tools.clock.monotonic())
        self.history.claimed(claimed, ref, self._tools.dead_letters)
        watch_end(ref, partial(self._hear_death, claimed.run_key, claimed.epoch))

    def _hear_death(self, run_key: int, epoch: int, reason: DownReason) -> None:
        """Called where the actor ended, which is on this loop or in the death of it."""
        if self.actor_ref.is_alive():
            self.actor_ref.tell(RunDown(run_key=run_key, epoch=epoch, reason=reason))

    def _left(self, message: RunLeft) -> None:
        active = self._active.get(message.run_key)
        if active is not None and active.claimed.epoch == message.epoch:
            active.left = message.reason
        if message.reason is LeaveReason.UNFIT:
            self._unfit[message.run_key] = self._tools.clock.monotonic()
            if len(self._unfit) > UNFIT_REMEMBERED:
                del self._unfit[next(iter(self._unfit))]
        elif message.reason is LeaveReason.ENDED:
            self._deaths.pop(message.run_key, None)

    def _run_down(self, message: RunDown) -> None:
        active = self._active.get(message.run_key)
        if active is None or active.claimed.epoch != message.epoch:
            return
        del self._active[message.run_key]
        self.history.gone(active.ref)
        if active.left is None:
            self._mend(active, message.reason)
        elif active.left is LeaveReason.LOST:
            # Where the run is another's, this changes nothing. Where it is still ours (the lease could not be renewed in
            # time and nobody took it), nobody else would ever take it up.
            self._owed.append(self._free(active.claimed, "its owner could not keep it"))
        if self._drained is not None and not self._active and not self._drained.done():
            self._drained.set_result(None)
        self._end_only()
        self._request_claim_soon()

    def _end_only(self) -> None:
        if self._only_run_id is not None and self._on_only_left is not None:
            self._on_only_left()

    def _mend(self, active: _Active, reason: DownReason) -> None:
        """An actor died: give its run back after a backoff, or quarantine it where that happens too often.

        Trouble of the store, or of its disk, is no fault of the run's and never counts.
        """
        claimed, now = active.claimed, self._tools.clock.monotonic()
        if is_passing(reason.error):
            self._log.warning(
                "run actor died of the store's trouble", run_id=claimed.run_id, reason=str(reason)
            )
            self._owed.append(self._free(claimed, f"The store could not be used: {reason}", HELD_SECONDS))
            self.loop.call_later(HELD_SECONDS + CLAIM_GATHER_SECONDS, self.request_claim)
            return
        deaths = self._deaths[claimed.run_key] = after_death(
            self._deaths.get(claimed.run_key, Deaths()),
            now=now,
            lived_seconds=now - active.started_at,
            backoff=BACKOFF,
            intensity=INTENSITY,
        )
        why = f"Its actor died: {reason}"
        self.history.died(claimed.run_key, why)
        self._log.error("run actor died", run_id=claimed.run_id, reason=str(reason), deaths=deaths.total)
        if is_too_intense(deaths.recent, now, INTENSITY):
            self._owed.append(self._quarantine(claimed, why))
        else:
            delay = backoff_seconds(deaths.in_a_row, BACKOFF, self._tools.random)
            self._owed.append(self._free(claimed, why, delay))
            self.loop.call_later(delay + CLAIM_GATHER_SECONDS, self.request_claim)

    def _quarantine(self, claimed: ClaimedRun, why: str) -> TerminateRun:
        error = {"type": "Quarantined", "message": why, "node": None, "attempt": None, "traceback": ""}
        return TerminateRun(
            run_id=claimed.run_id,
            status=RunStatus.QUARANTINED,
            kind=EventKind.QUARANTINED,
            data=orjson.dumps({"error": error}),
            error=orjson.dumps(error),
            now=self._tools.clock.now(),
            expected_epoch=claimed.epoch,
        )

    def _free(self, claimed: ClaimedRun, why: str, delay_seconds: float = 0.0) -> FreeRun:
        now = self._tools.clock.now()
        return FreeRun(
            run_key=claimed.run_key,
            owner=self._tools.boot_id,
            epoch=claimed.epoch,
            reason=why,
            not_before=now + timedelta(seconds=delay_seconds) if delay_seconds else None,
            now=now,
        )

    async def _pay(self) -> None:
        """Give runs back whose actors are gone; what the store can't take now is tried again at every look for work."""
        owed, self._owed = self._owed, []
        writes = (self._tools.writer.write(operation) for operation in owed)
        for operation, answer in zip(
            owed, await asyncio.gather(*writes, return_exceptions=True), strict=True
        ):
            if isinstance(answer, _SETTLED):  # it has ended, or is another's
                self._log.info("a run that was lost is another's", reason=str(answer))
            elif isinstance(answer, StoreError | InboxFullError):
                self._log.warning("a run could not be given back, trying again", reason=str(answer))
                self._owed.append(operation)
            elif isinstance(answer, BaseException):
                raise answer

    async def _reconcile(self) -> None:
        """Give back what the store says is ours and nobody here has."""
        known = {active.claimed.run_id for active in self._active.values()}
        known |= {operation.run_id for operation in self._owed if isinstance(operation, TerminateRun)}
        owed = {operation.run_key for operation in self._owed if isinstance(operation, FreeRun)}
        stranded = await self._reconciler.find_stranded(known)
        self._tell_all(
            LostOwnership(), self._reconciler.lost
        )  # ended by force, while tasks go on and commit nothing
        for run in stranded:
            if run.key not in owed:
                self._log.warning("a run was stranded here", run_id=run.run_id, epoch=run.epoch)
                self._owed.append(
                    FreeRun(
                        run_key=run.key,
                        owner=self._tools.boot_id,
                        epoch=run.epoch,
                        reason="its host did not know that it had it",
                        not_before=None,
                        now=self._tools.clock.now(),
                    )
                )

    def _pass_on_blocked(self, message: LoopBlocked) -> None:
        self._tell_all(message, {job.call.services.run_id for job in message.jobs})
