"""Boots of a host in the test's own process: a real store, a real Writer, real executors, and no sockets.

A `House` is a store with its Writer; `boot` starts a supervisor on it, as a host does. Waiting is done by commits: whoever
waits for something looks again when the Writer has committed a group, and at nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import orjson
from sqlalchemy import Executable

from actors.executors.threads import ThreadExecutor
from actors.executors.user_loops import UserLoopExecutor
from actors.host.publishing import published
from actors.host.server_store import ServerStore
from actors.host.tools import HostTools
from actors.runs.messages import DrainRuns, LoseRuns
from actors.runs.run_actor import RunActor
from actors.runs.supervisor import RunSupervisor
from actors.runtime import ref_end, ref_kill
from actors.runtime.loop_bridge import LoopBridge
from actors.tasks.processes import ProcessPool
from actors.writer import Writer, WriterClient
from fastgraph.clock import SystemClock
from fastgraph.database.checkpoints import read_checkpoint
from fastgraph.database.engine import create_writer_engine
from fastgraph.database.events import read_events
from fastgraph.database.host_records import FreeDeadHost, PublishHost
from fastgraph.database.interrupts import InterruptView, list_pending
from fastgraph.database.records import Accepted, CommitRun, Committed, SendCommand
from fastgraph.database.runs import RunView, find_run
from fastgraph.database.store import Store
from fastgraph.errors import StoreUnavailableError
from fastgraph.graph.compiled import CompiledGraph
from fastgraph.ids import new_id
from fastgraph.settings import Settings
from fastgraph.status import ENDED
from support.stores import new_run, open_store

T = TypeVar("T")

NO_PAYLOAD: Any = object()
WITHIN_SECONDS = 30.0


@dataclass
class House:
    """A store with its one Writer. `commits` are the run commits that the store took, in order.

    While `is_away` the store refuses everything as unavailable; `before_write` is called in the Writer's thread.
    """

    settings: Settings
    store: Store
    commits: list[CommitRun] = field(default_factory=list)
    boots: list[Boot] = field(default_factory=list)
    is_away: bool = False
    refused: int = 0
    before_write: Callable[[Sequence[Any]], None] | None = None

    @classmethod
    def open(cls, url: str, data_dir: Path, **settings: Any) -> House:
        read = Settings(data_dir=data_dir, database_url=url, _env_file=None, **settings)
        return cls(settings=read, store=open_store(url, data_dir, **settings))

    def __post_init__(self) -> None:
        self.bridge = LoopBridge(asyncio.get_running_loop())
        self._changed = asyncio.Event()
        self._writer_ref = Writer.start(write_group=self._write_group, on_committed=self._committed)
        self.writer = WriterClient(self._writer_ref)

    async def close(self) -> None:
        self.is_away = False
        for boot in self.boots:
            await boot.die()
        await asyncio.to_thread(self._writer_ref.stop, block=True, timeout=10)
        await self.store.close()

    def _write_group(self, operations: Sequence[Any]) -> Sequence[Any]:
        if self.is_away:
            self.refused += len(operations)
            self.bridge.post(self._notify)
            return [StoreUnavailableError("the test holds the store") for _ in operations]
        if self.before_write is not None:
            self.before_write(operations)
        answers = self.store.write_group(operations)
        for operation, answer in zip(operations, answers, strict=True):
            if isinstance(operation, CommitRun) and not isinstance(answer, Exception):
                self.commits.append(operation)
        self.bridge.post(self._notify)
        return answers

    def _committed(self, answers: Sequence[object]) -> None:
        """Hint at children and woken parents, as a host does. Whoever waits is woken by `_write_group`, also when
        nothing but errors came of it."""
        woken = [answer.woken for answer in answers if isinstance(answer, Committed)]
        keys = [key for key in woken if key is not None]
        if keys or any(isinstance(answer, Accepted) for answer in answers):
            self.bridge.post(self._hint_at, keys)

    def _hint_at(self, woken: list[int]) -> None:
        for boot in self.boots:
            if boot.is_alive:
                for key in woken:
                    boot.supervisor.tell_inbox_grew(key)
        self.hint()

    def _notify(self) -> None:
        self._changed.set()

    async def until(self, look: Callable[[], Awaitable[T | None]], what: str = "") -> T:
        """Look after every group that was written until the answer is true."""
        seen: T | None = None
        try:
            async with asyncio.timeout(WITHIN_SECONDS):
                while True:
                    self._changed.clear()
                    if seen := await look():
                        return seen
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(
                f"waited {WITHIN_SECONDS:g} s for {what or look}; last seen: {seen}"
            ) from None

    # What a test does from outside.

    def change(self, *statements: Executable) -> None:
        """Write behind everybody's back, over a connection of one's own: the Writer's is in use."""
        engine = create_writer_engine(self.store.writer.url)
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(statement)
        engine.dispose()

    async def accept(self, workflow: str, payload: Any = NO_PAYLOAD, **facts: Any) -> str:
        """Accept a run as the API does, and tell every boot that there is work; None goes on with a thread."""
        for name in ("config", "context"):
            if name in facts:
                facts[name] = orjson.dumps(facts[name])
        operation = new_run(
            workflow=workflow,
            payload=orjson.dumps({} if payload is NO_PAYLOAD else payload),
            **(_now() | facts),
        )
        accepted: Accepted = await self.writer.write(operation)
        self.hint()
        return accepted.run_id

    async def send(self, run_id: str, kind: str, body: Any = None) -> None:
        """Put a command into a run's inbox, and hint at it."""
        body = orjson.dumps(body if body is not None else {})
        sent = await self.writer.write(SendCommand(run_id=run_id, kind=kind, body=body, **_now()))
        for boot in self.boots:
            if boot.is_alive:
                boot.supervisor.tell_inbox_grew(sent.run_key)
        self.hint()

    async def resume(self, run_id: str, answer: Any) -> None:
        await self.send(run_id, "resume", {"resume": answer})

    async def answer(self, run_id: str, answers: Mapping[str, Any]) -> None:
        await self.send(run_id, "resume", {"answers": answers})

    def hint(self) -> None:
        """Let every boot look for work."""
        for boot in self.boots:
            if boot.is_alive:
                boot.supervisor.request_claim()

    # What a test sees.

    async def run(self, run_id: str) -> RunView:
        async with self.store.readers.connect() as connection:
            found = await find_run(connection, run_id=run_id)
        assert found is not None
        return found

    async def events(self, run_id: str) -> list[dict[str, Any]]:
        run = await self.run(run_id)
        async with self.store.readers.connect() as connection:
            stored = await read_events(connection, run_key=run.key, run_id=run_id, after=0, limit=100_000)
        events = [orjson.loads(event.encoded) for event in stored]
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        return events

    async def kinds(self, run_id: str) -> list[str]:
        return [event["event"] for event in await self.events(run_id)]

    async def pending(self, run_id: str) -> list[InterruptView]:
        run = await self.run(run_id)
        async with self.store.readers.connect() as connection:
            return await list_pending(connection, run_key=run.key)

    async def values(self, run_id: str) -> dict[str, Any]:
        """The run's state as a reader of the last checkpoint sees it."""
        run = await self.run(run_id)
        async with self.store.readers.connect() as connection:
            stored = await read_checkpoint(connection, thread_key=run.thread_key, spill=self.store.spill)
        assert stored is not None
        return {key: orjson.loads(value) for key, value in stored.values.items()}

    async def ended(self, run_id: str) -> RunView:
        return await self.reaches(run_id, *ENDED)

    async def reaches(self, run_id: str, *statuses: str) -> RunView:
        async def look() -> RunView | None:
            run = await self.run(run_id)
            return run if run.status in statuses else None

        return await self.until(look, f"{run_id} to be {', '.join(statuses)}")

    async def tells(self, run_id: str, kind: str, times: int = 1) -> list[dict[str, Any]]:
        """Wait for so many events of a kind, and return them."""

        async def look() -> list[dict[str, Any]] | None:
            found = [event for event in await self.events(run_id) if event["event"] == kind]
            return found if len(found) >= times else None

        return await self.until(look, f"{times} {kind} of {run_id}")

    def commits_of(self, run_id: str) -> list[CommitRun]:
        return [commit for commit in self.commits if commit.run_id == run_id]

    # Hosts.

    async def boot(self, *workflows: CompiledGraph, max_threads: int = 64, **options: Any) -> Boot:
        """Publish a new boot with these workflows, and let it look for work."""
        by_name = {graph.name: graph for graph in workflows}
        boot_id = new_id()
        publish = PublishHost(
            boot_id=boot_id,
            pid=1,
            address="here",
            version="0",
            lease_seconds=3600.0,
            workflows=published(by_name, None),
            **_now(),
        )
        await self.writer.write(publish)
        tools = HostTools(
            boot_id=boot_id,
            settings=self.settings,
            store=self.store,
            writer=self.writer,
            clock=SystemClock(),
            random=Random(boot_id),
            threads=ThreadExecutor(max_threads),
            user_loops=UserLoopExecutor(),
            processes=ProcessPool(self.settings),
            bridge=self.bridge,
            shared_store=ServerStore(
                store=self.store,
                writer=self.writer,
                clock=SystemClock(),
                loop=self.bridge.loop,
                max_value_bytes=self.settings.max_value_bytes,
            ),
            workflows=by_name,
        )
        boot = Boot(self, tools, **options)
        self.boots.append(boot)
        boot.supervisor.request_claim()
        return boot

    async def free_dead(self, boot: Boot) -> tuple[str, ...]:
        """Declare a boot dead, as whoever takes its lock does."""
        operation = FreeDeadHost(boot_id=boot.boot_id, reason="its process is gone", **_now())
        freed: tuple[str, ...] = await self.writer.write(operation)
        self.hint()
        return freed


