"""Versions of a workflow, and what a change would mean for its runs."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "CheckVersion",
    "CheckedRunFacts",
    "MigrateRuns",
    "MigrationAnswer",
    "RefusedMigration",
    "Version",
    "VersionCheck",
]

Places = dict[str, str | None]


class Version(BaseModel):
    """One version of a workflow that some host has published."""

    graph_hash: str
    nodes: list[str]
    keys: dict[str, str] = Field(description="Key of the state -> its type.")
    published_at: datetime
    hosts: int = Field(description="Living hosts that have it.")


class CheckVersion(BaseModel):
    """A version that is not published yet, as `fastgraph workflows check --target` describes it."""

    model_config = ConfigDict(extra="forbid")

    graph_hash: str
    nodes: list[str]
    keys: dict[str, str] = Field(default_factory=dict)


class CheckedRunFacts(BaseModel):
    run_id: str
    status: str
    graph_hash: str | None
    waiting_for: str | None
    breaks: bool = Field(description="The run would be held until it is migrated.")
    problems: list[str]


class VersionCheck(BaseModel):
    """What would become of the runs that have begun, if this version were all there is."""

    workflow: str
    graph_hash: str
    breaking: int
    runs: list[CheckedRunFacts] = Field(description="Those that stand on another version, oldest first.")


class MigrateRuns(BaseModel):
    """Which runs go on with which version, and what takes the place of what is gone there."""

    model_config = ConfigDict(extra="forbid")

    graph_hash: str | None = Field(None, description="The version; default the newest one.")
    run_ids: list[str] | None = Field(
        None, description="Only these; default all that stand on another version."
    )
    nodes: Places = Field(
        default_factory=dict, description="Old node -> new node; null drops a task that was due."
    )
    keys: Places = Field(default_factory=dict, description="Old key -> new key; null drops its value.")


class RefusedMigration(BaseModel):
    run_id: str
    reason: str


class MigrationAnswer(BaseModel):
    graph_hash: str
    migrated: list[str]
    refused: list[RefusedMigration]
