"""A hint says where to look, carries ids only, and may be lost: a slow poll makes up for that.

So publishing never blocks and never raises, and nobody may rely on a hint for more than speed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

__all__ = ["Hint", "HintBus", "HintKind", "HintListener", "decode_hints", "encode_hints"]

MESSAGE_BYTES = 4_000  # a datagram, and half of what PostgreSQL takes in one NOTIFY


class HintKind(StrEnum):
    """What there is to look for."""

    WORK = "work"  # something may be claimed
    EVENTS = "events"  # new events of a run are committed
    INBOX = "inbox"  # a command for a run


@dataclass(frozen=True, slots=True)
class Hint:
    """`run_key` None concerns all runs."""

    kind: HintKind
    run_key: int | None = None


HintListener = Callable[[Iterable[Hint]], None]


_KINDS = frozenset(kind.value for kind in HintKind)


class HintBus(Protocol):
    """The way between the processes on one store. Listeners run on the loop that `start` was called on."""

    def publish(self, hints: Iterable[Hint]) -> None:
        """Tell the other processes, and the listeners here. Any thread."""
        ...

    def subscribe(self, listener: HintListener) -> Callable[[], None]:
        """Hear hints from now on; the answer ends that."""
        ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


def encode_hints(hints: Iterable[Hint]) -> list[bytes]:
    """Write hints as few messages, each hint once: `work`, `events:17`, separated by blanks."""
    words = dict.fromkeys(
        hint.kind.value if hint.run_key is None else f"{hint.kind}:{hint.run_key}" for hint in hints
    )
    messages: list[str] = []
    for word in words:
        if messages and len(messages[-1]) + len(word) < MESSAGE_BYTES:
            messages[-1] += f" {word}"
        else:
            messages.append(word)
    return [message.encode() for message in messages]


def decode_hints(message: bytes) -> list[Hint]:
    """Read a message; what is no hint is left out, since a newer program may send kinds that this one does not know."""
    hints = []
    for word in message.decode(errors="replace").split():
        kind, _, key = word.partition(":")
        if kind in _KINDS and (not key or key.isdigit()):
            hints.append(Hint(HintKind(kind), int(key) if key else None))
    return hints
