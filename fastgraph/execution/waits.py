"""What a wait is told when it is over: that what it waited for came, or that its time is up.

An answer of a wait stands in an envelope, because anything may be the body of a signal, and a time that is up is no body.
Answers of plain interrupts stand as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from fastgraph.execution.tasks import InterruptRequest, TaskEnding, TaskInterrupted, WaitKind

__all__ = ["CAME", "TIMED_OUT", "came", "find_timers", "has_timed_out", "wrap_answer"]

CAME: Final = "came"
TIMED_OUT: Final[Mapping[str, Any]] = {"timed_out": True}


def came(value: Any) -> dict[str, Any]:
    """Return the answer of a wait that got what it waited for.

    >>> came({"paid": 3})
    {'came': {'paid': 3}}
    """
    return {CAME: value}


def has_timed_out(answer: Any) -> bool:
    """Say whether an answer of a wait tells that its time is up."""
    return CAME not in answer


def wrap_answer(kind: WaitKind, value: Any) -> Any:
    """Return a person's answer as a wait of that kind takes it."""
    return value if kind is WaitKind.INTERRUPT else came(value)


def find_timers(ending: TaskEnding) -> dict[str, datetime] | None:
    """Return when the timers of an ending are due, by id; None where the task waits for anything else, too."""
    if not isinstance(ending, TaskInterrupted):
        return None
    return _moments(ending.interrupts) if all(_is_timer(item) for item in ending.interrupts) else None


def _is_timer(item: InterruptRequest) -> bool:
    return item.kind is WaitKind.TIMER and item.due_at is not None


def _moments(requests: Iterable[InterruptRequest]) -> dict[str, datetime]:
    return {item.id: item.due_at for item in requests if item.due_at is not None}
