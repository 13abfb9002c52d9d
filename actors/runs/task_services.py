"""What a host gives to a running task: its way to the feed, to artifacts, and to know that it was cancelled.

Called from user threads and user loops.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from actors.executors.executor import Job
from actors.runs.stream_buffer import StreamBuffer
from actors.runs.task_artifacts import FindArtifact, TaskArtifacts
from fastgraph.blobs.blobs import Blobs
from fastgraph.database.records import ArtifactRow
from fastgraph.events import EventKind
from fastgraph.execution.tasks import CacheEntry, Task
from fastgraph.graph.services import ArtifactSource

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
    ) -> None:
        self.job: Job | None = None
        self.find_artifact = find_artifact
        self._run_id = run_id
        self._task = task
        self._stream = stream
        self._find_cached = find_cached
        self._artifacts = TaskArtifacts(node=task.node, files=files, find=find_artifact)

    @property
    def run_id(self) -> str:
        return self._run_id

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

    def is_cancelled(self) -> bool:
        return self.job is not None and self.job.is_cancelled
