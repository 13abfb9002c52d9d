"""Functions for the inside of a node: artifacts, lines for the console, progress, tokens, and the task's own facts.

Each works in the thread or coroutine of a running node and raises OutsideNodeError anywhere else. What they send is
part of the run's feed; an artifact is visible once its task's result is committed, so a repeated attempt leaves no
double behind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO, Literal

import orjson

from fastgraph.events import EventKind
from fastgraph.graph.current import CurrentTask, current_task
from fastgraph.graph.services import ArtifactSource, TaskServices, WritesObjects
from fastgraph.ids import idempotency_key as make_key
from fastgraph.state.plain import encode

__all__ = [
    "StreamWriter",
    "attempt",
    "get_stream_writer",
    "idempotency_key",
    "is_cancelled",
    "log",
    "open_artifact",
    "progress",
    "read_artifact",
    "save_artifact",
    "token",
    "write_to",
]

StreamWriter = Callable[[Any], None]
Level = Literal["debug", "info", "warning", "error"]


def save_artifact(name: str, data: ArtifactSource, media_type: str | None = None) -> str:
    """Keep a file of this run and return its id.

    `data` is bytes, text (kept as UTF-8), a path object naming a file, or an open binary file. Without `media_type` it
    is guessed from the name. Any thread of the node may call it; it returns when the content is on disk.
    """
    return current_task("save_artifact").services.save_artifact(name, data, media_type)


def read_artifact(artifact_id: str) -> bytes:
    """Return the whole content of an artifact, of this run or uploaded. Raises ArtifactNotFoundError."""
    return current_task("read_artifact").services.read_artifact(artifact_id)


def open_artifact(artifact_id: str) -> BinaryIO:
    """Open an artifact for reading; close it, or use it in a `with`. Raises ArtifactNotFoundError."""
    return current_task("open_artifact").services.open_artifact(artifact_id)


def log(message: str, level: Level = "info", **fields: Any) -> None:
    """Write a line to the run's console; `fields` are facts beside it, shown as keys and values."""
    line: dict[str, Any] = {"level": level, "message": str(message)}
    if fields:
        line["fields"] = fields
    current_task("log").services.emit(EventKind.LOG, orjson.dumps(line, default=repr))


def progress(done: float, total: float | None = None, label: str | None = None) -> None:
    """Say how far the node has come; without `total` it is a count, with it a share."""
    data = {"done": done, "total": total, "label": label}
    current_task("progress").services.emit(EventKind.PROGRESS, orjson.dumps(data))


def token(text: str, *, message_id: str | None = None, role: str | None = None) -> None:
    """Send a piece of text that grows in front of the watcher, such as a model's token.

    In the `messages` stream the pieces of one task are one message of the assistant, unless `message_id` and `role` say
    otherwise; a message that the node then returns under that id is not shown again.
    """
    piece = {"text": text, "message_id": message_id, "role": role}
    facts = {name: value for name, value in piece.items() if value is not None}
    current_task("token").services.emit(EventKind.TOKEN, orjson.dumps(facts))


def get_stream_writer() -> StreamWriter:
    """Return a function that sends its argument to the run's `custom` stream; it may be called from any thread."""
    return write_to(current_task("get_stream_writer").services)


def write_to(services: TaskServices) -> StreamWriter:
    """Return the stream writer of a task's services. Its argument must be storable where it leaves the process."""
    if isinstance(services, WritesObjects):
        return services.write_object

    def write(value: Any) -> None:
        services.emit(EventKind.CUSTOM, encode(value, where="what the stream writer was given"))

    return write


def idempotency_key(label: str = "") -> str:
    """Return a key for an effect of this task: the same on every attempt, other for every task and label.

    Give it to whatever can refuse to do a thing twice (a payment, a message, a row).
    """
    current = current_task("idempotency_key")
    return make_key(current.services.run_id, current.task.id, label)


def attempt() -> int:
    """Return the number of this attempt; 1 is the first."""
    return current_task("attempt").attempt


def is_cancelled() -> bool:
    """Say whether the run was asked to stop; a long node may look and return early."""
    current: CurrentTask = current_task("is_cancelled")
    return current.services.is_cancelled()
