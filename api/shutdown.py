"""Ending the feeds when the process is told to end.

uvicorn waits for open responses before it runs the lifespan's end, and an event stream never ends by itself: a watcher
would hold up the end of the server. So the feeds are told at the signal already. What handled the signal before is
called all the same, first.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["on_end_signal"]

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def on_end_signal(call: Callable[[], None]) -> Iterator[None]:
    """Have `call` run on the running loop at SIGTERM or SIGINT, while the context lasts.

    Does nothing outside the main thread, where no signal can be handled, and where nobody handles signals yet.
    """
    loop = asyncio.get_running_loop()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: dict[int, Any] = {}
    for known in _SIGNALS:
        handler = signal.getsignal(known)
        if callable(handler) and handler is not signal.default_int_handler:
            before[known] = handler

    def handle(number: int, frame: FrameType | None) -> None:
        before[number](number, frame)
        loop.call_soon_threadsafe(call)

    for number in before:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            # Somebody may have set a handler of their own since: that one stays.
            if signal.getsignal(number) is handle:
                signal.signal(number, handler)
