"""What people order of runs, workflows and the server, and what was ordered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.schemas.runs import Name
from api.strict_json import has_control_characters
from fastgraph.ids import parse_id

__all__ = ["AuditEntry", "Command", "ForkRun", "Pause", "PauseSet", "RetryRun", "RunBegun"]


def _plain(text: str) -> str:
    if has_control_characters(text):
        raise ValueError("holds control characters; leave them out")
    return text


def _uuid(text: str) -> str:
    try:
        return parse_id(text)
    except ValueError:
        raise ValueError("is no UUID") from None


Reason = Annotated[str, Field(max_length=2000), AfterValidator(_plain)]


class Command(BaseModel):
    """Why something is ordered; the body may be left out."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: Reason | None = Field(None, description="Kept in the audit log.")


class RetryRun(Command):
    """Try a run again that failed, was cancelled or quarantined."""

    update: dict[str, Any] | None = Field(
        None,
        description="Keys of the state to change first; of a run that has no checkpoint yet, keys of its payload.",
    )


class ForkRun(Command):
    """Go on from a checkpoint of a run's thread, another way perhaps."""

    checkpoint_id: Annotated[str, AfterValidator(_uuid)] | None = Field(
        None, json_schema_extra={"format": "uuid"}, description="Default the run's last one."
    )
    update: dict[str, Any] | None = Field(
        None, description="Keys of the state to change first. What was due at the checkpoint stays due."
    )
    as_node: Name | None = Field(
        None, description="Take the update for what this node has returned: what follows it is due then."
    )


class RunBegun(BaseModel):
    """The new run is durable."""

    run_id: str
    thread_id: str


class PauseSet(BaseModel):
    """How it stands after the command."""

    is_paused: bool
    has_changed: bool = Field(description="False where it was so before.")


class Pause(BaseModel):
    """What is paused beside single runs, since when and by whom."""

    scope: Literal["server", "workflow"]
    name: str = Field(description="The workflow; empty for the server.")
    who: str
    reason: str | None
    paused_at: datetime


class AuditEntry(BaseModel):
    """One command. Nothing ever changes one."""

    at: datetime
    who: str = Field(description="The name of the caller's key; `loopback` where no keys exist.")
    action: str
    subject: str = Field(description="`run ID`, `workflow NAME`, `thread ID` or `server`.")
    request_id: str | None = Field(description="The caller's Idempotency-Key.")
    reason: str | None
    outcome: str = Field(description="`done`, or `refused:` and why.")
