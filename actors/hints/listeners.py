"""The listeners of one process, told on their own loop whichever thread a hint comes from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from actors.hints.hints import Hint, HintListener
from actors.runtime.loop_bridge import LoopBridge

__all__ = ["Listeners"]


class Listeners:
    """A list of listeners that belong to one loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._bridge = LoopBridge(loop)
        self._listeners: list[HintListener] = []

    def add(self, listener: HintListener) -> Callable[[], None]:
        """Add a listener; the answer takes it away again."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def tell(self, hints: Iterable[Hint]) -> None:
        """Tell all listeners soon. Any thread."""
        told = tuple(hints)
        for listener in tuple(self._listeners):
            self._bridge.post(listener, told)
