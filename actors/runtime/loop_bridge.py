"""A bridge into an event loop: many calls from other threads, one wake-up.

`call_soon_threadsafe` writes to a socket each time, which is most of what a hop between threads costs. A bridge keeps the
calls in a deque and wakes the loop only when it is not awake for it already. Order is kept, and nothing is dropped while
the loop lives; calls for a closed loop are refused and let go, so that a bridge never grows for nobody.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import structlog

__all__ = ["LoopBridge"]

log = structlog.get_logger(__name__)


class LoopBridge:
    """Run callables on `loop`, handed over from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._calls: deque[tuple[Callable[..., Any], tuple[Any, ...]]] = deque()
        self._lock = threading.Lock()
        self._is_awake = False

    def post(self, call: Callable[..., Any], *arguments: Any) -> bool:
        """Hand over a call; False where the loop is closed, so that nobody will ever run it."""
        with self._lock:
            self._calls.append((call, arguments))
            if self._is_awake and not self.loop.is_closed():
                return True
            self._is_awake = True
        try:
            self.loop.call_soon_threadsafe(self._drain)
        except RuntimeError:
            if not self.loop.is_closed():
                raise
            with self._lock:
                self._calls.clear()
            return False
        return True

    def _drain(self) -> None:
        """Run what waits; what comes in meanwhile has its turn after the loop's other callbacks."""
        with self._lock:
            calls, self._calls = self._calls, deque()
        for call, arguments in calls:
            try:
                call(*arguments)
            except Exception:
                # One caller's fault may not lose the calls of the others behind it.
                log.exception("bridged call failed", call=repr(call))
        with self._lock:
            self._is_awake = has_more = bool(self._calls)
        if has_more:
            self.loop.call_soon(self._drain)
