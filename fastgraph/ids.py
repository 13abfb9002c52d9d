"""Names that the outside sees, and the keys that never repeat.

What the outside names is a UUIDv7 as text (in order of time: random ids cost 4.6 times the speed, see
`docs/performance.md`); inside, rows have integer keys. A checkpoint's name holds its thread's key and its number, so it
costs no column and no index: RFC 9562's version 8 leaves such a layout to its maker.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import NewType

import uuid_utils

__all__ = [
    "ArtifactId",
    "BootId",
    "CheckpointId",
    "RunId",
    "ThreadId",
    "checkpoint_id",
    "idempotency_key",
    "new_id",
    "parse_checkpoint_id",
    "parse_id",
    "task_id",
]

RunId = NewType("RunId", str)
ThreadId = NewType("ThreadId", str)
ArtifactId = NewType("ArtifactId", str)
CheckpointId = NewType("CheckpointId", str)
BootId = NewType("BootId", str)

_NUMBER_BITS = 62


def new_id() -> str:
    """Return a new UUIDv7 in its canonical text form."""
    return str(uuid_utils.uuid7())


def parse_id(text: str) -> str:
    """Return any UUID in canonical form; ValueError where the text is none."""
    return str(uuid.UUID(text))


def checkpoint_id(thread_key: int, number: int) -> CheckpointId:
    """Name checkpoint `number` (0, 1, 2 …) of a thread; names of one thread sort as their numbers do.

    >>> parse_checkpoint_id(checkpoint_id(7, 12))
    (7, 12)
    """
    if not 0 <= thread_key < 1 << 48 or not 0 <= number < 1 << _NUMBER_BITS:
        raise ValueError(f"thread key {thread_key} or checkpoint number {number} is out of range")
    # by hand: a UUID object costs eight times as much, and every step names its checkpoint
    high, low = divmod(number, 1 << 48)
    return CheckpointId(
        f"{thread_key >> 16:08x}-{thread_key & 0xFFFF:04x}-8000-{0x8000 | high:04x}-{low:012x}"
    )


def parse_checkpoint_id(text: str) -> tuple[int, int]:
    """Return (thread key, number) of a checkpoint's name; ValueError where it is no such name."""
    value = uuid.UUID(text)
    if value.version != 8:
        raise ValueError(f"{text} is no checkpoint id")
    return value.int >> 80, value.int & ((1 << _NUMBER_BITS) - 1)


def task_id(checkpoint: str, namespace: str, step: int, node: str, path: str) -> str:
    """Name a task by where it stands, so that the same checkpoint always gives the same tasks (LangGraph's rule)."""
    text = "\x00".join((checkpoint, namespace, str(step), node, path))
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def idempotency_key(run_id: str, task: str, label: str = "") -> str:
    """Return the key of an effect of a task: the same on every attempt, other for every label.

    A task's id already stands for its checkpoint and path (DESIGN section 5, "Effects and streams").
    """
    return hashlib.blake2b(f"{run_id}\x00{task}\x00{label}".encode(), digest_size=16).hexdigest()
