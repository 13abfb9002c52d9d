"""A host: builds the tree of actors over one store, keeps it, and takes it down in order.

Writer            thread; the only writer of this process
System
├── Supervisor    claims runs, a RunActor each
└── Timekeeper    lease, dead hosts, polls
Executors         user loops, threads, task processes
"""

from __future__ import annotations

import asyncio
import os
import platform
import threading
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Any

import structlog
from pykka import ActorDeadError, ActorRef

from actors.executors.threads import ThreadExecutor
from actors.executors.user_loops import UserLoopExecutor
from actors.hints.hints import Hint, HintBus, HintKind
from actors.hints.opening import open_hint_bus
from actors.host.loading import Workflows
from actors.host.operator_desk import OperatorDesk
from actors.host.probation import Probation
from actors.host.publishing import published
from actors.host.report import HostReporter
from actors.host.server_store import ServerStore
from actors.host.stand_in import StandIn
from actors.host.system import System
from actors.host.tools import HostTools
from actors.runs.messages import DrainRuns
from actors.runs.supervisor import RunSupervisor
from actors.runtime.ask import ref_stop, ref_try_tell
from actors.runtime.lifeline import watch_end
from actors.runtime.loop_bridge import LoopBridge
from actors.runtime.messages import DownReason
from actors.runtime.watchdog import LoopWatchdog
from actors.supervision.child_spec import ChildSpec
from actors.supervision.decisions import Intensity
from actors.supervision.messages import Escalation
from actors.tasks.processes import ProcessPool
from actors.timekeeper.messages import PausesChanged
from actors.timekeeper.timekeeper import Timekeeper
from actors.tracing.opening import open_traces
from actors.writer.client import WriterClient
from actors.writer.writer import Writer
from fastgraph import fault_points
from fastgraph.clock import SystemClock
from fastgraph.database.host_records import PublishHost, RetireHost
from fastgraph.database.records import Accepted, Committed
from fastgraph.database.store import Store
from fastgraph.errors import StoreError
from fastgraph.ids import new_id
from fastgraph.settings import Settings
from fastgraph.version import __version__

__all__ = ["Host"]

STOP_SECONDS = 2.0
EXIT_DECLARED_DEAD = 3

log = structlog.get_logger(__name__)


