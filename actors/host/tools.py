"""What the actors of one host share: handed in whole, made once, owned by the host."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

from actors.executors.executor import FunctionJob
from actors.executors.threads import ThreadExecutor
from actors.executors.user_loops import UserLoopExecutor
from actors.host.server_store import ServerStore
from actors.runtime.loop_bridge import LoopBridge
from actors.supervision.dead_letters import DeadLetters
from actors.tasks.processes import ProcessPool
from actors.writer.client import WriterClient
from fastgraph.clock import Clock, SystemClock
from fastgraph.database.store import Store
from fastgraph.graph.compiled import CompiledGraph
from fastgraph.settings import Settings

if TYPE_CHECKING:  # OpenTelemetry is an extra
    from actors.tracing.run_traces import RunTraces

__all__ = ["HostTools", "UserCodeTimeoutError"]

T = TypeVar("T")

USER_CALL_SECONDS = 60.0


class UserCodeTimeoutError(Exception):
    """Validators or reducers of a workflow did not return within USER_CALL_SECONDS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostTools:
    """The host's settings, store, Writer, executors and workflows. `bridge` leads to the actors' loop, `shared_store` is
    what nodes find as their store."""

    boot_id: str
    settings: Settings
    store: Store
    writer: WriterClient
    clock: Clock
    random: Random
    threads: ThreadExecutor
    user_loops: UserLoopExecutor
    processes: ProcessPool
    bridge: LoopBridge
    shared_store: ServerStore
    workflows: Mapping[str, CompiledGraph]
    traces: RunTraces | None = None
    dead_letters: DeadLetters = field(default_factory=lambda: DeadLetters(SystemClock()))

    async def call_user(self, function: Callable[[], T]) -> T:
        """Run user code that is no node (validators, reducers) on a user thread and await what it returns.

        Raises what it raised, and UserCodeTimeoutError when it took too long: its thread is then left to itself.
        """
        future: asyncio.Future[T] = self.bridge.loop.create_future()

        def deliver(answer: Any, error: BaseException | None) -> None:
            self.bridge.post(_settle, future, answer, error)

        job = FunctionJob(function, deliver)
        self.threads.submit(job, is_urgent=True)
        try:
            return await asyncio.wait_for(future, USER_CALL_SECONDS)
        except TimeoutError:
            job.is_over = True
            self.threads.give_up(job)
            raise UserCodeTimeoutError(
                f"Validators or reducers did not return within {USER_CALL_SECONDS:g} s. Do slow work in a node."
            ) from None


def _settle(future: asyncio.Future[Any], answer: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(answer)
    elif isinstance(error, Exception):
        future.set_exception(error)
    else:  # SystemExit in a validator: a future may not carry it, and it may not end the host
        future.set_exception(RuntimeError(f"{type(error).__name__} was raised: {error}"))
