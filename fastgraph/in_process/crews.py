"""Who executes a step's tasks inside `invoke`: this thread, threads of this call, or the caller's loop.

Both crews speak one language (`start`, `happenings`, `close`), so the way through the graph is written once
(`session.py`). The methods of the thread crew are coroutines that never suspend: `invoke` drives them by hand, without
a loop, so that a sync node may use a loop of its own.
"""

from __future__ import annotations

import asyncio
import queue
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from random import Random
from typing import Any, Protocol

from fastgraph.clock import SystemClock
from fastgraph.events import EventKind
from fastgraph.execution.tasks import ErrorRecord, Task, TaskEnding, TaskFailed
from fastgraph.execution.waits import came, find_timers
from fastgraph.graph.current import find_current_task
from fastgraph.graph.error_handlers import find_handler
from fastgraph.graph.retry import delay_seconds
from fastgraph.graph.task_call import TaskCall, attempt_task, drive, read_error
from fastgraph.in_process.threads import RunThreads

__all__ = ["AsyncCrew", "Crew", "Ended", "Passed", "Said", "ThreadCrew"]

MAX_THREADS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A node sent something while it ran; `task` is the one that did, where it is known."""

    kind: EventKind
    data: Any
    task: Task | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A task has its ending; `error` is what the node raised, as the object it was. `handler` is the node that runs in a
    failed one's place, if there is one: such a failure stops no sibling."""

    task: Task
    ending: TaskEnding
    error: BaseException | None = None
    handler: str | None = None

    @property
    def is_fatal(self) -> bool:
        """Whether the step fails of it."""
        return isinstance(self.ending, TaskFailed) and self.handler is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A run inside a task has shown something."""

    chunk: Any


Happening = Said | Ended | Passed


class Crew(Protocol):
    """Executes the tasks of one step at a time."""

    @property
    def is_async(self) -> bool:
        """Whether tasks run on a loop."""
        ...

    def send(self, kind: EventKind, data: Any, task: Task | None = None) -> None:
        """Take what a node sends; called from any thread."""
        ...

    def pass_on(self, chunk: Any) -> None:
        """Take what a run inside a task shows; called from any thread."""
        ...

    def start(self, calls: Sequence[TaskCall], limit_seconds: float | None = None) -> None:
        """Begin a step's tasks; `happenings` raises TimeoutError once they take longer than the limit."""
        ...

    def add(self, call: TaskCall) -> None:
        """Begin a further task of the step, between two of its happenings."""
        ...

    def join(self, calls: Sequence[TaskCall]) -> None:
        """Begin more tasks of the same step, beside those that run."""
        ...

    def happenings(self) -> AsyncIterator[Happening]:
        """Yield what happens, in the order in which it does, until each of the step's tasks has ended."""
        ...

    async def wait(self, done: Future[None] | None) -> None:
        """Wait until something is done that another thread does; nothing is None."""
        ...

    async def close(self) -> None:
        """Give up what still runs, as far as that is possible."""
        ...


async def _execute(
    call: TaskCall, wait: Callable[[float], Awaitable[None]], random: Random, **how: Any
) -> Ended:
    """Execute a task until it ends for good, with the attempts that its retry policies allow.

    What it raised goes to the caller of `invoke` as the object it is. A timer that is asked for again is the one that runs
    already.
    """
    running: dict[str, datetime] = {}
    while True:
        try:
            return Ended(task=call.task, ending=await attempt_task(call, **how))
        except BaseException as error:
            if isinstance(error, GeneratorExit) or _is_being_cancelled(error):
                raise
            ending, cause = read_error(call, error)
        timers = find_timers(ending) if find_current_task() is None else None
        if timers:
            timers = {name: running.setdefault(name, moment) for name, moment in timers.items()}
            call = await _outlast(call, timers, wait)
            continue
        if not isinstance(ending, TaskFailed):
            return Ended(task=call.task, ending=ending, error=cause)
        if ending.matched_policy is None:
            handler = find_handler(call.graph, call.task.node, ending)
            return Ended(task=call.task, ending=ending, error=cause, handler=handler)
        policy = call.graph.retry_policies(call.task.node)[ending.matched_policy]
        await wait(delay_seconds(policy, call.attempt, random))
        call = replace(call, attempt=call.attempt + 1)


