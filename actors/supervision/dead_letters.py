"""Messages that nobody will handle: told to an actor that was stopping, stopped, or died before their turn.

Askers get an error and need no such place. All letters are counted, the last thousand are kept by name, none is kept
itself, since a message may hold a run's whole state.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime

from fastgraph.clock import Clock

__all__ = ["KEPT_LETTERS", "DeadLetter", "DeadLetters"]

KEPT_LETTERS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """One message: to whom, of which class, when it was given up."""

    actor: str
    message: str
    at: datetime


class DeadLetters:
    """Counts and keeps them; any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._count = 0
        self._kept: deque[DeadLetter] = deque(maxlen=KEPT_LETTERS)

    @property
    def count(self) -> int:
        """How many there were since the start."""
        return self._count

    def lay(self, actor: str, message: str) -> None:
        """Add one; this is what an inbox calls as its `letter_sink`."""
        letter = DeadLetter(actor=actor, message=message, at=self._clock.now())
        with self._lock:
            self._count += 1
            self._kept.append(letter)

    def kept(self) -> tuple[DeadLetter, ...]:
        """Return the last ones, oldest first."""
        with self._lock:
            return tuple(self._kept)
