"""Ids of traces and spans that every boot derives alike, so that a run is one trace whatever crashed in between.

The trace of a run is its run id. The span of the run, of one of its epochs and of an attempt of a task follow from what
they are; so a span can name a parent, or a link, that another process has made or never got to make.
"""

from __future__ import annotations

import hashlib
import uuid

__all__ = ["attempt_span_id", "created_ns", "epoch_span_id", "run_span_id", "trace_id"]

_SPAN_BYTES = 8


def trace_id(run_id: str) -> int:
    """Return a run's trace: its id is one of 16 bytes already."""
    return uuid.UUID(run_id).int


def run_span_id(run_id: str) -> int:
    """Return the span that stands for all of a run."""
    return _span(run_id)


def epoch_span_id(run_id: str, epoch: int) -> int:
    """Return the span of one claim: what one actor did with the run."""
    return _span(run_id, "epoch", str(epoch))


def attempt_span_id(run_id: str, epoch: int, task_id: str, attempt: int) -> int:
    """Return the span of one attempt of a task."""
    return _span(run_id, "task", str(epoch), task_id, str(attempt))


def created_ns(run_id: str, *, default_ns: int) -> int:
    """Return when a run was created, in ns since 1970, by its id; `default_ns` where the client chose another kind of id.

    >>> created_ns("01a21208-0832-7558-9b92-1918b7df282a", default_ns=0) // 10**9
    1795598846
    """
    value = uuid.UUID(run_id)
    return (value.int >> 80) * 1_000_000 if value.version == 7 else default_ns


def _span(*parts: str) -> int:
    digest = hashlib.blake2b("\x00".join(parts).encode(), digest_size=_SPAN_BYTES).digest()
    return int.from_bytes(digest, "big") or 1
