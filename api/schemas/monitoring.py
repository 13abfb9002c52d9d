"""Health of the whole, the tree of actors, hosts, what is stuck, and what operators ask of hosts."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

__all__ = [
    "Actor",
    "DeadLetter",
    "HandlingTimes",
    "Health",
    "Host",
    "HostCommand",
    "HostDetails",
    "HostFigures",
    "HostHealth",
    "LastCheckpoint",
    "Liveness",
    "Readiness",
    "RunningTask",
    "Stuck",
    "StuckThing",
]


class HostHealth(BaseModel):
    boot_id: str
    pid: int
    started_at: datetime
    is_alive: bool
    active_runs: int


class Health(BaseModel):
    """`degraded` still serves; `failing` (503) accepts nothing, or has nobody who could run it."""

    status: Literal["ok", "degraded", "failing"]
    reasons: list[str] = Field(description="Why it is not ok, in words.")
    store: dict[str, Any]
    hosts: list[HostHealth]
    actors: dict[str, Any]
    runs: dict[str, int] = Field(description="How many runs there are, by status.")
    oldest_queued_seconds: float | None
    is_paused: bool = Field(description="The whole server starts nothing until it is unpaused.")
    paused_workflows: list[str] = Field(description="Workflows whose runs start nothing until an unpause.")
    stranded_runs: int = Field(description="Executing by the store's account, and no living host owns them.")
    version: str


class Liveness(BaseModel):
    status: Literal["ok"]


class Readiness(BaseModel):
    """Whether requests should come here: the store can be written, and somebody has published workflows."""

    status: Literal["ok", "not_ready"]
    reasons: list[str] = Field(description="Why it is not ready, in words.")


class LastCheckpoint(BaseModel):
    number: int
    age_seconds: float | None = Field(
        description="Since this actor committed it; null for one of a former life."
    )


class Actor(BaseModel):
    """An actor and those it supervises. What only a full report tells is null in the others."""

    id: str = Field(description="What `actors/{id}` and the actions take.")
    key: str
    kind: str
    run_id: str | None = Field(None, description="The run that it owns.")
    host: str | None = Field(None, description="The boot that it lives in; null for this API process.")
    state: str = Field(
        description="starting, idle, busy, waiting (for its restart), given_up, stopping, stopped"
    )
    mailbox_depth: int
    mailbox_capacity: int | None = None
    high_water: int | None = Field(None, description="The deepest that its mailbox has been.")
    refused: int | None = Field(None, description="Messages that its full or closed mailbox refused.")
    oldest_seconds: float | None = Field(None, description="Age of the oldest message that waits.")
    current_message: str | None = None
    current_seconds: float | None = Field(None, description="For how long it has been handling it.")
    processed: int | None = None
    rate_per_second: float | None = Field(None, description="Messages a second since the report before.")
    p50_ms: float | None = Field(
        None, description="Of handling a message; an upper bound within a factor of 2."
    )
    p95_ms: float | None = None
    p99_ms: float | None = None
    generation: int | None = Field(None, description="How many lives it has had, this one included.")
    epoch: int | None = None
    restarts: int
    restarts_in_window: int | None = Field(None, description="Deaths in the last 60 s; five are too many.")
    next_restart_seconds: float | None = None
    last_error: str | None = None
    last_error_at: datetime | None = None
    last_checkpoint: LastCheckpoint | None = None
    lease_left_seconds: float | None = None
    place: str | None = Field(None, description="The thread that it runs on.")
    is_full: bool = Field(False, description="Hosts: whether this is a full report and no heartbeat's.")
    reported_at: datetime | None = Field(None, description="Hosts: when that was told.")
    child_count: int = Field(0, description="How many it supervises; `children` may be a page of them.")
    children: list[Actor] = []


class HandlingTimes(BaseModel):
    """How long the actors of one kind have handled their messages, since the host's start."""

    kind: str
    handled: int
    busy_seconds: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


class HostFigures(BaseModel):
    """What a host measures of itself; all of it is of its last heartbeat."""

    loop_lag_seconds: float | None = Field(None, description="How late the actors' loop took its last turn.")
    loop_lag_max_seconds: float | None = Field(None, description="The worst since the heartbeat before.")
    rss_bytes: int | None = None
    descriptors: int | None = None
    threads: int | None = None
    busy_threads: int | None = None
    abandoned_threads: int | None = None
    task_processes: int | None = None
    blocked_loops: int | None = None
    wal_bytes: int | None = Field(None, description="Size of SQLite's log; null with PostgreSQL.")
    pool_in_use: int | None = Field(None, description="Connections to the store that are taken.")
    fenced_writes: int | None = Field(None, description="Commits that the guard refused; should be 0.")
    claims: int | None = None
    recoveries: int | None = Field(None, description="Claims of runs that another boot or actor had begun.")
    dead_letters: int | None = None
    running_tasks: int | None = None
    is_draining: bool = False
    is_listening: bool | None = Field(None, description="PostgreSQL: whether hints come in (LISTEN).")


class Host(BaseModel):
    boot_id: str
    pid: int
    address: str
    version: str
    started_at: datetime
    renewed_at: datetime
    ended_at: datetime | None
    ended_reason: str | None
    is_alive: bool
    lease_left_seconds: float | None = Field(
        description="Until others may take its runs; null when it has ended."
    )
    active_runs: int
    figures: HostFigures


class DeadLetter(BaseModel):
    """A message that nobody will handle: to whom, of which class, when it was given up."""

    actor: str
    message: str
    at: datetime


class RunningTask(BaseModel):
    run_id: str
    node: str
    task_id: str
    attempt: int
    executor: str = Field(description="thread, loop or process")
    seconds: float | None
    is_abandoned: bool


class HostCommand(BaseModel):
    """Something that was asked of a host, and what came of it."""

    command_id: str
    boot_id: str
    kind: Literal["restart", "stop", "dump_stack", "drain"]
    subject: str = Field(description="The id of the actor that is meant, or the boot's.")
    reason: str | None
    requested_by: str
    created_at: datetime
    done_at: datetime | None
    outcome: Literal["pending", "done", "refused", "lost"]
    answer: str | None = Field(description="A stack, or a sentence.")


class HostDetails(Host):
    workflows: list[str]
    handling: list[HandlingTimes]
    running: list[RunningTask] = Field(description="At most 200, the longest first. Only in a full report.")
    letters: list[DeadLetter] = Field(description="The last 1,000, newest first. Only in a full report.")
    commands: list[HostCommand] = Field(description="The last 50, newest first.")
    is_full: bool
    reported_at: datetime | None


class StuckThing(BaseModel):
    """Something that does not go on by itself, why, and what mends it."""

    kind: Literal["stranded", "no_workflow", "blocked_loop", "queued_too_long", "quarantined", "no_host"]
    run_id: str | None
    workflow: str | None
    host: str | None
    since: datetime | None
    reason: str
    command: str = Field(description="The command line that mends it.")


class Stuck(BaseModel):
    """`is_red`: runs are stranded, which should never be."""

    is_red: bool
    counts: dict[str, int] = Field(description="How many there are of each kind; `things` may be fewer.")
    things: list[StuckThing]
