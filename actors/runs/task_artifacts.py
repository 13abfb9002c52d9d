"""The artifacts of one attempt of a task: content goes to the files at once, the rows that name it wait for the result.

So an artifact is seen exactly when its task's result is, and a repeated attempt leaves no double behind. While the disk is
full the node waits in here, and goes on when there is room: it has no part in that. Used in hosts and in task processes; any
thread.
"""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

import orjson

from fastgraph.blobs.blobs import Blob, Blobs
from fastgraph.blobs.disk import hold_while_full
from fastgraph.database.records import ArtifactRow
from fastgraph.errors import ArtifactNotFoundError
from fastgraph.graph.services import ArtifactSource
from fastgraph.ids import new_id

__all__ = ["FindArtifact", "TaskArtifacts", "artifact_data"]

CHUNK_BYTES = 1024 * 1024
FALLBACK_MEDIA_TYPE = "application/octet-stream"

FindArtifact = Callable[[str], str | None]
"""Artifact id -> the sha256 of its content, or None."""


class TaskArtifacts:
    """`rows` are what was saved, in order. `find` looks in the store for what this attempt has not saved itself."""

    def __init__(self, *, node: str, files: Blobs, find: FindArtifact) -> None:
        self.rows: list[ArtifactRow] = []
        self._node = node
        self._files = files
        self._find = find

    def save(self, name: str, data: ArtifactSource, media_type: str | None) -> str:
        """Store the content now and return the artifact's id."""
        stored = self._put(data)
        row = ArtifactRow(
            artifact_id=new_id(),
            name=name,
            media_type=media_type or mimetypes.guess_type(name)[0] or FALLBACK_MEDIA_TYPE,
            size=stored.size,
            sha256=stored.sha256,
            node=self._node,
        )
        self.rows.append(row)
        return row.artifact_id

    def open(self, artifact_id: str) -> BinaryIO:
        """Open an artifact of this attempt or of the store. Raises ArtifactNotFoundError."""
        own = next((row for row in self.rows if row.artifact_id == artifact_id), None)
        sha256 = own.sha256 if own is not None else self._find(artifact_id)
        if sha256 is None:
            raise ArtifactNotFoundError(artifact_id)
        return self._files.open(sha256)

    def _put(self, data: ArtifactSource) -> Blob:
        if isinstance(data, str):
            data = data.encode()
        if isinstance(data, bytes):
            return hold_while_full(partial(self._files.put, data))
        if isinstance(data, os.PathLike):
            return hold_while_full(partial(self._files.put_file, Path(data)))
        if not data.seekable():
            return self._put_stream(
                data
            )  # what was read of it is gone, so a full disk is the node's to deal with
        return hold_while_full(partial(self._put_again, data, data.tell()))

    def _put_again(self, data: BinaryIO, start: int) -> Blob:
        data.seek(start)
        return self._put_stream(data)

    def _put_stream(self, data: BinaryIO) -> Blob:
        return self._files.put_stream(iter(lambda: data.read(CHUNK_BYTES), b""))


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