class Boot:
    """One boot: a supervisor and its run actors."""

    def __init__(self, house: House, tools: HostTools, **options: Any) -> None:
        self.house = house
        self.tools = tools
        self.boot_id = tools.boot_id
        self.ref = RunSupervisor.start(tools, **options)
        supervisor = self.ref._actor_weakref()
        assert supervisor is not None
        self.supervisor: RunSupervisor = supervisor
        self.is_alive = True

    def actor(self, run_id: str) -> Any:
        """The reference of a run's actor here."""
        return {look.claimed.run_id: look.ref for look in self.supervisor.looks()}[run_id]

    def run_actor(self, run_id: str) -> RunActor:
        actor = self.actor(run_id)._actor_weakref()
        assert isinstance(actor, RunActor)
        return actor

    async def drain(self) -> None:
        """End in order, as on SIGTERM."""
        self.ref.tell(DrainRuns())
        await self.supervisor.drained()
        self.is_alive = False

    def lose(self) -> None:
        """Tell every run that the lease is lost, as the timekeeper does."""
        self.ref.tell(LoseRuns())

    async def kill_run(self, run_id: str) -> None:
        """Let a run's actor die without a word."""
        ref = self.actor(run_id)
        ref_kill(ref)
        await ref_end(ref)

    async def die(self) -> None:
        """Die as with kill -9: whatever was not committed is gone, and nobody is told."""
        if not self.is_alive and not self.ref.is_alive():
            return
        self.is_alive = False
        actors = [look.ref for look in self.supervisor.looks()]
        if self.ref.is_alive():
            ref_kill(self.ref)
            await ref_end(self.ref)
        for ref in actors:
            if ref.is_alive():
                ref_kill(ref)
                await ref_end(ref)
        self.tools.threads.stop()
        self.tools.user_loops.stop()


def _now() -> dict[str, Any]:
    return {"now": datetime.now(UTC)}
