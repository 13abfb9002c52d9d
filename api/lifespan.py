"""The life of an API process: what is opened before the first request, and in which order it ends.

Store, Writer, hints, Broadcaster, hosts; and back. A host that is kept here ends before the store closes. Never imports
user code: workflows are known from the rows that hosts publish.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

import orjson
import pykka
import structlog
from fastapi import FastAPI

from actors.broadcast.broadcaster import Broadcaster
from actors.broadcast.event_log import EventLog
from actors.broadcast.messages import StopSessions
from actors.hints.hints import Hint, HintBus, HintKind
from actors.hints.opening import open_hint_bus
from actors.host.keeper import Keeper
from actors.host.logs import configure_logs
from actors.host.server_store import ServerStore
from actors.runtime.ask import ref_stop
from actors.runtime.lifeline import watch_end
from actors.runtime.messages import DownKind, DownReason
from actors.writer.client import WriterClient
from actors.writer.writer import Writer
from api.admission import Admission
from api.background import ending_cancelled, pause_at_start
from api.payload_check import PayloadCheck
from api.security.keys import Key, parse_keys
from api.security.opening import open_keys, open_links
from api.services import Services
from api.shutdown import on_end_signal
from api.workflow_registry import WorkflowRegistry
from fastgraph import fault_points
from fastgraph.clock import SystemClock
from fastgraph.database.backlog import count_backlog
from fastgraph.database.records import Accepted, Committed
from fastgraph.database.store import Store
from fastgraph.database.workflows import WorkflowView, list_workflows
from fastgraph.ids import new_id
from fastgraph.settings import Settings
from fastgraph.state.presentation import present

__all__ = ["lifespan_of"]

STOP_SECONDS = 2.0

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

log = structlog.get_logger("api.lifespan")


def lifespan_of(settings: Settings) -> Lifespan:
    """Return the lifespan of an application with these settings. Raises SettingsError for keys that are none."""

    keys = parse_keys(settings.api_keys.get_secret_value())

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if not structlog.is_configured():
            configure_logs(settings)
        async with AsyncExitStack() as ending:
            app.state.services = await _open(settings, keys, ending)
            # What lives by now lives until the end: no collection need look at it again.
            gc.collect()
            gc.freeze()
            log.info("api ready", hosts=settings.hosts, store=app.state.services.store.readers.dialect.name)
            yield

    return lifespan


async def _open(settings: Settings, keys: dict[str, Key], ending: AsyncExitStack) -> Services:
    clock = SystemClock()
    store = await _open_store(settings, clock, ending)
    key_ring = await open_keys(keys, host=settings.host, store=store, ending=ending)
    bus = open_hint_bus(settings, boot_id=new_id(), loop=asyncio.get_running_loop())
    await bus.start()
    ending.push_async_callback(bus.stop)
    event_log = EventLog(store)
    broadcaster = Broadcaster.start(reader=event_log, poll_seconds=settings.poll_seconds)
    ending.push_async_callback(ref_stop, broadcaster, STOP_SECONDS)
    writer = _start_writer(store, bus, ending)
    for actor in (broadcaster, writer):
        _end_process_with(actor)
    ending.callback(bus.subscribe(lambda hints: _hear(broadcaster, hints)))
    ending.enter_context(on_end_signal(lambda: broadcaster.tell(StopSessions())))
    client = WriterClient(writer)
    if settings.paused:
        await pause_at_start(client, clock=clock)
    await ending.enter_async_context(ending_cancelled(store, client, clock=clock, settings=settings))
    return Services(
        clock=clock,
        settings=settings,
        store=store,
        writer=client,
        writer_ref=writer,
        hints=bus,
        shared_store=ServerStore(
            store=store,
            writer=client,
            clock=clock,
            loop=asyncio.get_running_loop(),
            max_value_bytes=settings.max_value_bytes,
            decode=lambda data: orjson.loads(present(data)),
        ),
        log=event_log,
        broadcaster=broadcaster,
        workflows=WorkflowRegistry(clock=clock, read=_reader(store), default=settings.default_workflow),
        payloads=PayloadCheck(),
        admission=Admission(
            clock=clock,
            count=_backlog_counter(store),
            most=settings.max_backlog,
            most_by_workflow=settings.max_backlog_by_workflow,
        ),
        keys=key_ring,
        links=await open_links(store=store, writer=client, clock=clock),
        keeper=await _start_keeper(settings, ending),
    )


async def _open_store(settings: Settings, clock: SystemClock, ending: AsyncExitStack) -> Store:
    store = Store.open(settings, clock=clock)
    ending.push_async_callback(store.close)
    await asyncio.to_thread(store.migrate)
    return store


def _start_writer(store: Store, bus: HintBus, ending: AsyncExitStack) -> pykka.ActorRef[Writer]:
    def committed(answers: Sequence[object]) -> None:
        """Called in the Writer's thread after each group; the listeners here are told as well."""
        hints = _hints(answers)
        if hints:
            fault_points.reach(fault_points.OUTBOX_SENT)
            bus.publish(hints)
            fault_points.passed(fault_points.OUTBOX_SENT)

    writer = Writer.start(write_group=store.write_group, on_committed=committed)
    ending.push_async_callback(asyncio.to_thread, writer.stop, block=True, timeout=STOP_SECONDS)
    return writer


