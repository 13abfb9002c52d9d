"""The state of a run's thread, and its checkpoints."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from api.schemas.runs import RunError

__all__ = [
    "Checkpoint",
    "Interrupt",
    "NestedState",
    "PendingInterrupt",
    "PendingTask",
    "RunState",
    "ThreadCheckpoint",
]


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
    parent_checkpoint_id: str | None
    step: int | None
    source: str | None = Field(description="What made the checkpoint: input, loop, update or fork.")
    created_at: datetime | None
    tasks: list[PendingTask]
    interrupts: list[Interrupt]


class NestedState(RunState):
    """The state of a run, or of a graph inside it."""

    namespaces: list[str] = Field(
        description="Graphs inside that have a state of their own: ask for it by ?namespace=."
    )


class ThreadCheckpoint(BaseModel):
    """One kept step of a thread with its values; `next` are all nodes that were due there."""

    values: dict[str, Any]
    next: list[str]
    checkpoint_id: str
    parent_checkpoint_id: str | None
    step: int
    source: str
    created_at: datetime
    run_id: str


class PendingInterrupt(Interrupt):
    """A question of any run that waits for its answer, or a wait of another kind."""

    run_id: str
    run_name: str
    workflow: str
    thread_id: str
    kind: str = Field(description="interrupt, timer, signal or child.")
    name: str | None = Field(description="A signal's name, or a child's run id.")
    due_at: datetime | None = Field(description="When a timer is over, or the wait is given up.")
    path: list[str] = Field(description="The nodes that lead to the task that asks, outermost first.")


class Checkpoint(BaseModel):
    """One kept step of a thread."""

    checkpoint_id: str
    step: int
    created_at: datetime
    next: list[str]
    writes_by: list[str] = Field(description="Nodes whose writes led to it.")
