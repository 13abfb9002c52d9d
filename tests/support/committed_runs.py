"""A host without a host: writes what a host would commit, through the Writer, so that tests decide each step.

`FakeHost` here is no fake of ours: it sends the same operations to the same store as a real one, it only executes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson

from fastgraph.database.host_records import FreeDeadHost, PublishedWorkflow, PublishHost
from fastgraph.database.records import (
    ArtifactRow,
    CheckpointRow,
    ClaimedRun,
    ClaimRuns,
    CommitRun,
    InterruptRow,
    NewEvent,
    ResultRow,
)
from fastgraph.events import EventKind
from fastgraph.ids import new_id
from fastgraph.status import RunStatus

__all__ = ["CommittingHost", "CommittingRun", "Writes", "workflow"]


class Writes(Protocol):
    """What is needed of the Writer's client."""

    async def write(self, operation: Any) -> Any: ...


def workflow(name: str = "text-report", *, is_default: bool = True, schema: Any = None) -> PublishedWorkflow:
    """Describe a workflow of two nodes."""
    return PublishedWorkflow(
        name=name,
        description=f"The workflow {name}.",
        graph_hash="hash-1",
        input_schema=orjson.dumps(schema or {"type": "object", "properties": {"input": {"type": "string"}}}),
        graph=orjson.dumps(
            {
                "nodes": [{"id": "parse", "name": "parse"}, {"id": "report", "name": "report"}],
                "edges": [{"source": "parse", "target": "report", "conditional": False, "label": None}],
            }
        ),
        mermaid="graph TD;\n  parse --> report;",
        is_default=is_default,
    )


@dataclass
class CommittingHost:
    """A boot that has published and claims; its runs are driven by the test."""

    writer: Writes
    boot_id: str = field(default_factory=new_id)

    async def publish(self, *workflows: PublishedWorkflow) -> None:
        await self.writer.write(
            PublishHost(
                boot_id=self.boot_id,
                pid=1,
                address="here",
                version="0",
                lease_seconds=60.0,
                now=datetime.now(UTC),
                workflows=workflows or (workflow(),),
            )
        )

    def died(self) -> FreeDeadHost:
        """Return what whoever finds this boot dead would write."""
        return FreeDeadHost(boot_id=self.boot_id, reason="the test says so", now=datetime.now(UTC))

    async def claim(self, *names: str) -> list[CommittingRun]:
        """Take all runs that wait for these workflows."""
        operation = ClaimRuns(
            owner=self.boot_id, workflows=names or ("text-report",), limit=100, now=datetime.now(UTC)
        )
        return [CommittingRun(self, claimed, claimed.seq) for claimed in await self.writer.write(operation)]


@dataclass
class CommittingRun:
    """A claimed run; each method is one commit."""

    host: CommittingHost
    claimed: ClaimedRun
    seq: int

    @property
    def run_id(self) -> str:
        return self.claimed.run_id

    async def commit(self, *events: NewEvent, **facts: Any) -> int:
        """Commit events and whatever else a commit holds; answers the last number."""
        committed = await self.host.writer.write(
            CommitRun(
                run_key=self.claimed.run_key,
                run_id=self.claimed.run_id,
                thread_key=self.claimed.thread_key,
                owner=self.host.boot_id,
                epoch=self.claimed.epoch,
                expected_seq=self.seq,
                events=events,
                **facts,
            )
        )
        self.seq = committed.seq
        return self.seq

    async def start(self) -> None:
        await self.commit(event(EventKind.STARTED), status=RunStatus.RUNNING)

    async def log(self, text: str, *, node: str = "parse") -> int:
        return await self.commit(event(EventKind.LOG, node=node, data={"message": text}))

    async def stream(self, *texts: str, node: str = "parse") -> int:
        """Commit several log lines as one row."""
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        parts = [{"event": "log", "node": node, "at": at, "data": {"message": text}} for text in texts]
        batch = NewEvent(kind="stream", at=datetime.now(UTC), data=orjson.dumps(parts), covers=len(parts))
        return await self.commit(batch)

    async def step(
        self, node: str, update: dict[str, Any], *, number: int, following: tuple[str, ...] = ()
    ) -> int:
        """Commit a node's result with the checkpoint that it leads to."""
        machine = {"first_step": -1, "due": [[name, [node]] for name in following], "finished": [node]}
        result = ResultRow(
            task_id=f"task-{number}",
            node=node,
            path=f"pull:{node}",
            checkpoint_number=number - 1,
            update=orjson.dumps(update),
        )
        checkpoint = CheckpointRow(
            number=number,
            parent=number - 1 or None,
            step=number - 2,
            changes=orjson.dumps({key: ["set", value] for key, value in update.items()}),
            machine=orjson.dumps(machine),
            is_snapshot=False,
            state_bytes=100,
        )
        update_event = NewEvent(kind=EventKind.NODE_UPDATE, at=datetime.now(UTC), node=node, result=0)
        return await self.commit(update_event, results=(result,), checkpoint=checkpoint)

    async def artifact(self, row: ArtifactRow) -> int:
        data = {"artifact_id": row.artifact_id, "name": row.name}
        return await self.commit(event(EventKind.ARTIFACT, node=row.node, data=data), artifacts=(row,))

    async def ask(self, *questions: InterruptRow) -> int:
        """Wait for answers, and give up the claim."""
        asked = [
            event(EventKind.INTERRUPTED, node=row.node, data={"id": row.interrupt_id}) for row in questions
        ]
        return await self.commit(*asked, interrupts=questions, status=RunStatus.INTERRUPTED, release=True)

    async def complete(self, result: Any = None) -> int:
        body = orjson.dumps({} if result is None else result)
        return await self.commit(event(EventKind.COMPLETED), status=RunStatus.COMPLETED, result=body)

    async def fail(self, error: dict[str, Any]) -> int:
        return await self.commit(event(EventKind.FAILED), status=RunStatus.FAILED, error=orjson.dumps(error))


def event(kind: EventKind, *, node: str | None = None, data: Any = None) -> NewEvent:
    return NewEvent(
        kind=kind, at=datetime.now(UTC), node=node, data=None if data is None else orjson.dumps(data)
    )
