"""What a run's feed tells of functional tasks, made where the task runs: in the host or in a task process."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from fastgraph.database.event_text import INLINE_BYTES
from fastgraph.database.records import NewEvent
from fastgraph.events import EventKind
from fastgraph.execution.tasks import Task
from fastgraph.state.presentation import preview

__all__ = ["call_event"]


def call_event(
    kind: EventKind,
    task: Task,
    namespace: str,
    now: datetime,
    *,
    value: bytes | None = None,
    **more: Any,
) -> NewEvent:
    """Tell of a functional task that was called at `namespace`; `value` is what it returned, encoded."""
    data = {"task_id": task.id, "step": task.step, "namespace": namespace, **more}
    if value is not None:
        data["update"] = _shown(value)
    return NewEvent(kind=kind, at=now, node=task.node, data=orjson.dumps(data))


def _shown(value: bytes) -> orjson.Fragment | Mapping[str, object]:
    """A large value is not repeated in the feed; it is kept for the task around, so there is no address of the whole."""
    if len(value) <= INLINE_BYTES:
        return orjson.Fragment(value)
    return {"size": len(value), "sha256": hashlib.sha256(value).hexdigest(), "preview": preview(value)}
