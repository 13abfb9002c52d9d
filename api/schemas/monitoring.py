"""Health of the whole, and the tree of actors."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

__all__ = ["Actor", "Health", "HostHealth", "Liveness"]


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
    stranded_runs: int = Field(description="Executing by the store's account, and no living host owns them.")
    version: str


class Liveness(BaseModel):
    status: Literal["ok"]


class Actor(BaseModel):
    """An actor and those it supervises."""

    key: str
    kind: str
    state: str
    mailbox_depth: int
    restarts: int
    children: list[Actor]
