"""What a host gives to a running task: its way to the feed, to artifacts, and to know that it was cancelled.

Called from user threads and user loops.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, BinaryIO

import orjson

from actors.executors.executor import Job
from actors.runs.call_events import call_event
from actors.runs.nested_log import NestedLog
from actors.runs.nested_store import NestedStore
from actors.runs.outbox import Outbox
from actors.runs.run_cache import RunCache
from actors.runs.stream_buffer import StreamBuffer
from actors.runs.task_artifacts import FindArtifact, TaskArtifacts
from fastgraph.blobs.blobs import Blobs
from fastgraph.checkpoint.base import ValueReader
from fastgraph.clock import Clock
from fastgraph.database.records import Accepted, ArtifactRow, NewEvent, TaskRecordRow
from fastgraph.events import EventKind
from fastgraph.execution.tasks import CacheEntry, Task
from fastgraph.graph.child_runs import ChildRequest
from fastgraph.graph.services import ArtifactSource
from fastgraph.graph.state_access import StateAccess

__all__ = ["HostTaskServices"]


def _find_nothing(_: CacheEntry) -> bytes | None:
    """There is no cache."""
    return None


class HostTaskServices:
    """The services of one attempt of one task. `artifacts` are what it has saved, in order."""

    def __init__(
        self,
        *,
        run_id: str,
        task: Task,
        stream: StreamBuffer,
        files: Blobs,
        find_artifact: FindArtifact,
        find_cached: Callable[[CacheEntry], bytes | None] = _find_nothing,
        nested: NestedStore,
        outbox: Outbox,
        clock: Clock,
    ) -> None:
        self.job: Job | None = None
        self.find_artifact = find_artifact
        self._run_id = run_id
        self._task = task
        self._stream = stream
        self._find_cached = find_cached
        self._nested = nested
        self._outbox = outbox
        self._clock = clock
        self._records: dict[str, bytes] = {}
        self.cache = RunCache(find_cached, outbox.add, clock)
        self._artifacts = TaskArtifacts(node=task.node, files=files, find=find_artifact)

    @property
    def run_id(self) -> str:
        return self._run_id

    @property
    def nested(self) -> NestedStore:
        """The store as runs nested in this task read it."""
        return self._nested

    @property
    def outbox(self) -> Outbox:
        """Where what is nested in this task goes."""
        return self._outbox

    @property
    def artifacts(self) -> list[ArtifactRow]:
        """What this attempt has saved; a task process adds what was saved there."""
        return self._artifacts.rows

    def emit(self, kind: EventKind, data: bytes) -> None:
        """Add an event to the run's feed; one of an attempt that nobody waits for any more is dropped."""
        if self.job is None or not self.job.is_over:
            self._stream.add(kind, self._task.node, data)

    def save_artifact(self, name: str, data: ArtifactSource, media_type: str | None) -> str:
        """Store the content now; the artifact appears with the task's result."""
        return self._artifacts.save(name, data, media_type)

    def open_artifact(self, artifact_id: str) -> BinaryIO:
        """Open an artifact of this attempt or of the store. Raises ArtifactNotFoundError."""
        return self._artifacts.open(artifact_id)

    def read_artifact(self, artifact_id: str) -> bytes:
        """Return the whole content. Raises ArtifactNotFoundError."""
        with self.open_artifact(artifact_id) as file:
            return file.read()

    def find_cached(self, entry: CacheEntry) -> bytes | None:
        """Return what a node with a cache policy gave for this input before; blocks for the time of a query."""
        return self._find_cached(entry)

    def open_log(self, namespace: str, reader: ValueReader) -> NestedLog:
        """Open the lineage of a run nested in this task; blocks for the time of a query."""
        if not isinstance(reader, StateAccess):
            raise TypeError(f"A nested run is read by its graph's state, not by {type(reader).__name__}.")
        key, is_new = self._nested.open_lineage(namespace)
        return NestedLog(
            key=key,
            is_new=is_new,
            namespace=namespace,
            state=reader,
            store=self._nested,
            outbox=self._outbox,
            clock=self._clock,
        )

    def find_record(self, key: str) -> bytes | None:
        """Return what this task has kept under `key`; blocks for the time of a query."""
        known = self._records.get(key)
        return known if known is not None else self._nested.find_record(self._task.id, key)

    def keep_record(self, key: str, data: bytes) -> Future[None] | None:
        """Keep a small fact of this task."""
        self._records[key] = data
        self._outbox.add(TaskRecordRow(task_id=self._task.id, record_key=key, value=data))
        return self._outbox.settle()

    def start_run(self, request: ChildRequest) -> Future[str]:
        """Accept a child run; an attempt that is given up starts none any more."""
        started: Future[str] = Future()
        if self.job is not None and self.job.is_over:
            started.cancel()
            return started
        self._nested.start_child(request).add_done_callback(partial(self._child_started, request, started))
        return started

    def _child_started(
        self, request: ChildRequest, started: Future[str], accepting: Future[Accepted]
    ) -> None:
        """Called on the actors' loop."""
        error = accepting.exception()
        if error is not None:
            started.set_exception(error)
            return
        accepted = accepting.result()
        if accepted.is_new:
            data = {"run_id": accepted.run_id, "workflow": request.workflow, "key": request.key}
            self._outbox.add(
                NewEvent(
                    kind=EventKind.CHILD_STARTED,
                    at=self._clock.now(),
                    node=request.node,
                    data=orjson.dumps(data),
                )
            )
        started.set_result(accepted.run_id)

    # What nodes of nested runs send belongs to this run's feed; nobody here watches their chunks.

    @property
    def is_feed(self) -> bool:
        return True

    @property
    def nested_modes(self) -> frozenset[str]:
        return frozenset()

    def pass_on(self, chunk: object) -> None:
        """Nobody watches."""

    def show(self, mode: str, data: object) -> None:
        """Nobody watches."""

    def tell_call(
        self, kind: EventKind, task: Task, namespace: str, *, value: bytes | None = None, **more: Any
    ) -> None:
        """Tell of a functional task that was called in this one; `value` is what it returned, encoded."""
        self._outbox.add(call_event(kind, task, namespace, self._clock.now(), value=value, **more))

    def emit_nested(self, namespace: str, node: str, kind: EventKind, data: bytes) -> None:  # noqa: ARG002 - the node says it
        """Add what a nested node sent."""
        if self.job is None or not self.job.is_over:
            self._stream.add(kind, node, data)

    def close(self) -> None:
        """This attempt is given up: nothing that it says counts any more."""
        self._outbox.close()

    def is_cancelled(self) -> bool:
        return self.job is not None and self.job.is_cancelled
