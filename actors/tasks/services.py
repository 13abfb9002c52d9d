"""What a node finds around it in a task process: the same as in a host, by messages where the host is needed.

Files are written here, durably, and only their rows travel. Questions to the host (an artifact's place, a record) wait for
the answer in the thread that asks. Any thread of the node.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import asdict
from typing import Any, BinaryIO

from actors.runs.call_events import call_event
from actors.runs.nested_log import NestedLog
from actors.runs.run_cache import RunCache
from actors.runs.task_artifacts import TaskArtifacts
from actors.tasks.channel import Channel, Message
from actors.tasks.remote_nested import RemoteNestedStore, RemoteOutbox
from fastgraph.blobs.blobs import Blobs
from fastgraph.blobs.spill import Spill
from fastgraph.checkpoint.base import ThreadLog, ValueReader
from fastgraph.clock import Clock
from fastgraph.events import EventKind
from fastgraph.execution.tasks import Task
from fastgraph.graph.services import ArtifactSource
from fastgraph.graph.state_access import StateAccess

__all__ = ["ProcessTaskServices"]

ANSWER_SECONDS = 60.0


class ProcessTaskServices:
    """The services of the one attempt that this process executes."""

    def __init__(
        self,
        *,
        run_id: str,
        node: str,
        channel: Channel,
        files: Blobs,
        spill: Spill,
        spill_bytes: int,
        clock: Clock,
    ) -> None:
        self._run_id = run_id
        self._channel = channel
        self._artifacts = TaskArtifacts(node=node, files=files, find=self._find_artifact)
        self._is_cancelled = False
        self._lock = threading.Lock()
        self._asked: dict[int, Future[Sequence[bytes]]] = {}
        self._count = 0
        self._clock = clock
        self._nested = RemoteNestedStore(run_id=run_id, ask=self._ask, spill=spill, spill_bytes=spill_bytes)
        self._outbox = RemoteOutbox(self._tell, self._begin_asking)
        self.cache = RunCache(self._nested.find_cached, self._outbox.add, clock)

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

    def open_log(self, namespace: str, reader: ValueReader) -> ThreadLog:
        """Open the lineage of a run nested in this task; its steps are made durable by the host."""
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

    def tell_call(
        self, kind: EventKind, task: Task, namespace: str, *, value: bytes | None = None, **more: Any
    ) -> None:
        """Tell of a functional task that was called in this one."""
        self._outbox.add(call_event(kind, task, namespace, self._clock.now(), value=value, **more))

    # Nobody here watches the chunks of nested runs; what their nodes send belongs to the run's feed.

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

    def emit_nested(self, namespace: str, node: str, kind: EventKind, data: bytes) -> None:
        """Send what a nested node sent."""
        self._tell("event", {"kind": str(kind), "namespace": namespace, "node": node}, [data])

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
        return self._begin_asking(word, key, *parts).result(ANSWER_SECONDS)

    def _begin_asking(self, word: str, key: str = "", *parts: bytes) -> Future[Sequence[bytes]]:
        waiting: Future[Sequence[bytes]] = Future()
        with self._lock:
            self._count += 1
            number = self._count
            self._asked[number] = waiting
        self._tell(word, {"number": number, "key": key}, parts)
        return waiting

    def _tell(self, word: str, facts: Mapping[str, Any], parts: Sequence[bytes]) -> None:
        self._channel.send(Message(word, facts, parts))
