"""How long an attempt of a node may take, and the watch over one that is running.

    policy = TimeoutPolicy.coerce(timeout)     seconds, a timedelta or a policy, checked once
    await run_within(limits, name, work)       the attempt, or NodeTimeoutError as soon as a limit is passed

A late attempt is cancelled and not waited for: one that swallows the cancellation goes on alone, and what it still sends or
returns reaches nobody. Only coroutines can be stopped like this; a thread can't, so a sync node takes no timeout.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

from fastgraph.errors import NodeTimeoutError
from fastgraph.events import EventKind
from fastgraph.execution.tasks import TimeLimits
from fastgraph.graph.services import TaskServices, WritesObjects

__all__ = ["RefreshOn", "TimeoutPolicy", "Watch", "as_limits", "read_timeout", "run_within"]

RefreshOn = Literal["auto", "heartbeat"]
Seconds = float | dt.timedelta
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeoutPolicy:
    """How long one attempt of an async node may take.

    `run_timeout` caps the whole attempt, `idle_timeout` the time in which it shows no progress; both are seconds or a
    timedelta. `refresh_on="auto"` counts as progress whatever the node sends (custom, token, log, progress, artifacts,
    nested steps) and `Runtime.heartbeat()`; "heartbeat" counts only the latter.
    """

    run_timeout: Seconds | None = None
    idle_timeout: Seconds | None = None
    refresh_on: RefreshOn = "auto"

    @classmethod
    def coerce(cls, value: Seconds | TimeoutPolicy | None) -> TimeoutPolicy | None:
        """Return a policy in seconds; None where nothing is limited. Raises ValueError for what can't be."""
        if value is None:
            return None
        policy = value if isinstance(value, TimeoutPolicy) else cls(run_timeout=value)
        if policy.refresh_on not in ("auto", "heartbeat"):
            raise ValueError(f"refresh_on is {policy.refresh_on!r}; it must be 'auto' or 'heartbeat'.")
        run = _read_seconds("run_timeout", policy.run_timeout)
        idle = _read_seconds("idle_timeout", policy.idle_timeout)
        if run is None and idle is None:
            return None
        return cls(run_timeout=run, idle_timeout=idle, refresh_on=policy.refresh_on)


def _read_seconds(name: str, value: Seconds | None) -> float | None:
    if value is None:
        return None
    seconds = value.total_seconds() if isinstance(value, dt.timedelta) else float(value)
    if not seconds > 0:
        raise ValueError(f"{name} is {seconds:g} s; it must be greater than 0.")
    return seconds


def as_limits(policy: TimeoutPolicy | None) -> TimeLimits | None:
    """Return a coerced policy as plain data, which a task carries."""
    if policy is None:
        return None
    return TimeLimits(
        cast("float | None", policy.run_timeout), cast("float | None", policy.idle_timeout), policy.refresh_on
    )


def read_timeout(value: Seconds | TimeoutPolicy | None) -> TimeLimits | None:
    """Return a timeout as an author wrote it as plain data. Raises ValueError for what can't be."""
    return as_limits(TimeoutPolicy.coerce(value))


class Watch:
    """The services of a timed attempt: they note when it last showed progress, and fall silent once it is late.

    Thread-safe: a progress lost to a race is a few microseconds of it. Whatever `TaskServices` offers is passed on.
    """

    def __init__(self, services: TaskServices, limits: TimeLimits) -> None:
        self._services = services
        self._counts_use = limits.refresh_on == "auto"
        self._is_closed = False
        self.progress_at = time.monotonic()
        # attributes of its own: what services can do is asked by protocols, which don't look behind __getattr__
        for name in dir(services):
            if not name.startswith("_") and name != "emit" and callable(getattr(type(services), name, None)):
                setattr(self, name, self._forward(getattr(services, name)))
        if isinstance(services, WritesObjects):
            self._write_inner = services.write_object
            self.write_object = self._write_object

    @property
    def services(self) -> TaskServices:
        """This watch, as what a task is given."""
        return cast("TaskServices", self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._services, name)

    def _forward(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self._note_use()
            return method(*arguments, **named)

        return call

    def heartbeat(self) -> None:
        """Note progress."""
        self.progress_at = time.monotonic()

    def close(self) -> None:
        """Let nothing more through."""
        self._is_closed = True

    def emit(self, kind: EventKind, data: bytes) -> None:
        if not self._is_closed:
            self._note_use()
            self._services.emit(kind, data)

    def _write_object(self, value: Any) -> None:
        if not self._is_closed:
            self._note_use()
            self._write_inner(value)

    def _note_use(self) -> None:
        if self._counts_use:
            self.heartbeat()


async def run_within(
    limits: TimeLimits, node: str, watch: Watch, work: Callable[[], Coroutine[Any, Any, T]]
) -> T:
    """Await `work()` in a task of its own; raises NodeTimeoutError, and closes the watch, as soon as it is late."""
    began = watch.progress_at = time.monotonic()
    task = asyncio.create_task(work())
    try:
        while True:
            now = time.monotonic()
            ends: list[tuple[float, Literal["run", "idle"]]] = []
            if limits.run_seconds is not None:
                ends.append((began + limits.run_seconds, "run"))
            if limits.idle_seconds is not None:
                ends.append((watch.progress_at + limits.idle_seconds, "idle"))
            end, kind = min(ends)
            if now >= end:
                raise NodeTimeoutError(
                    node,
                    now - began,
                    kind=kind,
                    idle_timeout=limits.idle_seconds,
                    run_timeout=limits.run_seconds,
                )
            done, _ = await asyncio.wait((task,), timeout=end - now)
            if done:
                return task.result()
    finally:
        watch.close()
        if not task.done():
            task.cancel()
            task.add_done_callback(_forget)


def _forget(task: asyncio.Task[Any]) -> None:
    """Look at the error of an attempt that nobody waits for, so that asyncio does not complain about it."""
    if not task.cancelled():
        task.exception()
