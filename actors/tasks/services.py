"""What a node finds around it in a task process: the same as in a host, by messages where the host is needed.

Files are written here, durably, and only their rows travel. Questions to the host (an artifact's place, a record) wait for
the answer in the thread that asks. Any thread of the node.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import asdict
from typing import BinaryIO

from actors.runs.task_artifacts import TaskArtifacts
from actors.tasks.channel import Channel, Message
from fastgraph.blobs.blobs import Blobs
from fastgraph.checkpoint.base import ThreadLog, ValueReader
from fastgraph.checkpoint.memory import MemoryThread
from fastgraph.events import EventKind
from fastgraph.graph.services import ArtifactSource

__all__ = ["ProcessTaskServices"]

ANSWER_SECONDS = 60.0


class ProcessTaskServices:
    """The services of the one attempt that this process executes."""

    def __init__(self, *, run_id: str, node: str, channel: Channel, files: Blobs) -> None:
        self._run_id = run_id
        self._channel = channel
        self._artifacts = TaskArtifacts(node=node, files=files, find=self._find_artifact)
        self._is_cancelled = False
        self._lock = threading.Lock()
        self._asked: dict[int, Future[Sequence[bytes]]] = {}
        self._count = 0

    @property
    def run_id(self) -> str:
        return self._run_id

    @property
    def artifact_facts(self) -> list[dict[str, object]]:
        """The rows of what was saved, as facts of a message."""
        return [asdict(row) for row in self._artifacts.rows]

    def emit(self, kind: EventKind, data: bytes) -> None:
        self._channel.send(Message("event", {"kind": str(kind)}, [data]))

    def save_artifact(self, name: str, data: ArtifactSource, media_type: str | None) -> str:
        return self._artifacts.save(name, data, media_type)

    def open_artifact(self, artifact_id: str) -> BinaryIO:
        return self._artifacts.open(artifact_id)

    def read_artifact(self, artifact_id: str) -> bytes:
        with self.open_artifact(artifact_id) as file:
            return file.read()

    def is_cancelled(self) -> bool:
        return self._is_cancelled

    def find_record(self, key: str) -> bytes | None:
        return next(iter(self._ask("find_record", key)), None)

    def keep_record(self, key: str, data: bytes) -> None:
        """Durable when it returns."""
        self._ask("keep_record", key, data)

    def open_log(self, namespace: str, reader: ValueReader) -> ThreadLog:  # noqa: ARG002 - nothing is read back
        """A graph that is called here lives and dies with this attempt: its steps are not kept one by one."""
        return MemoryThread(1)

    def ask_store(self, asked: bytes) -> bytes:
        """Let the host carry out what the node asks of the store."""
        return self._ask("store", "", asked)[0]

    def cancel(self) -> None:
        """Called by the reader: the run was asked to stop."""
        self._is_cancelled = True

    def take_answer(self, message: Message) -> None:
        """Called by the reader: the host answers a question."""
        with self._lock:
            waiting = self._asked.pop(message.facts["number"], None)
        if waiting is not None:
            waiting.set_result(message.parts)

    def _find_artifact(self, artifact_id: str) -> str | None:
        found = self._ask("find_artifact", artifact_id)
        return found[0].decode() if found else None

    def _ask(self, word: str, key: str, *parts: bytes) -> Sequence[bytes]:
        waiting: Future[Sequence[bytes]] = Future()
        with self._lock:
            self._count += 1
            number = self._count
            self._asked[number] = waiting
        self._channel.send(Message(word, {"number": number, "key": key}, parts))
        return waiting.result(ANSWER_SECONDS)
