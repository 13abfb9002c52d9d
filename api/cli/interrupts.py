"""Ctrl-C that is heard at once, also while a read waits.

Python acts on a signal between two of its instructions. One that comes just before a call of the system that waits is noted,
and acted on when that call returns: for a feed that says nothing, after most of a minute. (A loop of asyncio is woken by the
descriptor of `signal.set_wakeup_fd`; a plain read of a socket is not.)
"""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["prompt_interrupts"]

NUDGE_SECONDS = 0.1
SAME_PRESS_SECONDS = 0.5  # within it a further signal is an echo of ours, and after it somebody pressed again


@contextmanager
def prompt_interrupts() -> Iterator[None]:
    """Raise KeyboardInterrupt at once for the first Ctrl-C in the block, whatever it waits for.

    Later ones come when Python sees to them. Does nothing in another thread than the main one, and where the system can't
    signal a thread (Windows).
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "pthread_kill"):
        yield
        return
    heard = _Heard()
    ours, pythons = socket.socketpair()
    pythons.setblocking(False)
    nudger = threading.Thread(target=_nudge, args=(ours, heard), name="interrupts", daemon=True)
    handler_before = signal.signal(signal.SIGINT, heard)
    descriptor_before = signal.set_wakeup_fd(pythons.fileno(), warn_on_full_buffer=False)
    nudger.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(descriptor_before)
        signal.signal(signal.SIGINT, handler_before)
        heard.is_enough.set()
        pythons.close()
        nudger.join()
        ours.close()


class _Heard:
    """The handler of the signal. `is_enough` when it was called, or when the block is over."""

    def __init__(self) -> None:
        self.is_enough = threading.Event()
        self._at = float("-inf")

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        is_echo = now - self._at < SAME_PRESS_SECONDS
        self._at = now
        self.is_enough.set()
        if not is_echo:
            raise KeyboardInterrupt


def _nudge(ours: socket.socket, heard: _Heard) -> None:
    """Signal the main thread, which breaks off what it waits for, until it has heard."""
    main = threading.main_thread().ident
    assert main is not None, "the main thread has started"
    while numbers := ours.recv(64):
        if signal.SIGINT in numbers:
            while not heard.is_enough.wait(NUDGE_SECONDS):
                signal.pthread_kill(main, signal.SIGINT)
            return
