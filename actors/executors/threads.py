"""Threads for sync nodes: one each, up to a limit, reused when idle, never waited for.

They are daemon threads of our own and not those of `concurrent.futures`, because that pool waits at exit for every thread
it ever started, and a node may block for ever (promise 6). A thread whose job was abandoned is counted and replaced.
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections import deque

from actors.executors.executor import ThreadJob

__all__ = ["ThreadExecutor", "stack_of"]

IDLE_SECONDS = 30.0
STACK_FRAMES = 30


class ThreadExecutor:
    """At most `max_threads` sync jobs at once; further ones wait in order."""

    def __init__(self, max_threads: int) -> None:
        self._max_threads = max_threads
        self._waiting: deque[ThreadJob] = deque()
        self._condition = threading.Condition()
        self._idle = 0
        self._threads = 0
        self._abandoned: set[ThreadJob] = set()
        self._is_stopped = False

    def submit(self, job: ThreadJob) -> None:
        """Run the job on an idle thread or a new one; past the limit it waits."""
        with self._condition:
            self._waiting.append(job)
            if self._idle >= len(self._waiting):
                self._condition.notify()
                return
            if self._threads - len(self._abandoned) >= self._max_threads:
                return
            self._threads += 1
        threading.Thread(target=self._work, name="fastgraph-node", daemon=True).start()

    def give_up(self, job: ThreadJob) -> None:
        """Count the thread of an abandoned job as lost, so that another may take its place until it returns."""
        with self._condition:
            if job.thread_id is None:
                if job in self._waiting:
                    self._waiting.remove(job)
                return
            self._abandoned.add(job)

    @property
    def abandoned(self) -> int:
        """How many threads are held by jobs that nobody waits for any more."""
        return len(self._abandoned)

    @property
    def busy(self) -> int:
        return self._threads - self._idle

    def stop(self) -> None:
        """Start no further job; those that run are left to themselves."""
        with self._condition:
            self._is_stopped = True
            self._waiting.clear()
            self._condition.notify_all()

    def _work(self) -> None:
        while (job := self._next_job()) is not None:
            if not job.is_over:
                job.run()
            with self._condition:
                self._abandoned.discard(job)

    def _next_job(self) -> ThreadJob | None:
        with self._condition:
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
