"""The outside world of a task inside `invoke`: artifacts in memory, lines to Python's logging, writers to the stream.

    artifacts = MemoryArtifacts()
    graph.invoke(..., artifacts=artifacts)
    artifacts["report.md"].data

Without `artifacts=` they live as long as the call, so that later nodes can read what earlier ones saved.
"""

from __future__ import annotations

import io
import logging
import mimetypes
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from fastgraph.errors import ArtifactNotFoundError
from fastgraph.events import EventKind
from fastgraph.graph.services import ArtifactSource
from fastgraph.ids import new_id

__all__ = ["MemoryArtifact", "MemoryArtifacts", "MemoryServices"]

_LOGGER = logging.getLogger("fastgraph.node")
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryArtifact:
    """One saved artifact."""

    artifact_id: str
    name: str
    media_type: str
    data: bytes


class MemoryArtifacts:
    """The artifacts of one or several runs, by id; `[name]` gives the newest of that name. Thread-safe."""

    def __init__(self) -> None:
        self._by_id: dict[str, MemoryArtifact] = {}

    def __iter__(self) -> Iterator[MemoryArtifact]:
        return iter(list(self._by_id.values()))

    def __len__(self) -> int:
        return len(self._by_id)

    def __getitem__(self, name: str) -> MemoryArtifact:
        for artifact in reversed(list(self._by_id.values())):
            if artifact.name == name:
                return artifact
        raise KeyError(name)

    def add(self, name: str, data: bytes, media_type: str | None = None) -> str:
        """Keep an artifact and return its id; the media type is guessed from the name where none is given."""
        guessed = media_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
        artifact = MemoryArtifact(artifact_id=new_id(), name=name, media_type=guessed, data=data)
        self._by_id[artifact.artifact_id] = artifact
        return artifact.artifact_id

    def read(self, artifact_id: str) -> bytes:
        """Return an artifact's content; ArtifactNotFoundError where there is none of that id."""
        artifact = self._by_id.get(artifact_id)
        if artifact is None:
            raise ArtifactNotFoundError(artifact_id)
        return artifact.data


class MemoryServices:
    """`TaskServices` of one task in this process. `send` passes a stream's chunk on: (kind, data); from any thread."""

    def __init__(
        self, *, run_id: str, node: str, artifacts: MemoryArtifacts, send: Callable[[EventKind, Any], None]
    ) -> None:
        self.run_id = run_id
        self._node = node
        self._artifacts = artifacts
        self._send = send

    def emit(self, kind: EventKind, data: bytes) -> None:
        facts = orjson.loads(data)
        if kind is EventKind.LOG:
            _LOGGER.log(_LEVELS.get(facts["level"], 20), "%s: %s", self._node, facts["message"])
        self._send(kind, {"node": self._node, **facts} if isinstance(facts, dict) else facts)

    def write_object(self, value: Any) -> None:
        self._send(EventKind.CUSTOM, value)

    def save_artifact(self, name: str, data: ArtifactSource, media_type: str | None) -> str:
        return self._artifacts.add(name, _read_source(data), media_type)

    def read_artifact(self, artifact_id: str) -> bytes:
        return self._artifacts.read(artifact_id)

    def open_artifact(self, artifact_id: str) -> BinaryIO:
        return io.BytesIO(self._artifacts.read(artifact_id))

    def is_cancelled(self) -> bool:
        return False


def _read_source(data: ArtifactSource) -> bytes:
    if isinstance(data, bytes):
        return data
    if isinstance(data, str):
        return data.encode("utf-8")
    if isinstance(data, os.PathLike):
        return Path(data).read_bytes()
    return data.read()
