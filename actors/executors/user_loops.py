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
from fastgraph.execution.tasks import ErrorRecord, TaskEnding, TaskFailed
from fastgraph.graph.task_call import read_error, run_task_async

__all__ = ["BlockedLoop", "UserLoopExecutor"]

BLOCKED_SECONDS = 5.0
ABANDON_SECONDS = 60.0
STOP_SECONDS = 1.0


@dataclass(eq=False)
class _UserLoop:
    bridge: LoopBridge
    asked_at: float | None = None  # a turn that the loop was asked to take and has not taken yet
    jobs: dict[Job, asyncio.Task[None]] = field(default_factory=dict)
    thread_id: int | None = None
    is_stopping: bool = False


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
        """End all loops; a blocked one ends when it can. Their tasks are cancelled."""
        for loop in self._loops:
            loop.bridge.post(_stop_loop, loop)

    @property
    def blocked(self) -> int:
        """How many loops are blocked and were replaced."""
        return len(self._loops) - 1

    def check(self, *, blocked_seconds: float = BLOCKED_SECONDS) -> list[BlockedLoop]:
        """Ask every loop for a turn; put a fresh one before a blocked one. Return what is blocked, each time it is found.

        A loop is blocked that has not taken a turn for so long after it was asked, so one that a suspended host has not
        asked is not.
        """
        now = time.monotonic()
        found: list[BlockedLoop] = []
        for loop in list(self._loops):
            silent = 0.0 if loop.asked_at is None else now - loop.asked_at
            if silent >= blocked_seconds:
                found.append(_describe(loop, silent))
                if loop is self._loops[-1]:
                    self._loops.append(_start_loop())
            elif loop.asked_at is None:
                if loop is not self._loops[-1] and not loop.jobs:
                    self._loops.remove(loop)
                    loop.bridge.post(_stop_loop, loop)
                else:
                    loop.asked_at = now
                    loop.bridge.post(_take_turn, loop)
        return found


def _describe(loop: _UserLoop, seconds: float) -> BlockedLoop:
    jobs = dict(loop.jobs)
    current = asyncio.current_task(loop.bridge.loop)
    blocker = next((job for job, task in jobs.items() if task is current), None)
    return BlockedLoop(seconds=seconds, jobs=tuple(jobs), blocker=blocker, stack=stack_of(loop.thread_id))


def _start_loop() -> _UserLoop:
    loop = _UserLoop(bridge=LoopBridge(asyncio.new_event_loop()))
    threading.Thread(target=_run_loop, args=(loop,), name="fastgraph-user-loop", daemon=True).start()
    return loop


def _run_loop(user_loop: _UserLoop) -> None:
    loop = user_loop.bridge.loop
    user_loop.thread_id = threading.get_ident()
    asyncio.set_event_loop(loop)
    while not user_loop.is_stopping:
        # SystemExit and KeyboardInterrupt of a task leave run_forever; the loop and its other tasks go on.
        with suppress(SystemExit, KeyboardInterrupt):
            loop.run_forever()
    with suppress(SystemExit, KeyboardInterrupt):
        loop.run_until_complete(_end_tasks(list(user_loop.jobs.values())))
    loop.close()


async def _end_tasks(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=STOP_SECONDS)


def _take_turn(loop: _UserLoop) -> None:
    loop.asked_at = None


def _stop_loop(loop: _UserLoop) -> None:
    loop.is_stopping = True
    loop.bridge.loop.stop()


def _begin(loop: _UserLoop, job: Job) -> None:
    if job.is_over:
        return
    job.thread_id = loop.thread_id
    task = loop.bridge.loop.create_task(_run(loop, job))
    loop.jobs[job] = task
    job.allow_cancel(lambda: loop.bridge.post(task.cancel))


async def _run(loop: _UserLoop, job: Job) -> None:
    ending: TaskEnding
    try:
        ending = await run_task_async(job.call)
    except asyncio.CancelledError:
        ending = _cancelled(job)
    except (
        GeneratorExit
    ) as error:  # a node raised it; or this coroutine is being closed, which nobody waits for
        ending = read_error(job.call, error)[0]
    finally:
        loop.jobs.pop(job, None)
    job.finish(ending)


def _cancelled(job: Job) -> TaskFailed:
    """The ending of an attempt that we stopped; nobody is asked whether it should be tried again."""
    task = job.call.task
    message = f"Node {task.node!r} was stopped before it had ended."
    error = ErrorRecord(type="CancelledError", message=message, node=task.node, attempt=job.call.attempt)
    return TaskFailed(task_id=task.id, error=error)