class Host:
    """One boot of a host. `tell_news` speaks to the keeper ("ready", "committed")."""

    def __init__(
        self,
        settings: Settings,
        workflows: Workflows,
        *,
        only_run_id: str | None = None,
        parent: str | None = None,
        tell_news: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.boot_id = new_id()
        self._settings = settings
        self._workflows = workflows
        self._only_run_id = only_run_id
        self._parent = parent
        self._tell_news = tell_news
        self._has_committed = False
        self._store: Store
        self._bus: HintBus
        self._tools: HostTools
        self._supervisor: RunSupervisor
        self._probation: Probation | None = None

    async def start(self) -> None:
        """Open the store, publish the workflows and begin to claim. Raises StoreError where the store can't be opened."""
        loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[int] = loop.create_future()
        self._store = store = Store.open(self._settings)
        await asyncio.to_thread(store.migrate)
        store.host_lock.hold(self.boot_id)
        self._bus = open_hint_bus(self._settings, boot_id=self.boot_id, loop=loop)
        await self._bus.start()
        self._writer_ref = Writer.start(write_group=store.write_group, on_committed=self._committed)
        writer, clock = WriterClient(self._writer_ref), SystemClock()
        self._tools = HostTools(
            boot_id=self.boot_id,
            settings=self._settings,
            store=store,
            writer=writer,
            clock=clock,
            random=Random(self.boot_id),  # noqa: S311 - for jitter, no secret
            threads=ThreadExecutor(self._settings.max_threads),
            user_loops=UserLoopExecutor(),
            processes=ProcessPool(self._settings),
            bridge=LoopBridge(loop),
            shared_store=ServerStore(
                store=store,
                writer=writer,
                clock=clock,
                loop=loop,
                max_value_bytes=self._settings.max_value_bytes,
            ),
            workflows=self._workflows,
            traces=open_traces(self._settings, boot_id=self.boot_id),
        )
        self._watchdog = LoopWatchdog(loop, threading.get_ident(), name="actors")
        self._watchdog.start()
        await self._publish()
        self._stand_in = StandIn(self._settings, store, boot_id=self.boot_id)
        await self._stand_in.start()
        self._start_actors()
        self._unsubscribe = self._bus.subscribe(self._hear)
        self._supervisor.request_claim()
        self._tell_news("ready")
        log.info("host ready", boot_id=self.boot_id, workflows=sorted(self._workflows))

    async def wait_ended(self) -> int:
        """Wait until this host must end by itself; answers its exit code."""
        return await self._ended

    async def stop(self, drain_seconds: float | None = None) -> None:
        """Finish or give back what runs within the drain time, the settings' or this one; release the claims, and close."""
        seconds = self._settings.drain_seconds + STOP_SECONDS if drain_seconds is None else drain_seconds
        ends = [self._drain_runs(seconds)]
        if self._probation is not None:
            ends.append(self._probation.stop(seconds))
        await asyncio.gather(*ends)
        self._watchdog.stop()
        await self._stand_in.stop()
        await ref_stop(self._system_ref, STOP_SECONDS)
        try:
            await self._tools.writer.write(RetireHost(boot_id=self.boot_id, now=self._tools.clock.now()))
        except StoreError as error:  # the proof of death frees the claims as well, a moment later
            log.warning("host could not retire", error=str(error))
        else:
            self._store.host_lock.release(self.boot_id)
        self._tools.threads.stop()
        self._tools.user_loops.stop()
        await asyncio.to_thread(self._tools.processes.stop)
        if self._tools.traces is not None:
            await asyncio.to_thread(self._tools.traces.stop)
        self._unsubscribe()
        await self._bus.stop()
        await asyncio.to_thread(self._writer_ref.stop, block=True, timeout=STOP_SECONDS)
        await self._store.close()
        log.info("host ended", boot_id=self.boot_id)

    async def _drain_runs(self, seconds: float) -> None:
        try:
            self._supervisor_ref.tell(DrainRuns())
            await asyncio.wait_for(self._supervisor.drained(), seconds)
        except ActorDeadError:
            log.warning("the supervisor is dead; its runs are freed as they are")
        except TimeoutError:
            log.warning(
                "runs did not drain in time; they are freed as they are", runs=self._supervisor.active_runs
            )

    async def _publish(self) -> None:
        await self._tools.writer.write(
            PublishHost(
                boot_id=self.boot_id,
                pid=os.getpid(),
                address=platform.node(),
                version=__version__,
                lease_seconds=self._settings.lease_seconds,
                now=self._tools.clock.now(),
                parent=self._parent,
                workflows=published(
                    self._workflows,
                    self._settings.default_workflow,
                    self._settings.max_active_by_workflow,
                ),
            )
        )

    def _start_actors(self) -> None:
        self._supervisor_ref = self._start_supervisor()
        self._reporter = HostReporter(self._tools, self._supervisor, self._watchdog, self._roots, self._bus)
        self._desk = OperatorDesk(
            self._tools, self._reporter, self._supervisor, find_actor=self._find_actor, drain=self._drain
        )
        if self._only_run_id is None:
            self._probation = Probation(self._tools)
        self._system_ref = System.start(
            self._tools,
            (
                ChildSpec(
                    key="supervisor",
                    factory=lambda: self._supervisor_ref,
                    intensity=Intensity(deaths=1),
                    shutdown_timeout_seconds=STOP_SECONDS,
                ),
                ChildSpec(
                    key="timekeeper", factory=self._start_timekeeper, shutdown_timeout_seconds=STOP_SECONDS
                ),
            ),
            on_escalate=self._escalated,
        )
        for ref in (self._writer_ref, self._system_ref):
            watch_end(ref, self._hear_end)

    def _start_supervisor(self) -> ActorRef[RunSupervisor]:
        ref = RunSupervisor.start(self._tools, only_run_id=self._only_run_id, on_only_left=self._only_left)
        supervisor = ref._actor_weakref()  # noqa: SLF001 - Pykka's own way from a ref to its actor
        assert supervisor is not None, "an actor that was just started is alive"
        self._supervisor = supervisor
        return ref

    def _start_timekeeper(self) -> ActorRef[Timekeeper]:
        return Timekeeper.start(
            self._tools,
            locks=self._store.host_lock,
            supervisor=self._supervisor_ref,
            request_claim=self._poll,
            report=self._reporter.heartbeat,
            serve_operators=self._desk.serve,
            on_declared_dead=lambda: self._end(EXIT_DECLARED_DEAD),
        )

    def _escalated(self, escalation: Escalation) -> None:
        log.error("host can't go on", child=escalation.key, reason=str(escalation.reason))
        self._end(EXIT_DECLARED_DEAD)

    def _poll(self) -> None:
        self._supervisor.request_claim()
        if self._probation is not None:
            self._probation.look()
        abandoned, most = self._tools.threads.abandoned, self._settings.max_abandoned_threads
        if abandoned > most and not self._reporter.is_draining:
            self._drain(f"{abandoned} threads of cancelled tasks have not come back; the limit is {most}")

    def _roots(self) -> list[tuple[str, ActorRef[Any]]]:
        return [("writer", self._writer_ref), ("system", self._system_ref)]

    def _find_actor(self, key: str) -> ActorRef[Any] | None:
        """Return one of the actors that every host has, by its place in the tree."""
        own = dict(self._roots()) | {"supervisor": self._supervisor_ref}
        if key in own:
            return own[key]
        system = self._system_ref._actor_weakref()  # noqa: SLF001 - Pykka's own way from a ref to its actor
        return system.find(key) if system is not None else None

    def _drain(self, reason: str) -> None:
        """End in order: finish the steps that run, give the runs back. Whoever keeps this host starts another."""
        log.warning("host drains and ends", reason=reason)
        self._reporter.is_draining = True
        self._end(0)

    def _end(self, code: int) -> None:
        if not self._ended.done():
            self._ended.set_result(code)

    def _hear_end(self, _: DownReason) -> None:
        """A singleton has ended, where it ended: without it this host can't go on."""
        self._tools.bridge.post(self._end, EXIT_DECLARED_DEAD)

    def _only_left(self) -> None:
        self._end(0)

    def _hear(self, hints: Iterable[Hint]) -> None:
        """Runs on the actors' loop."""
        for hint in hints:
            if hint.kind is HintKind.WORK:
                self._supervisor.request_claim()
            elif hint.kind is HintKind.INBOX and hint.run_key is not None:
                self._supervisor.tell_inbox_grew(hint.run_key)
                self._supervisor.request_claim()
            elif hint.kind is HintKind.PAUSE:
                self._look_for_pauses()
                self._supervisor.request_claim()

    def _look_for_pauses(self) -> None:
        timekeeper = self._find_actor("timekeeper")
        if timekeeper is not None:
            ref_try_tell(timekeeper, PausesChanged())  # its ticks look, too

    def _committed(self, answers: Sequence[object]) -> None:
        """Called in the Writer's thread after a group: tell the watchers, and the keeper once."""
        hints = [Hint(HintKind.EVENTS, answer.run_key) for answer in answers if isinstance(answer, Committed)]
        work = _work_of(answers)
        if hints or work:
            fault_points.reach(fault_points.OUTBOX_SENT)
            self._bus.publish([*hints, *work])
            fault_points.passed(fault_points.OUTBOX_SENT)
        if work:
            self._tools.bridge.post(self._hear, work)
        if hints and not self._has_committed:
            self._has_committed = True
            self._tell_news("committed")


def _work_of(answers: Sequence[object]) -> list[Hint]:
    """Say what a group of this host's own commits gives to do: child runs, and parents whose children have ended."""
    children = [Hint(HintKind.WORK, answer.run_key) for answer in answers if isinstance(answer, Accepted)]
    woken = [answer.woken for answer in answers if isinstance(answer, Committed)]
    return [*children, *(Hint(HintKind.INBOX, key) for key in woken if key is not None)]
