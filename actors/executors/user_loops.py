"""The loop of the async nodes: theirs alone, watched from outside, replaced when one of them blocks it.

User code may block its loop for ever and harms only those that share it (promise 6): after `BLOCKED_SECONDS` without a
turn the loop gets no new task and a fresh one does. After `ABANDON_SECONDS` the other tasks that sit on it are handed back
(`on_stranded`), to be started again elsewhere under the same idempotency key. Late results find their job over.
"""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

from actors.executors.executor import Job
from actors.executors.threads import stack_of
from actors.runtime.loop_bridge import LoopBridge
from fastgraph.graph.task_call import run_task_async

__all__ = ["BlockedLoop", "UserLoopExecutor"]

BLOCKED_SECONDS = 5.0
ABANDON_SECONDS = 60.0


@dataclass(eq=False)
class _UserLoop:
    bridge: LoopBridge
    thread: threading.Thread
    last_turn: float
    jobs: dict[Job, asyncio.Task[None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedLoop:
    """A user loop had no turn for so long. `jobs` sit on it, `blocker` is the one whose code runs, `stack` shows where."""

    seconds: float
    jobs: tuple[Job, ...]
    blocker: Job | None
    stack: str


class UserLoopExecutor:
    """Runs async jobs on a loop in a thread of its own. `check` must be called about once a second."""

    def __init__(self) -> None:
        self._loops: list[_UserLoop] = [_start_loop()]

    def submit(self, job: Job) -> None:
        loop = self._loops[-1]
        loop.bridge.post(_begin, loop, job)

    def stop(self) -> None:
        for loop in self._loops:
            loop.bridge.post(_stop_loop, loop)

    @property
    def blocked(self) -> int:
        """How many loops are blocked and were replaced."""
        return len(self._loops) - 1

    def check(self, *, blocked_seconds: float = BLOCKED_SECONDS) -> list[BlockedLoop]:
        """Ping every loop; put a fresh one before a blocked one. Return what is blocked now, each time it is found."""
        now = time.monotonic()
        found: list[BlockedLoop] = []
        for loop in list(self._loops):
            silent = now - loop.last_turn
            if silent >= blocked_seconds:
                found.append(_describe(loop, silent))
                if loop is self._loops[-1]:
                    self._loops.append(_start_loop())
            elif loop is not self._loops[-1] and not loop.jobs:
                self._loops.remove(loop)
                loop.bridge.post(_stop_loop, loop)
                continue
            loop.bridge.post(_take_turn, loop)
        return found


def _describe(loop: _UserLoop, seconds: float) -> BlockedLoop:
    jobs = dict(loop.jobs)
    current = asyncio.current_task(loop.bridge.loop)
    blocker = next((job for job, task in jobs.items() if task is current), None)
    return BlockedLoop(seconds=seconds, jobs=tuple(jobs), blocker=blocker, stack=stack_of(loop.thread.ident))


def _start_loop() -> _UserLoop:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=_run_loop, args=(loop,), name="fastgraph-user-loop", daemon=True)
    user_loop = _UserLoop(bridge=LoopBridge(loop), thread=thread, last_turn=time.monotonic())
    thread.start()
    return user_loop


def _run_loop(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    while not loop.is_closed():
        # SystemExit and KeyboardInterrupt of a task leave run_forever; the loop and its other tasks go on.
        with suppress(SystemExit, KeyboardInterrupt):
            loop.run_forever()
            return


def _take_turn(loop: _UserLoop) -> None:
    loop.last_turn = time.monotonic()


def _stop_loop(loop: _UserLoop) -> None:
    for task in loop.jobs.values():
        task.cancel()
    loop.bridge.loop.stop()


def _begin(loop: _UserLoop, job: Job) -> None:
    loop.last_turn = time.monotonic()
    if job.is_over:
        return
    job.thread_id = loop.thread.ident
    task = loop.bridge.loop.create_task(_run(loop, job))
    loop.jobs[job] = task
    job.allow_cancel(lambda: loop.bridge.post(task.cancel))


async def _run(loop: _UserLoop, job: Job) -> None:
    try:
        job.finish(await run_task_async(job.call))
    finally:
        loop.jobs.pop(job, None)
