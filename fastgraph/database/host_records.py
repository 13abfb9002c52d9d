"""What hosts write of themselves, and what others write when a host or an actor is gone: operations of the Writer.

The same rules as in `records.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

__all__ = [
    "FreeDeadHost",
    "FreeRun",
    "ProbeStore",
    "PublishHost",
    "PublishedWorkflow",
    "RenewLease",
    "RetireHost",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedWorkflow:
    name: str
    description: str
    graph_hash: str
    input_schema: bytes
    graph: bytes
    mermaid: str
    is_default: bool
    keys: bytes = b"{}"
    """A JSON object: key of the state -> its type as text."""
    outputs: bytes | None = None
    """A JSON array of the keys that make a run's result, or the one key whose bare value is it; None shows all keys."""
    max_active: int | None = None
    """How many of its runs may have an owner at once; None is no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishHost:
    """A host has booted with these workflows; also its first lease. `parent` is the boot that started it for a run on
    probation."""

    boot_id: str
    pid: int
    address: str
    version: str
    lease_seconds: float
    now: datetime
    workflows: tuple[PublishedWorkflow, ...] = field(default=())
    parent: str | None = None
    run_keys: tuple[int, ...] = ()
    size_bytes: int = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewLease:
    """One row a host boot; `report` is a small JSON object for health. Answers False where the boot was declared
    dead."""

    boot_id: str
    lease_seconds: float
    report: bytes
    run_keys: tuple[int, ...] = ()
    size_bytes: int = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeDeadHost:
    """A boot is proved dead (or its lease has lapsed): free its claims (owner NULL, epoch + 1) and count a death for
    each run that was executing and has committed nothing since the last one; a run whose deaths reach
    `quarantine_deaths` ends quarantined, its error saying at which node its hosts died. Answers the freed run ids.
    With `only_if_lapsed`, ConflictError where the boot has renewed its lease meanwhile (database time)."""

    boot_id: str
    reason: str
    now: datetime
    quarantine_deaths: int = 3
    only_if_lapsed: bool = False
    run_keys: tuple[int, ...] = ()
    size_bytes: int = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeRun:
    """A run's actor has died inside a living host: give up the claim (owner NULL, epoch + 1) so that it is taken up
    again from its last checkpoint, `not_before` some time. Answers False where the epoch is another by now."""

    run_key: int
    owner: str
    epoch: int
    reason: str
    not_before: datetime | None
    now: datetime

    @property
    def run_keys(self) -> tuple[int, ...]:
        return (self.run_key,)

    size_bytes: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeStore:
    """Write the time into one row, to know that something can be written. Answers True."""

    now: datetime
    run_keys: tuple[int, ...] = ()
    size_bytes: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RetireHost:
    """A host ends in order: its row is closed; claims that are left are freed without a death."""

    boot_id: str
    now: datetime
    run_keys: tuple[int, ...] = ()
    size_bytes: int = 300
