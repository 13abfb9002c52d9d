"""Sending without a task: a coroutine that ends at its first step costs a call, and only one that waits costs more.

A socket takes a message at once as long as its peer keeps up, so the broadcaster takes the first step of each send
itself and needs neither a queue nor a wake-up a socket (`benchmarks/` has the figures). A send that has to wait is
handed to the task that owns the socket, which goes on where it stands.
"""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import Any

__all__ = ["Suspended", "begin"]


class Suspended:
    """A coroutine after its first step, waiting for something; await it once, in any task of the same loop."""

    __slots__ = ("_coroutine", "_waiting")

    def __init__(self, coroutine: Coroutine[Any, Any, object], waiting: Any) -> None:
        self._coroutine = coroutine
        self._waiting = waiting

    def __await__(self) -> Generator[Any, Any, None]:
        waiting = self._waiting
        try:
            while True:
                try:
                    sent = yield waiting
                except GeneratorExit:
                    raise
                except BaseException as error:  # noqa: BLE001 - a cancellation belongs into the coroutine, as with `yield from`
                    waiting = self._coroutine.throw(error)
                else:
                    waiting = self._coroutine.send(sent)
        except StopIteration:
            return

    def close(self) -> None:
        """Give the coroutine up; what it waited for is left alone."""
        self._coroutine.close()


def begin(coroutine: Coroutine[Any, Any, object]) -> Suspended | None:
    """Take the first step of a coroutine: None where that was all of it. What it raises is raised here.

    The coroutine must not look for its task (`asyncio.timeout` does): before it waits it runs in whoever called this.
    """
    try:
        waiting = coroutine.send(None)
    except StopIteration:
        return None
    return Suspended(coroutine, waiting)
