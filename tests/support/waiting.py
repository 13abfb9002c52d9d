"""Waiting with a deadline for what cannot tell us that it happened.

Prefer an event, a line of output or a message on a socket; they wake the test at once. What can only be looked at (a
row that another process writes, an HTTP status) is looked at again and again here, until it is so or the time is over.
A test never sleeps for a fixed time and hopes.
"""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

WITHIN_SECONDS = 30.0
EVERY_SECONDS = 0.02


def until(
    look: Callable[[], T | None],
    *,
    within_seconds: float = WITHIN_SECONDS,
    every_seconds: float = EVERY_SECONDS,
    what: str | None = None,
) -> T:
    """Call `look` until it answers something true, and answer that.

    Raises AssertionError that names `what` (or the function) and the last answer when `within_seconds` are over. An
    exception of `look` ends the wait at once. Blocks the calling thread: use `until_async` on a loop.
    """
    deadline = time.monotonic() + within_seconds
    pause = threading.Event()
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() >= deadline:
            raise AssertionError(_sentence(look, seen, within_seconds, what))
        pause.wait(every_seconds)


async def until_async(
    look: Callable[[], Awaitable[T | None]],
    *,
    within_seconds: float = WITHIN_SECONDS,
    every_seconds: float = EVERY_SECONDS,
    what: str | None = None,
) -> T:
    """Do as `until` does, for an async `look`, without blocking the loop."""
    deadline = time.monotonic() + within_seconds
    while True:
        seen = await look()
        if seen:
            return seen
        if time.monotonic() >= deadline:
            raise AssertionError(_sentence(look, seen, within_seconds, what))
        await asyncio.sleep(every_seconds)


def _sentence(look: Callable[[], object], seen: object, within_seconds: float, what: str | None) -> str:
    name = what or getattr(look, "__qualname__", repr(look))
    return f"Waited {within_seconds:g} s for {name}; last seen: {seen!r}"