async def _outlast(
    call: TaskCall, timers: Mapping[str, datetime], wait: Callable[[float], Awaitable[None]]
) -> TaskCall:
    """Wait until the first of a task's timers is over; return the task as it is executed again."""
    due_at = min(timers.values())
    await wait(max(0.0, (due_at - SystemClock().now()).total_seconds()))
    now = max(due_at, SystemClock().now())
    over = {name: came(None) for name, moment in timers.items() if moment <= now}
    return replace(call, answers={**call.answers, **over})


def _is_being_cancelled(error: BaseException) -> bool:
    if not isinstance(error, asyncio.CancelledError):
        return False
    try:
        mine = asyncio.current_task()
    except RuntimeError:
        return False
    return mine is not None and mine.cancelling() > 0


async def _wait_here(seconds: float) -> None:
    """Wait in this thread: it is the task's own."""
    time.sleep(seconds)  # noqa: ASYNC251 - no loop runs this coroutine, `drive` does


def _ends_at(limit_seconds: float | None) -> float | None:
    return None if limit_seconds is None else time.monotonic() + limit_seconds


def _seconds_left(ends_at: float | None) -> float | None:
    return None if ends_at is None else max(0.0, ends_at - time.monotonic())


def _late() -> TimeoutError:
    return TimeoutError("The step did not end within the graph's step_timeout.")


class ThreadCrew:
    """A single task runs in the caller's thread, several in threads of this call; what fails waits for its siblings."""

    is_async = False

    def __init__(self, *, is_live: bool, max_concurrency: int | None, random: Random) -> None:
        self._is_live = is_live
        self._random = random
        self._max_threads = min(max_concurrency or MAX_THREADS, MAX_THREADS)
        self._queue: queue.SimpleQueue[Happening] = queue.SimpleQueue()
        self._pool: RunThreads | None = None
        self._inline: TaskCall | None = None
        self._running = 0
        self._ends_at: float | None = None

    def send(self, kind: EventKind, data: Any, task: Task | None = None) -> None:
        self._queue.put(Said(kind=kind, data=data, task=task))

    def pass_on(self, chunk: Any) -> None:
        self._queue.put(Passed(chunk=chunk))

    def start(self, calls: Sequence[TaskCall], limit_seconds: float | None = None) -> None:
        self._ends_at = _ends_at(limit_seconds)
        if len(calls) == 1:
            self.add(calls[0])
            return
        for call in calls:
            self._running += 1
            self._submit(call)

    def add(self, call: TaskCall) -> None:
        is_alone = not self._running
        self._running += 1
        if is_alone and not self._is_live and self._ends_at is None:
            self._inline = call
        else:
            self._submit(call)

    def join(self, calls: Sequence[TaskCall]) -> None:
        if len(calls) == 1:
            self.add(calls[0])
            return
        self._running += len(calls)
        for call in calls:
            self._submit(call)

    async def happenings(self) -> AsyncIterator[Happening]:
        is_late = False
        while self._running:
            if self._inline is not None:
                call, self._inline = self._inline, None
                self._run(call)
            try:
                happening = self._queue.get(timeout=self._next_look())
            except queue.Empty:
                if _seconds_left(self._ends_at) == 0.0:
                    # no thread can be stopped: what they still give is kept, as in LangGraph
                    is_late, self._ends_at = True, None
                continue
            if isinstance(happening, Ended):
                self._running -= 1
            yield happening
        if is_late:
            raise _late()

    async def wait(self, done: Future[None] | None) -> None:
        if done is not None:
            done.result()

    async def close(self) -> None:
        if self._pool is not None:
            self._pool.close()

    def _next_look(self) -> float | None:
        """Let threads be added where they are needed; return in how many seconds to look again, None for never."""
        grows = self._pool.grow() if self._pool is not None else None
        left = _seconds_left(self._ends_at)
        return left if grows is None else grows if left is None else min(left, grows)

    def run_alone(self, call: TaskCall) -> Ended:
        """Execute the only task of a step that nobody watches, in this thread; what it sends reaches nobody."""
        ended = drive(_execute(call, _wait_here, self._random))
        while not self._queue.empty():
            self._queue.get_nowait()
        return ended

    def _submit(self, call: TaskCall) -> None:
        if self._pool is None:
            self._pool = RunThreads(self._max_threads)
        self._pool.submit(partial(self._run, call))

    def _run(self, call: TaskCall) -> None:
        self._queue.put(drive(_execute(call, _wait_here, self._random)))


