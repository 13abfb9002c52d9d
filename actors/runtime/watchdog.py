"""Finds the turn that holds an event loop, and says with a stack who it is.

A thread asks the loop for a sign, by `call_soon_threadsafe`, a few times in each limit. While no sign comes for longer
than the limit, something on the loop neither returns nor awaits, and every actor of that loop waits with it: the stack
of the loop's thread, and the name of its task, are reported once, and the whole length when it is over. Handlers pay
nothing for it. C code that keeps the GIL stops this thread as well; it is seen when it gives back.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import traceback
from asyncio import AbstractEventLoop
from collections.abc import Callable
from dataclasses import dataclass

import structlog

__all__ = ["STALL_LIMIT_SECONDS", "LoopWatchdog", "Stall"]

log = structlog.get_logger("actors.runtime")

STALL_LIMIT_SECONDS = 0.25
SIGNS_A_LIMIT = 2  # a stall is seen at most half a limit late


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall:
    """A loop held for longer than the limit. `stack` is empty in the second report, when it `is_over`."""

    loop_name: str
    task_name: str | None
    held_seconds: float
    stack: str
    is_over: bool


def log_stall(stall: Stall) -> None:
    """Write a stall to the log; the default of the watchdog."""
    if stall.is_over:
        log.warning(
            "event loop is free again", loop=stall.loop_name, held_seconds=round(stall.held_seconds, 3)
        )
    else:
        log.warning(
            "event loop is held",
            loop=stall.loop_name,
            task=stall.task_name,
            held_seconds=round(stall.held_seconds, 3),
            stack=stall.stack,
        )


class LoopWatchdog:
    """Watches one running loop. `on_stall` is called on the watchdog's thread and must not raise."""

    def __init__(
        self,
        loop: AbstractEventLoop,
        loop_thread_id: int,
        *,
        name: str,
        limit_seconds: float = STALL_LIMIT_SECONDS,
        on_stall: Callable[[Stall], None] = log_stall,
    ) -> None:
        self._loop = loop
        self._loop_thread_id = loop_thread_id
        self._name = name
        self._limit_seconds = limit_seconds
        self._on_stall = on_stall
        self._sign = threading.Event()
        self._ended = threading.Event()
        self.lag_seconds = 0.0
        self._worst_lag_seconds = 0.0
        self._thread = threading.Thread(target=self._watch, name=f"{name}-watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def take_worst_lag(self) -> float:
        """Return the worst lag of the loop since the last call, in seconds; any thread, for one caller."""
        worst, self._worst_lag_seconds = self._worst_lag_seconds, 0.0
        return worst

    def stop(self) -> None:
        """End the thread and wait for it; from any other thread, also while the loop is held or closed."""
        self._ended.set()
        self._sign.set()
        self._thread.join()

    def _watch(self) -> None:
        pause_seconds = self._limit_seconds / SIGNS_A_LIMIT
        while not self._ended.wait(pause_seconds):
            asked_at = time.monotonic()
            self._sign.clear()
            if self._ended.is_set():
                return  # `stop` may have given its sign before the clear, and gives no other
            try:
                self._loop.call_soon_threadsafe(self._sign.set)
            except RuntimeError:
                return  # the loop is closed: nothing is left to be watched
            if not self._sign.wait(self._limit_seconds):
                self._report(asked_at)
            self.lag_seconds = lag = time.monotonic() - asked_at
            self._worst_lag_seconds = max(lag, self._worst_lag_seconds)

    def _report(self, asked_at: float) -> None:
        frame = sys._current_frames().get(self._loop_thread_id)  # noqa: SLF001 - the only way to another thread's stack
        stack = "".join(traceback.format_stack(frame)) if frame is not None else ""
        # current_task() reads a table of loops; from another thread it is a look, not a promise.
        task = asyncio.current_task(self._loop)
        name = task.get_name() if task is not None else None
        self._on_stall(self._stall(name, asked_at, stack, is_over=False))
        self._sign.wait()
        if not self._ended.is_set():
            self._on_stall(self._stall(name, asked_at, "", is_over=True))

    def _stall(self, task_name: str | None, asked_at: float, stack: str, *, is_over: bool) -> Stall:
        held_seconds = time.monotonic() - asked_at
        return Stall(
            loop_name=self._name, task_name=task_name, held_seconds=held_seconds, stack=stack, is_over=is_over
        )
