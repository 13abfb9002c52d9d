"""The listeners of one process, told on their own loop whichever thread a hint comes from.

This is also the way of hints inside a process: every bus tells them what is published here, without a detour.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import structlog

from actors.hints.hints import Hint, HintListener
from actors.runtime.loop_bridge import LoopBridge

__all__ = ["Listeners"]

log = structlog.get_logger(__name__)


class Listeners:
    """Listeners that belong to one loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._bridge = LoopBridge(loop)
        self._listeners: dict[object, HintListener] = {}

    def add(self, listener: HintListener) -> Callable[[], None]:
        """Add a listener; the answer takes it away again. Any thread."""
        key = object()
        self._listeners[key] = listener
        return lambda: self._remove(key)

    def tell(self, hints: Iterable[Hint]) -> None:
        """Tell all listeners soon, those that are there then. Any thread; a loop that is closed hears nothing."""
        told = tuple(hints)
        if told:
            self._bridge.post(self._tell_each, told)

    def _remove(self, key: object) -> None:
        self._listeners.pop(key, None)

    def _tell_each(self, hints: tuple[Hint, ...]) -> None:
        for listener in tuple(self._listeners.values()):
            try:
                listener(hints)
            except Exception:  # one listener's fault must not cost the others a second
                log.exception("listener of hints failed", listener=repr(listener))
