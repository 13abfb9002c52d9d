"""The timekeeper: what a host must do as time goes by, whatever its user code does.

Every tick it renews the lease when that is due, looks for hosts that are dead (proved by their lock file, or by a lapsed
lease), asks the supervisor to look for work that no hint told of, and watches the user loops. An error of the store means
"try again at the next tick", never "done": nothing here ever stops looping. Whether the runs must be given up is looked
at beside the ticks, which a store that does not answer holds up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, assert_never

import orjson
import pykka
import structlog
from sqlalchemy.exc import SQLAlchemyError

from actors.executors.user_loops import ABANDON_SECONDS, BlockedLoop
from actors.host.tools import HostTools
from actors.runs.messages import HoldRuns, InboxesGrew, LoopBlocked, LoseRuns
from actors.runtime.async_actor import AsyncActor
from actors.runtime.errors import InboxFullError
from actors.timekeeper.cancelling import end_cancelled
from actors.timekeeper.closing import close_children
from actors.timekeeper.dead_hosts import free_dead_hosts
from actors.timekeeper.messages import PausesChanged, Tick
from actors.timekeeper.overdue import end_overdue
from actors.timekeeper.retention import RETENTION_SECONDS, remove_expired
from fastgraph.database.host_lock import HostLock
from fastgraph.database.host_records import RenewLease
from fastgraph.database.inbox import list_runs_with_commands
from fastgraph.database.item_records import SweepItems
from fastgraph.database.pausing import read_pauses
from fastgraph.errors import StoreError

__all__ = ["RENEWALS_A_LEASE", "Timekeeper"]

RENEWALS_A_LEASE = 3
TICKS_A_LEASE = 6  # a renewal is looked for often enough, however short the lease is
FENCE_MARGIN_SECONDS = 3.0
FENCE_LOOKS_A_LEASE = 30
SWEEP_SECONDS = 600.0


class Timekeeper(AsyncActor):
    """One a host. `request_claim` wakes the supervisor; `on_declared_dead` ends the process."""

    def __init__(
        self,
        tools: HostTools,
        *,
        locks: HostLock,
        supervisor: pykka.ActorRef[Any],
        request_claim: Callable[[], None],
        report: Callable[[], dict[str, Any]],
        on_declared_dead: Callable[[], None],
        serve_operators: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__()
        self._tools = tools
        self._locks = locks
        self._supervisor = supervisor
        self._request_claim = request_claim
        self._report = report
        self._on_declared_dead = on_declared_dead
        self._serve_operators = serve_operators
        self._renewed_at = tools.clock.monotonic()
        self._next_sweep = self._renewed_at + SWEEP_SECONDS / 10
        self._sweep: asyncio.Task[None] | None = None
        self._next_retention = self._renewed_at
        self._retention: asyncio.Task[None] | None = None
        self._is_fenced = False
        self._warned: set[str] = set()
        self._log = structlog.get_logger(__name__)

    def on_start(self) -> None:
        self._look_at_fence(self._tools.clock.monotonic())
        self._tick()  # at once: what a dead host left behind waits for nothing but this

    async def on_receive(self, message: Any) -> None:
        match message:
            case Tick():
                for work in (
                    self._renew,
                    self._free_the_dead,
                    self._find_commands,
                    self._end_overdue,
                    self._end_cancelled,
                    self._close_children,
                ):
                    await self._try(work)
                if self._serve_operators is not None:
                    await self._try(self._serve_operators)
                self._sweep_sometimes()
                self._remove_expired_sometimes()
                self._watch_user_loops()
                self._request_claim()
                self._arm()
            case PausesChanged():
                await self._try(self._find_commands)
            case _:
                assert_never(message)

    async def _try(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do one piece of a tick; what the store or the disk can't do now is done at the next one."""
        try:
            await work()
        except (StoreError, SQLAlchemyError, InboxFullError) as error:
            self._log.warning("store can't be reached, trying again", error=str(error))
        except OSError as error:
            self._log.warning("files can't be reached, trying again", error=str(error))

    async def _find_commands(self) -> None:
        """Find out what is paused, and commands for our runs whose hint was lost."""
        tools = self._tools
        async with tools.store.readers.connect() as connection:
            keys = await list_runs_with_commands(connection, owner=tools.boot_id)
            pauses = await read_pauses(connection)
        if not self._supervisor.is_alive():
            return
        self._supervisor.tell(HoldRuns(pauses=pauses))
        if keys:
            self._supervisor.tell(InboxesGrew(run_keys=tuple(keys)))

    async def _free_the_dead(self) -> None:
        await free_dead_hosts(self._tools, self._locks)

    async def _end_overdue(self) -> None:
        await end_overdue(self._tools)

    async def _end_cancelled(self) -> None:
        tools = self._tools
        await end_cancelled(
            tools.store, tools.writer, clock=tools.clock, grace_seconds=tools.settings.cancel_grace_seconds
        )

    async def _close_children(self) -> None:
        await close_children(self._tools)

    def _arm(self) -> None:
        settings = self._tools.settings
        self.loop.call_later(min(settings.poll_seconds, settings.lease_seconds / TICKS_A_LEASE), self._tick)

    def _tick(self) -> None:
        if self.actor_ref.is_alive():
            self.actor_ref.tell(Tick())

    async def _renew(self) -> None:
        """Renew the lease a few times in its length. A boot that was declared dead must end: its runs are others'."""
        settings, now = self._tools.settings, self._tools.clock.monotonic()
        if now - self._renewed_at < settings.lease_seconds / RENEWALS_A_LEASE:
            return
        operation = RenewLease(
            boot_id=self._tools.boot_id,
            lease_seconds=settings.lease_seconds,
            report=orjson.dumps(self._report()),
        )
        if await self._tools.writer.write(operation):
            self._renewed_at = now
            self._is_fenced = False
        else:
            self._log.error("this boot was declared dead")
            self._lose_runs()
            self._on_declared_dead()

    def _look_at_fence(self, looked_at: float) -> None:
        """Look a few times a second whether the runs must be given up. A look that comes late says that this whole process
        hung: the next one decides, because the stand-in may have kept the lease and the renewal that is due tells."""
        now, lease = self._tools.clock.monotonic(), self._tools.settings.lease_seconds
        pause = min(1.0, lease / FENCE_LOOKS_A_LEASE)
        if self.actor_ref.is_alive():
            self.loop.call_later(pause, self._look_at_fence, now)
            if now - looked_at < pause + min(1.0, lease / 5):
                self._fence()

    def _fence(self) -> None:
        """Stop the runs in time where the lease could not be renewed: another host may take them soon."""
        silent = self._tools.clock.monotonic() - self._renewed_at
        lease = self._tools.settings.lease_seconds
        if silent > lease - min(FENCE_MARGIN_SECONDS, lease / 5) and not self._is_fenced:
            self._log.error("lease could not be renewed, runs are given up", seconds=round(silent, 1))
            self._is_fenced = self._lose_runs()

    def _lose_runs(self) -> bool:
        """Tell the supervisor to stop all runs; False where its inbox takes nothing now."""
        try:
            self._supervisor.tell(LoseRuns())
        except (InboxFullError, pykka.ActorDeadError) as error:
            self._log.warning("the supervisor could not be told", error=str(error))
            return False
        return True

    def _sweep_sometimes(self) -> None:
        """Delete items that have expired and files that nothing refers to any more, now and then; the files in a thread,
        since that may take its time."""
        now = self._tools.clock.monotonic()
        if now < self._next_sweep or (self._sweep is not None and not self._sweep.done()):
            return
        self._next_sweep = now + SWEEP_SECONDS
        self._sweep = self.loop.create_task(self._sweep_now())

    async def _sweep_now(self) -> None:
        try:
            await self._tools.writer.write(SweepItems(now=self._tools.clock.now()))
            swept = await asyncio.to_thread(self._tools.store.sweep)
        except Exception as error:  # noqa: BLE001 - a boundary: what was not swept is swept the next time
            self._log.warning("items or files could not be swept", error=str(error))
            return
        if swept:
            self._log.info("files swept", files=swept)

    def _remove_expired_sometimes(self) -> None:
        """Remove runs that are over their time, beside the ticks: many take their time."""
        now = self._tools.clock.monotonic()
        if now < self._next_retention or (self._retention is not None and not self._retention.done()):
            return
        self._next_retention = now + RETENTION_SECONDS
        self._retention = self.loop.create_task(self._remove_expired())

    async def _remove_expired(self) -> None:
        try:
            await remove_expired(self._tools, self._tools.settings.retention)
        except Exception as error:  # noqa: BLE001 - a boundary: what was not removed is due the next time, too
            self._log.warning("runs that are over their time could not be removed", error=str(error))

    def _watch_user_loops(self) -> None:
        for blocked in self._tools.user_loops.check():
            is_abandoned = blocked.seconds >= ABANDON_SECONDS
            self._log.warning("a node blocks the loop of the async nodes", seconds=round(blocked.seconds, 1))
            if self._is_news(blocked, is_abandoned):
                self._supervisor.tell(
                    LoopBlocked(
                        jobs=blocked.jobs,
                        blocker=blocked.blocker,
                        seconds=blocked.seconds,
                        stack=blocked.stack,
                        is_abandoned=is_abandoned,
                    )
                )

    def _is_news(self, blocked: BlockedLoop, is_abandoned: bool) -> bool:
        """Tell the runs of a blocked loop twice: when it is found, and when its other tasks are taken away."""
        names = sorted(job.call.task.id for job in blocked.jobs)
        key = f"{is_abandoned}:{','.join(names)}"
        if not names or key in self._warned:
            return False
        self._warned.add(key)
        return True
