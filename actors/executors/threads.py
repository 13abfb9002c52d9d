"""Threads for sync nodes: one each, up to a limit, reused when idle, never waited for.

They are daemon threads of our own and not those of `concurrent.futures`, because that pool waits at exit for every thread
it ever started, and a node may block for ever (promise 6). A thread whose job was abandoned is counted and replaced.
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections import deque

from actors.executors.executor import Job, ThreadJob

__all__ = ["ThreadExecutor", "stack_of"]

IDLE_SECONDS = 30.0
STACK_FRAMES = 30


class ThreadExecutor:
    """At most `max_threads` sync jobs at once, those of abandoned jobs left out; further ones wait in order."""

    def __init__(self, max_threads: int) -> None:
        self._max_threads = max_threads
        self._waiting: deque[ThreadJob] = deque()
        self._running: set[ThreadJob] = set()
        self._abandoned: set[ThreadJob] = set()
        self._condition = threading.Condition()
        self._idle = 0
        self._threads = 0
        self._is_stopped = False

    def submit(self, job: ThreadJob, *, is_urgent: bool = False) -> None:
        """Run the job on an idle thread or a new one; past the limit it waits, unless it `is_urgent`: that is for short
        work which others wait for, so that nodes which hold all threads harm their own runs only.

        Raises RuntimeError where the system gives no thread and there is none yet.
        """
        with self._condition:
            if self._is_stopped:
                return
            if is_urgent:
                self._waiting.appendleft(job)
            else:
                self._waiting.append(job)
            self._find_thread(is_urgent=is_urgent)

    def give_up(self, job: ThreadJob) -> None:
        """Count the thread of an abandoned job as lost, so that another takes its place until it returns."""
        with self._condition:
            if job in self._running:
                self._abandoned.add(job)
                self._find_thread(is_urgent=False)
            elif job in self._waiting:
                self._waiting.remove(job)

    @property
    def abandoned(self) -> int:
        """How many threads are held by jobs that nobody waits for any more."""
        return len(self._abandoned)

    def abandoned_jobs(self) -> list[Job]:
        """Return the tasks that nobody waits for any more and whose threads have not come back; any thread."""
        with self._condition:
            return [job for job in self._abandoned if isinstance(job, Job)]

    @property
    def busy(self) -> int:
        """How many threads execute something, abandoned ones included."""
        return self._threads - self._idle

    def stop(self) -> None:
        """Start no further job; those that run are left to themselves."""
        with self._condition:
            self._is_stopped = True
            self._waiting.clear()
            self._condition.notify_all()

    def _find_thread(self, *, is_urgent: bool) -> None:
        """Wake an idle thread for what waits, or start one where that is allowed. Under the condition's lock."""
        if self._idle:
            self._condition.notify()
        if self._idle >= len(self._waiting):
            return
        if self._threads - len(self._abandoned) >= self._max_threads and not is_urgent:
            return
        self._threads += 1
        try:
            threading.Thread(target=self._work, name="fastgraph-node", daemon=True).start()
        except RuntimeError:  # the system gives no more threads: one that comes back takes the job
            self._threads -= 1
            if not self._threads:
                raise

    def _work(self) -> None:
        job: ThreadJob | None = None
        while (job := self._next_job(job)) is not None:
            if not job.is_over:
                job.run()

    def _next_job(self, last: ThreadJob | None) -> ThreadJob | None:
        with self._condition:
            if last is not None:
                self._running.discard(last)
                self._abandoned.discard(last)
                if self._threads - len(self._abandoned) > self._max_threads:
                    self._threads -= (
                        1  # an abandoned job came back, or an urgent one is done: one thread too many
                    )
                    return None
            self._idle += 1
            try:
                while not self._waiting and not self._is_stopped:
                    if not self._condition.wait(IDLE_SECONDS) and not self._waiting:
                        break
                if not self._waiting:
                    self._threads -= 1
                    return None
                job = self._waiting.popleft()
                job.thread_id = threading.get_ident()
                self._running.add(job)
                return job
            finally:
                self._idle -= 1


def stack_of(thread_id: int | None) -> str:
    """Return what a thread is doing, innermost call last; empty where it is gone."""
    frames = sys._current_frames()  # noqa: SLF001 - the documented way to another thread's stack
    frame = frames.get(thread_id) if thread_id is not None else None
    if frame is None:
        return ""
    return "".join(traceback.format_stack(frame)[-STACK_FRAMES:])
