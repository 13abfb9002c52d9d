"""The services of what runs outside of a run: conditional edges that `update_state` asks. They offer nothing.

What is sent goes nowhere; what needs a run raises OutsideNodeError.
"""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, BinaryIO, NoReturn

from fastgraph.errors import OutsideNodeError
from fastgraph.events import EventKind
from fastgraph.graph.services import ArtifactSource

if TYPE_CHECKING:
    from fastgraph.checkpoint.base import ThreadLog, ValueReader

__all__ = ["NoServices"]


class NoServices:
    """Implements `TaskServices` where there is no run."""

    run_id = ""

    def emit(self, kind: EventKind, data: bytes) -> None:
        """Nobody watches."""

    def write_object(self, value: object) -> None:
        """Nobody watches."""

    def save_artifact(self, name: str, data: ArtifactSource, media_type: str | None) -> NoReturn:  # noqa: ARG002
        raise OutsideNodeError("save_artifact")

    def open_artifact(self, artifact_id: str) -> BinaryIO:  # noqa: ARG002
        raise OutsideNodeError("open_artifact")

    def read_artifact(self, artifact_id: str) -> bytes:  # noqa: ARG002
        raise OutsideNodeError("read_artifact")

    def is_cancelled(self) -> bool:
        return False

    def open_log(self, namespace: str, reader: ValueReader) -> ThreadLog:  # noqa: ARG002
        raise OutsideNodeError("invoke of a nested graph")

    def find_record(self, key: str) -> bytes | None:  # noqa: ARG002
        return None

    def keep_record(self, key: str, data: bytes) -> Future[None] | None:  # noqa: ARG002
        raise OutsideNodeError("once")
