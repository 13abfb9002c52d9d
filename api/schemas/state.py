"""The state of a run's thread, and its checkpoints."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from api.schemas.runs import RunError

__all__ = ["Checkpoint", "Interrupt", "PendingTask", "RunState"]


class PendingTask(BaseModel):
    """A task of the next step."""

    id: str
    name: str
    attempt: int
    error: RunError | None


class Interrupt(BaseModel):
    """A question that a node asked and nobody has answered yet."""

    id: str
    node: str
    value: Any
    response_schema: dict[str, Any] | None
    created_at: datetime


class RunState(BaseModel):
    """Values after the last step, and what comes next."""

    values: dict[str, Any]
    next: list[str] = Field(description="Nodes of the next step.")
    checkpoint_id: str | None
    step: int | None
    tasks: list[PendingTask]
    interrupts: list[Interrupt]


class Checkpoint(BaseModel):
    """One kept step of a thread."""

    checkpoint_id: str
    step: int
    created_at: datetime
    next: list[str]
    writes_by: list[str] = Field(description="Nodes whose writes led to it.")
