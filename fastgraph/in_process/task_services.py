"""The outside world of one task of a session: what `MemoryServices` has, the task's records, lineages for nested runs.

A nested run's tasks reach the world through the task around them, so that artifacts and events of any depth end up with
the run, be it here or on a host; what they send also goes to whoever watches the nested run itself.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, BinaryIO

import orjson

from fastgraph.cache.base import BaseCache
from fastgraph.checkpoint.base import BaseCheckpointSaver, ThreadLog, ValueReader
from fastgraph.checkpoint.durability import Durability
from fastgraph.checkpoint.memory import ForgetfulThread, MemoryThread
from fastgraph.events import EventKind
from fastgraph.execution.tasks import Task
from fastgraph.graph.namespaces import split_namespace
from fastgraph.graph.services import ArtifactSource
from fastgraph.in_process.artifacts import MemoryServices
from fastgraph.in_process.crews import Crew
from fastgraph.in_process.nesting import Nesting, PassesOn
from fastgraph.in_process.options import RunOptions
from fastgraph.in_process.replay import Origins
from fastgraph.in_process.showing import Chunk
from fastgraph.state.plain import encode

__all__ = ["NestedLogs", "NestedServices", "SessionServices", "SessionWorld"]

OpenLog = Callable[[str, ValueReader], ThreadLog]


class NestedLogs:
    """The lineages of runs nested in a session: the saver's; without one they last as long as the session's step."""

    def __init__(self, saver: BaseCheckpointSaver | None, thread_id: str | None) -> None:
        self._saver = saver
        self._thread_id = thread_id
        self._logs: dict[str, ThreadLog] = {}

    def open(self, namespace: str, reader: ValueReader) -> ThreadLog:
        """Open the lineage of a namespace. From any thread."""
        if self._saver is not None and self._thread_id is not None:
            return self._saver.open_thread(self._thread_id, namespace, reader=reader)
        return self._logs.setdefault(namespace, ForgetfulThread(1))

    def forget(self) -> None:
        """A step is done: what its tasks kept is of no more use."""
        self._logs.clear()


class TaskRecords:
    """The small facts that a task keeps, in the log of its session."""

    def __init__(self, log: ThreadLog, task_id: str) -> None:
        self._log = log
        self._task_id = task_id

    def find_record(self, key: str) -> bytes | None:
        return self._log.find_record(self._task_id, key)

    def keep_record(self, key: str, data: bytes) -> Future[None] | None:
        self._log.keep_record(self._task_id, key, data)
        return self._log.settle()


class SessionWorld:
    """What the services of all tasks of an outermost run have in common."""

    __slots__ = (
        "artifacts",
        "cache",
        "crew",
        "durability",
        "log",
        "nested_modes",
        "open_log",
        "origins",
        "run_id",
    )

    def __init__(
        self,
        options: RunOptions,
        *,
        run_id: str,
        crew: Crew,
        log: ThreadLog,
        open_log: OpenLog,
        cache: BaseCache[Any] | None,
    ) -> None:
        self.run_id = run_id
        self.artifacts = options.artifacts
        self.crew = crew
        self.log = log
        self.open_log = open_log
        self.cache = cache
        self.nested_modes = options.nested_modes
        self.origins = options.origins
        self.durability = options.durability


class SessionServices(MemoryServices, TaskRecords):
    """The services of one task of an outermost run."""

    is_feed = False

    def __init__(self, world: SessionWorld, task: Task) -> None:
        # every step makes one, so the two bases' fields are set right here
        self.run_id = world.run_id
        self._node = task.node
        self._artifacts = world.artifacts
        self._send = self._pass_said
        self._log = world.log
        self._task_id = task.id
        self._task = task
        self._crew = world.crew
        self._world = world

    @property
    def cache(self) -> BaseCache[Any] | None:
        return self._world.cache

    @property
    def open_log(self) -> OpenLog:
        return self._world.open_log

    @property
    def nested_modes(self) -> frozenset[str]:
        return self._world.nested_modes

    @property
    def origins(self) -> Origins:
        return self._world.origins

    @property
    def durability(self) -> Durability:
        return self._world.durability

    def pass_on(self, chunk: Chunk) -> None:
        self._crew.pass_on(chunk)

    def _pass_said(self, kind: EventKind, data: Any) -> None:
        self._crew.send(kind, data, self._task)

    def emit_nested(self, namespace: str, node: str, kind: EventKind, data: bytes) -> None:
        """Nothing: who watches nested runs gets their chunks."""

    def show(self, mode: str, data: Any) -> None:
        self._crew.pass_on(Chunk((), mode, data))


class NestedServices(TaskRecords):
    """The services of one task of a nested run; it reaches the world through those of the task around it."""

    def __init__(
        self,
        options: RunOptions,
        nesting: Nesting,
        *,
        task: Task,
        crew: Crew,
        log: ThreadLog,
        cache: BaseCache[Any] | None,
    ) -> None:
        super().__init__(log, task.id)
        parent = self._parent = nesting.parent.services
        self._namespace = nesting.namespace
        self._node = task.node
        self._task = task
        self._crew = crew
        self.open_log = parent.open_log
        self.origins = nesting.origins
        self.durability = options.durability
        self.cache = cache
        self.is_feed = nesting.is_feed
        self.nested_modes = options.nested_modes

    @property
    def run_id(self) -> str:
        return self._parent.run_id

    def find_record(self, key: str) -> bytes | None:
        # a lineage in memory may be gone before the task around is over; that task's records are not
        if isinstance(self._log, MemoryThread):
            return self._parent.find_record(f"{self._task_id}/{key}")
        return super().find_record(key)

    def keep_record(self, key: str, data: bytes) -> Future[None] | None:
        if isinstance(self._log, MemoryThread):
            return self._parent.keep_record(f"{self._task_id}/{key}", data)
        return super().keep_record(key, data)

    def show(self, mode: str, data: Any) -> None:
        self._crew.pass_on(Chunk(split_namespace(self._namespace), mode, data))

    @property
    def tell_call(self) -> Callable[..., None] | None:
        """How functional tasks get into the feed of the run around; None where there is none."""
        return getattr(self._parent, "tell_call", None)

    def pass_on(self, chunk: Chunk) -> None:
        self._crew.pass_on(chunk)

    def emit(self, kind: EventKind, data: bytes) -> None:
        facts = orjson.loads(data)
        self._crew.send(kind, {"node": self._node, **facts} if isinstance(facts, dict) else facts, self._task)
        if self.is_feed:
            self.emit_nested(self._namespace, self._node, kind, data)

    def emit_nested(self, namespace: str, node: str, kind: EventKind, data: bytes) -> None:
        if isinstance(self._parent, PassesOn):
            self._parent.emit_nested(namespace, node, kind, data)
        else:
            self._parent.emit(kind, data)

    def write_object(self, value: Any) -> None:
        self._crew.send(EventKind.CUSTOM, value, self._task)
        if self.is_feed:
            data = encode(value, where="what the stream writer was given")
            self.emit_nested(self._namespace, self._node, EventKind.CUSTOM, data)

    def save_artifact(self, name: str, data: ArtifactSource, media_type: str | None) -> str:
        return self._parent.save_artifact(name, data, media_type)

    def open_artifact(self, artifact_id: str) -> BinaryIO:
        return self._parent.open_artifact(artifact_id)

    def read_artifact(self, artifact_id: str) -> bytes:
        return self._parent.read_artifact(artifact_id)

    def is_cancelled(self) -> bool:
        return self._parent.is_cancelled()
