"""Questions and answers: which pending interrupt a resume value belongs to, and what a task is told again.

An interrupt's name depends on its task and its position there, so that the same checkpoint asks under the same name
however often the node is executed. Pure: whoever keeps the answers hands them in.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastgraph.errors import AmbiguousResumeError, UnknownInterruptError

__all__ = ["interrupt_id", "is_answer_map", "match_answers"]

_ID = re.compile(r"[0-9a-f]{32}")


def interrupt_id(task_id: str, position: int) -> str:
    """Name the question that a task asks at `position` (0 is its first): 32 hexadecimal digits.

    >>> interrupt_id("t", 0) == interrupt_id("t", 0) != interrupt_id("t", 1)
    True
    """
    return hashlib.blake2b(f"{task_id}\x00{position}".encode(), digest_size=16).hexdigest()


def is_answer_map(resume: object) -> bool:
    """Say whether a resume value names its interrupts: a dict that is not empty and has interrupt ids only as keys."""
    return (
        isinstance(resume, dict)
        and bool(resume)
        and all(isinstance(key, str) and _ID.fullmatch(key) for key in resume)
    )


def match_answers(resume: Any, pending: Sequence[str], *, is_strict: bool = False) -> Mapping[str, Any]:
    """Return interrupt id -> answer for a resume value, given the ids that wait for an answer.

    A map of ids may answer a part of them. Any other value answers the only pending one. With nothing pending a plain
    value answers nothing, as in LangGraph. Raises AmbiguousResumeError where several wait for a plain value, and, if
    `is_strict`, UnknownInterruptError for an id that is not pending or where nothing is.
    """
    if is_answer_map(resume):
        unknown = sorted(set(resume) - set(pending))
        if unknown and is_strict:
            raise UnknownInterruptError(
                f"Interrupt {', '.join(unknown)} does not wait for an answer.",
                reason="not_pending",
                interrupt_ids=unknown,
                pending_ids=pending,
            )
        return {key: answer for key, answer in resume.items() if key in pending}
    if len(pending) > 1:
        raise AmbiguousResumeError(tuple(pending))
    if not pending:
        if is_strict:
            raise UnknownInterruptError("There is nothing to answer.", reason="not_pending")
        return {}
    return {pending[0]: resume}
