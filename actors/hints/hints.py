"""A hint says where to look, carries ids only, and may be lost: a slow poll makes up for that.

So publishing never blocks and never raises, a hint may come twice, and nobody may rely on one for more than speed. The
log in the store is the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

__all__ = ["MESSAGE_BYTES", "Hint", "HintBus", "HintKind", "HintListener", "decode_hints", "encode_hints"]

MESSAGE_BYTES = 2_000  # a datagram on macOS ends at 2,048; PostgreSQL takes 8,000 in one NOTIFY


class HintKind(StrEnum):
    """What there is to look for."""

    WORK = "work"  # something may be claimed
    EVENTS = "events"  # new events of a run are committed
    INBOX = "inbox"  # a command for a run
    PAUSE = "pause"  # a workflow or the whole server was paused, or is no more


_KINDS = frozenset(kind.value for kind in HintKind)


@dataclass(frozen=True, slots=True)
class Hint:
    """`run_key` None concerns all runs."""

    kind: HintKind
    run_key: int | None = None


HintListener = Callable[[Iterable[Hint]], None]


class HintBus(Protocol):
    """The way between the processes on one store. Belongs to one loop: listeners are called there."""

    def publish(self, hints: Iterable[Hint]) -> None:
        """Tell the listeners here and the other processes. Any thread; never blocks, never raises."""
        ...

    def subscribe(self, listener: HintListener) -> Callable[[], None]:
        """Hear hints from now on; the answer ends that, and may be called twice."""
        ...

    async def start(self) -> None:
        """Begin to hear other processes."""
        ...

    async def stop(self) -> None:
        """Hear other processes no more. What is published afterwards is lost."""
        ...


def encode_hints(hints: Iterable[Hint]) -> list[bytes]:
    """Write hints as few messages of at most MESSAGE_BYTES, each hint once: `work`, `events:17`, separated by blanks.

    >>> encode_hints([Hint(HintKind.WORK), Hint(HintKind.EVENTS, 17), Hint(HintKind.WORK)])
    [b'work events:17']
    """
    messages: list[bytes] = []
    words: list[str] = []
    size = 0
    for hint in dict.fromkeys(hints):
        word = hint.kind.value if hint.run_key is None else f"{hint.kind.value}:{hint.run_key}"
        if size + len(word) + 1 > MESSAGE_BYTES:
            messages.append(" ".join(words).encode())
            words, size = [], 0
        words.append(word)
        size += len(word) + 1
    if words:
        messages.append(" ".join(words).encode())
    return messages


def decode_hints(message: bytes) -> list[Hint]:
    """Read a message; what is no hint is left out, since a newer program may send kinds that this one does not know."""
    hints = []
    for word in message.decode(errors="replace").split():
        kind, _, key = word.partition(":")
        if kind in _KINDS and (not key or (key.isascii() and key.isdigit())):
            hints.append(Hint(HintKind(kind), int(key) if key else None))
    return hints