def _end_process_with(ref: pykka.ActorRef[Any]) -> None:
    """End the process in order when an actor dies that it can't do without; whatever keeps the process starts it anew."""

    def died(reason: DownReason) -> None:
        if reason.kind is not DownKind.STOPPED:
            log.critical(
                "an actor that the server needs has died; the server ends", actor=str(ref), reason=str(reason)
            )
            os.kill(os.getpid(), signal.SIGTERM)

    watch_end(ref, died)


def _hints(answers: Iterable[object]) -> list[Hint]:
    """Say what a group of commits may interest others for."""
    hints: list[Hint] = []
    for answer in answers:
        if isinstance(answer, Accepted):
            hints.append(Hint(kind=HintKind.WORK, run_key=answer.run_key))
            hints.append(Hint(kind=HintKind.EVENTS, run_key=answer.run_key))
        elif isinstance(answer, Committed):
            hints.append(Hint(kind=HintKind.INBOX, run_key=answer.run_key))
            if answer.woken is not None:
                hints.append(Hint(kind=HintKind.INBOX, run_key=answer.woken))
            hints.append(Hint(kind=HintKind.EVENTS, run_key=answer.run_key))
    return hints


def _hear(broadcaster: pykka.ActorRef[Broadcaster], hints: Iterable[Hint]) -> None:
    if any(hint.kind is HintKind.EVENTS for hint in hints):
        _wake(broadcaster)


def _wake(broadcaster: pykka.ActorRef[Broadcaster]) -> None:
    """Wake the Broadcaster; on the loop. A direct call and no message, since a busy host's hints are many."""
    actor = broadcaster._actor_weakref()  # noqa: SLF001 - Pykka has no other way to the actor on its own loop
    if actor is not None:
        actor.wake()


def _reader(store: Store) -> Callable[[], Any]:
    async def read() -> list[WorkflowView]:
        async with store.readers.connect() as connection:
            return await list_workflows(connection)

    return read


def _backlog_counter(store: Store) -> Callable[[], Any]:
    async def count() -> dict[str, int]:
        async with store.readers.connect() as connection:
            return await count_backlog(connection)

    return count


async def _start_keeper(settings: Settings, ending: AsyncExitStack) -> Keeper | None:
    if settings.hosts == 0:
        return None
    keeper = Keeper(settings, settings.hosts)
    await keeper.start()
    ending.push_async_callback(keeper.stop)
    return keeper
