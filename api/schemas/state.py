"""The state of a run's thread, and its checkpoints."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.runs import RunError

__all__ = [
    "Checkpoint",
    "Interrupt",
    "NestedState",
    "PendingInterrupt",
    "PendingTask",
    "RunState",
    "StateUpdate",
    "ThreadCheckpoint",
    "ThreadUpdated",
    "UpdateThread",
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


class StateUpdate(BaseModel):
    """What a node is to have returned; null values mark it as done."""

    model_config = ConfigDict(extra="forbid")

    values: Any = None
    as_node: str | None = Field(None, description="The node; where only one ran last it need not be said.")


class UpdateThread(BaseModel):
    """A change of a thread's state, as `update_state` makes it, or several steps of changes."""

    model_config = ConfigDict(extra="forbid")

    values: Any = None
    as_node: str | None = None
    supersteps: list[list[StateUpdate]] | None = Field(
        None, min_length=1, max_length=1000, description="Instead of values and as_node: steps, in order."
    )
    checkpoint_id: str | None = Field(
        None, description="Change the state at this checkpoint; default the newest."
    )
    workflow: str | None = Field(None, description="Default the one of the thread's newest run.")


class ThreadUpdated(BaseModel):
    """The new checkpoint. `checkpoint_id` is null while the run that makes it waits for its turn (202)."""

    run_id: str
    checkpoint_id: str | None


class Checkpoint(BaseModel):
    """One kept step of a thread."""

    checkpoint_id: str
    step: int
    created_at: datetime
    next: list[str]
    writes_by: list[str] = Field(description="Nodes whose writes led to it.")