class AsyncCrew:
    """Each task is a task of the caller's loop, sync nodes in its threads; what fails cancels its siblings."""

    is_async = True

    def __init__(self, *, max_concurrency: int | None, random: Random) -> None:
        self._random = random
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[Happening] = asyncio.Queue()
        self._slots = asyncio.Semaphore(max_concurrency) if max_concurrency else None
        self._tasks: dict[asyncio.Task[None], TaskCall] = {}
        self._running = 0
        self._ends_at: float | None = None

    def send(self, kind: EventKind, data: Any, task: Task | None = None) -> None:
        # all go through the loop's own queue, so that what a node said stands before its end
        self._loop.call_soon_threadsafe(self._queue.put_nowait, Said(kind=kind, data=data, task=task))

    def pass_on(self, chunk: Any) -> None:
        self._loop.call_soon_threadsafe(self._queue.put_nowait, Passed(chunk=chunk))

    def start(self, calls: Sequence[TaskCall], limit_seconds: float | None = None) -> None:
        self._ends_at = _ends_at(limit_seconds)
        self._tasks = {}
        for call in calls:
            self.add(call)

    def add(self, call: TaskCall) -> None:
        self._running += 1
        self._tasks[self._loop.create_task(self._run(call))] = call

    def join(self, calls: Sequence[TaskCall]) -> None:
        for call in calls:
            self.add(call)

    async def happenings(self) -> AsyncIterator[Happening]:
        while self._running:
            happening = await self._next()
            if isinstance(happening, Ended):
                self._running -= 1
            yield happening
            if isinstance(happening, Ended) and happening.is_fatal:
                await self.close()
                while not self._queue.empty():
                    yield self._queue.get_nowait()
                for task, call in self._tasks.items():
                    if task.cancelled():
                        yield _cancelled(call)
                self._running = 0
                return

    async def _next(self) -> Happening:
        if self._ends_at is None:
            return await self._queue.get()
        try:
            return await asyncio.wait_for(self._queue.get(), _seconds_left(self._ends_at))
        except TimeoutError:
            raise _late() from None

    async def wait(self, done: Future[None] | None) -> None:
        if done is not None:
            await asyncio.wrap_future(done)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, call: TaskCall) -> None:
        if self._slots is None:
            ended = await self._execute(call)
        else:
            async with self._slots:
                ended = await self._execute(call)
        self._loop.call_soon(self._queue.put_nowait, ended)

    async def _execute(self, call: TaskCall) -> Ended:
        return await _execute(call, asyncio.sleep, self._random, run_sync=asyncio.to_thread)


def _cancelled(call: TaskCall) -> Ended:
    """The ending of a task that was stopped because a sibling failed; it is executed again when the run goes on."""
    task = call.task
    error = ErrorRecord(type="CancelledError", message="", node=task.node, attempt=call.attempt)
    return Ended(task=task, ending=TaskFailed(task_id=task.id, error=error))
