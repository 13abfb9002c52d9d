"""What a running task may ask of whoever executes it: the host, a task process, or the in-process runner.

User code never sees this; it calls the functions of `fastgraph.graph.in_node`, which find the services of the task that
is running. Every method may be called from any thread.
"""

from __future__ import annotations

import os
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, runtime_checkable

from fastgraph.events import EventKind

if TYPE_CHECKING:
    from fastgraph.checkpoint.base import ThreadLog, ValueReader

__all__ = ["ArtifactSource", "TaskServices", "WritesObjects"]

ArtifactSource = bytes | str | os.PathLike[str] | BinaryIO
"""The content of an artifact: bytes, text (kept as UTF-8), a file named by a path object, or an open binary file."""


class TaskServices(Protocol):
    """The outside world of one task."""

    @property
    def run_id(self) -> str:
        """The run's id."""
        ...

    def emit(self, kind: EventKind, data: bytes) -> None:
        """Add an event of kind LOG, CUSTOM, TOKEN or PROGRESS to the run's feed; `data` is an encoded JSON value."""
        ...

    def save_artifact(self, name: str, data: ArtifactSource, media_type: str | None) -> str:
        """Keep an artifact and return its id; it is visible once the task's result is committed."""
        ...

    def open_artifact(self, artifact_id: str) -> BinaryIO:
        """Open an artifact for reading. Raises ArtifactNotFoundError."""
        ...

    def read_artifact(self, artifact_id: str) -> bytes:
        """Return an artifact's whole content. Raises ArtifactNotFoundError."""
        ...

    def is_cancelled(self) -> bool:
        """Say whether the run was asked to stop; a long node may look and return early."""
        ...

    def open_log(self, namespace: str, reader: ValueReader) -> ThreadLog:
        """Return the lineage of a nested run's checkpoints in this run's thread, new or known."""
        ...

    def find_record(self, key: str) -> bytes | None:
        """Return what this task, in an attempt or execution before, has kept under `key`; None where it has not."""
        ...

    def keep_record(self, key: str, data: bytes) -> Future[None] | None:
        """Keep a small fact of this task; it is durable when what is returned is done, None says that it is already."""
        ...


@runtime_checkable
class WritesObjects(Protocol):
    """Services in the same process can take the objects of a stream writer as they are."""

    def write_object(self, value: Any) -> None:
        """Pass on what a node gave to its stream writer."""
        ...
