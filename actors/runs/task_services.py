"""What a host gives to a running task: its way to the feed, to artifacts, and to know that it was cancelled.

Called from user threads and user loops. Files are written there, at once and durably; the rows that name them wait for the
task's own commit, so an artifact is seen exactly when its task's result is.
"""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import orjson

from actors.executors.executor import Job
from actors.runs.stream_buffer import StreamBuffer
from fastgraph.blobs.blobs import Blob, Blobs
from fastgraph.database.records import ArtifactRow
from fastgraph.errors import ArtifactNotFoundError
from fastgraph.events import EventKind
from fastgraph.execution.tasks import Task
from fastgraph.graph.services import ArtifactSource
from fastgraph.ids import new_id

__all__ = ["HostTaskServices"]

CHUNK_BYTES = 1024 * 1024
FALLBACK_MEDIA_TYPE = "application/octet-stream"

FindArtifact = Callable[[str], str | None]
"""Artifact id -> the sha256 of its content, or None."""


class HostTaskServices:
    """The services of one attempt of one task. `artifacts` are what it has saved, in order."""

    def __init__(
        self, *, run_id: str, task: Task, stream: StreamBuffer, files: Blobs, find_artifact: FindArtifact
    ) -> None:
        self.artifacts: list[ArtifactRow] = []
        self.job: Job | None = None
        self._run_id = run_id
        self._task = task
        self._stream = stream
        self._files = files
        self._find_artifact = find_artifact

    @property
    def run_id(self) -> str:
        return self._run_id

    def emit(self, kind: EventKind, data: bytes) -> None:
        """Add an event to the run's feed; one of an attempt that nobody waits for any more is dropped."""
        if self.job is None or not self.job.is_over:
            self._stream.add(kind, self._task.node, data)

    def save_artifact(self, name: str, data: ArtifactSource, media_type: str | None) -> str:
        """Store the content now; the artifact appears with the task's result."""
        stored = self._put(data)
        row = ArtifactRow(
            artifact_id=new_id(),
            name=name,
            media_type=media_type or mimetypes.guess_type(name)[0] or FALLBACK_MEDIA_TYPE,
            size=stored.size,
            sha256=stored.sha256,
            node=self._task.node,
        )
        self.artifacts.append(row)
        return row.artifact_id

    def _put(self, data: ArtifactSource) -> Blob:
        if isinstance(data, bytes):
            return self._files.put(data)
        if isinstance(data, str):
            return self._files.put(data.encode())
        if isinstance(data, os.PathLike):
            return self._files.put_file(Path(data))
        return self._files.put_stream(iter(lambda: data.read(CHUNK_BYTES), b""))

    def open_artifact(self, artifact_id: str) -> BinaryIO:
        """Open an artifact of this attempt or of the store. Raises ArtifactNotFoundError."""
        own = next((row for row in self.artifacts if row.artifact_id == artifact_id), None)
        sha256 = own.sha256 if own is not None else self._find_artifact(artifact_id)
        if sha256 is None:
            raise ArtifactNotFoundError(artifact_id)
        return self._files.open(sha256)

    def read_artifact(self, artifact_id: str) -> bytes:
        """Return the whole content. Raises ArtifactNotFoundError."""
        with self.open_artifact(artifact_id) as file:
            return file.read()

    def is_cancelled(self) -> bool:
        return self.job is not None and self.job.is_cancelled


def artifact_data(row: ArtifactRow) -> bytes:
    """The data of an `artifact` event."""
    return orjson.dumps(
        {
            "artifact_id": row.artifact_id,
            "name": row.name,
            "media_type": row.media_type,
            "size": row.size,
            "sha256": row.sha256,
        }
    )
