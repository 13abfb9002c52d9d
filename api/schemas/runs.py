"""A run, how one is asked for, and the commands that it takes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.strict_json import has_control_characters
from fastgraph.database.ranks import MAX_PRIORITY, MIN_PRIORITY
from fastgraph.ids import parse_id
from fastgraph.status import RunStatus

__all__ = ["CreateRun", "ResumeRun", "Run", "RunConfig", "RunCreated", "RunError"]


def _plain_name(text: str) -> str:
    if has_control_characters(text):
        raise ValueError("holds control characters; leave them out")
    return text


def _uuid(text: str) -> str:
    try:
        return parse_id(text)
    except ValueError:
        raise ValueError("is no UUID") from None


Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain_name)]


class RunConfig(BaseModel):
    """How a run is executed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    recursion_limit: int | None = Field(None, ge=1, le=2**31 - 1, description="Most steps; else 10007.")
    max_concurrency: int | None = Field(
        None, ge=1, le=2**31 - 1, description="Most tasks of the run at once."
    )
    timeout_seconds: float | None = Field(
        None,
        gt=0,
        le=10 * 366 * 86400,
        description="Time until the run is given up, from now on, also while it waits.",
    )
    interrupt_before: Literal["*"] | list[Name] | None = Field(
        None, description="Nodes to stop before, or *."
    )
    interrupt_after: Literal["*"] | list[Name] | None = Field(None, description="Nodes to stop after, or *.")
    configurable: dict[str, Any] | None = Field(
        None, description='What nodes read as config["configurable"], beside thread_id and run_id.'
    )


class CreateRun(BaseModel):
    """A new run. Without `workflow` the default one is started."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name = Field(examples=["test-run"])
    payload: Any = Field(
        default_factory=dict,
        examples=[{"input": "hello world"}],
        description="Input, checked against the workflow's input schema. Null goes on with the thread where it stands, or "
        "at `checkpoint_id`, without a new input.",
    )
    workflow: Name | None = None
    thread_id: Annotated[str, AfterValidator(_uuid)] | None = Field(
        None,
        json_schema_extra={"format": "uuid"},
        description="Thread to continue; a new one where it is not given.",
    )
    checkpoint_id: Annotated[str, AfterValidator(_uuid)] | None = Field(
        None,
        json_schema_extra={"format": "uuid"},
        description="Begin at this checkpoint of the thread, and leave what came after it as it is.",
    )
    tags: list[Name] = Field(default_factory=list, max_length=50)
    context: dict[str, Any] | None = Field(None, description="What the nodes may read beside the state.")
    config: RunConfig | None = None
    on_busy_thread: Literal["queue", "reject"] = Field("queue", description="While another run has its turn.")
    priority: int = Field(
        0,
        ge=MIN_PRIORITY,
        le=MAX_PRIORITY,
        description="Runs of a higher one start first. A waiting run rises by one a minute, so none waits for ever; runs of "
        "one thread keep their order.",
    )


class RunCreated(BaseModel):
    """The run is durable: it survives a crash from now on."""

    run_id: str


class RunError(BaseModel):
    """Why a run failed or was ended."""

    type: str
    message: str
    node: str | None
    attempt: int | None
    traceback: str | None


class Run(BaseModel):
    """A run as it stands."""

    run_id: str
    name: str
    workflow: str
    thread_id: str
    status: RunStatus
    payload: Any
    result: Any = Field(description="State at the end; null before.")
    error: RunError | None
    tags: list[str]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    waiting_for: str | None = Field(description="What the run waits for, in words.")
    last_seq: int = Field(description="Number of its last event.")
    priority: int = Field(description="As it was asked for.")
    kept: bool = Field(description="Whether retention leaves it alone, because somebody said so.")
    retried_from: str | None = Field(description="The run that this one tries again, if it does.")
    settled_at: datetime | None = Field(
        description="When its bad end was discarded, or tried again by another run."
    )
    parent_run_id: str | None = Field(description="The run that started it, if one did.")
    children: list[str] = Field(description="Runs that it started, oldest first.")


class ResumeRun(BaseModel):
    """The answer to the one pending interrupt, or answers by the interrupts' ids."""

    model_config = ConfigDict(extra="forbid", strict=True)

    resume: Any = Field(None, description="The answer, where one interrupt is pending.")
    answers: dict[str, Any] | None = Field(None, min_length=1, description="Answers by interrupt id.")
