"""A run inside a task: which task it belongs to, what it takes over from there, and how it tells what it asks.

A compiled graph that is called while a task runs here is nested in that task: it takes over config, context, artifacts
and answers, keeps its checkpoints in a lineage of its own of the same thread, and hands its questions up. A call that
names a thread (or checkpoint) of its own stands for itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from fastgraph.checkpoint.base import SavedCheckpoint, ThreadLog
from fastgraph.checkpoint.memory import ForgetfulThread
from fastgraph.events import EventKind
from fastgraph.execution.checkpoint import Checkpoint
from fastgraph.execution.interrupts import interrupt_id
from fastgraph.execution.machine import Machine
from fastgraph.execution.tasks import InterruptRequest
from fastgraph.graph.commands import NestedInterrupt
from fastgraph.graph.current import CurrentTask, find_current_task
from fastgraph.graph.namespaces import call_namespace, lasting_namespace
from fastgraph.in_process.replay import Origins
from fastgraph.state.values import StoredValue

if TYPE_CHECKING:
    from fastgraph.graph.compiled import CompiledGraph

__all__ = ["Nesting", "PassesOn", "find_nesting"]

_COORDINATES = ("thread_id", "checkpoint_ns", "checkpoint_id", "checkpoint_map")
_PARENT_TASK = "parent_task"
_PARENT_CALL = "parent_call"


@runtime_checkable
class PassesOn(Protocol):
    """Services that want to see what happens in runs inside their task. Every method may be called from any thread."""

    @property
    def nested_modes(self) -> frozenset[str]:
        """The stream modes that a watcher further out wants of nested runs."""
        ...

    @property
    def is_feed(self) -> bool:
        """Whether what nodes send ends up in a run's feed, and not with a watcher of chunks."""
        ...

    def pass_on(self, chunk: Any) -> None:
        """Take a chunk of a nested run."""
        ...

    def emit_nested(self, namespace: str, node: str, kind: EventKind, data: bytes) -> None:
        """Take what a node of a nested run sent."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Nesting:
    """Where a nested run belongs: the task around it and the namespace of its lineage.

    `call` counts the graphs that the task has run; `mode` is the graph's `checkpointer`: None for a lineage of this task,
    True for one of the thread, False for none.
    """

    parent: CurrentTask
    namespace: str
    call: int
    mode: bool | None
    watcher: PassesOn | None

    @property
    def watched_modes(self) -> frozenset[str]:
        """The stream modes that somebody further out wants of this run."""
        return self.watcher.nested_modes if self.watcher else frozenset()

    def pass_on(self, chunk: Any) -> None:
        """Hand a chunk of this run, or of one nested in it, to who watches further out."""
        if self.watcher is not None and chunk.mode in self.watcher.nested_modes:
            self.watcher.pass_on(chunk)

    @property
    def origins(self) -> Origins:
        """The checkpoints that nested runs are to begin at, as the config of the outermost run says."""
        return getattr(self.parent.services, "origins", None) or Origins()

    def open_log(self, graph: CompiledGraph) -> ThreadLog:
        """Open the lineage of the run."""
        if self.mode is False:
            return ForgetfulThread(1)
        return self.parent.services.open_log(self.namespace, graph.state)

    def goes_on(self, saved: SavedCheckpoint | None) -> bool:
        """Say whether this very call of the task began what is saved, so that it goes on there with no new input."""
        if saved is None:
            return False
        if self.mode is None:
            # the namespace names the task and the call
            return True
        began = saved.metadata.get(_PARENT_TASK), saved.metadata.get(_PARENT_CALL)
        return began == (self.parent.task.id, self.call)

    @property
    def parents(self) -> dict[str, str]:
        """The checkpoints of all runs around this one, by their namespaces; nothing where there is none."""
        configurable = self.parent.config.get("configurable") or {}
        around = configurable.get("checkpoint_id")
        return {**(configurable.get("checkpoint_map") or {}), self.parent.namespace: around} if around else {}

    @property
    def is_feed(self) -> bool:
        """Whether the run around is a host's, and not one of this process."""
        services = self.parent.services
        return not isinstance(services, PassesOn) or services.is_feed

    def stop_at(self, checkpoint: Checkpoint, nodes: Sequence[str]) -> NestedInterrupt:
        """Make what tells that the run stands at a breakpoint: in process no question, as in LangGraph; a host has to be
        able to say what it waits for, so there it is one, and any answer goes on."""
        if not self.is_feed:
            return NestedInterrupt()
        place = self._breakpoint(checkpoint)
        question = InterruptRequest(
            id=interrupt_id(place, 0),
            position=0,
            value=StoredValue.of({"breakpoint": list(nodes)}),
            task_id=place,
            namespace=self.namespace,
        )
        return NestedInterrupt([question])

    def may_pass(self, checkpoint: Checkpoint) -> bool:
        """Say whether a run that goes on at a breakpoint may pass it."""
        return not self.is_feed or interrupt_id(self._breakpoint(checkpoint), 0) in self.parent.answers

    def _breakpoint(self, checkpoint: Checkpoint) -> str:
        return f"{self.namespace}/breakpoint:{checkpoint.number}"

    def carry_answers(
        self, graph: CompiledGraph, log: ThreadLog, saved: SavedCheckpoint | None, machine: Machine
    ) -> dict[str, Any]:
        """Return answers under the ids of the tasks that ask now, where the state was changed from outside after they were
        asked: the changed checkpoint has new tasks in the place of those that asked."""
        before = saved and saved.source == "update" and saved.checkpoint.parent
        asked = log.find(before) if before else None
        if asked is None:
            return {}
        earlier = Machine(
            graph.plan,
            asked.checkpoint,
            thread_key=log.key,
            run_id=machine.run_id,
            recursion_limit=1,
            first_step=asked.checkpoint.step,
            namespace=self.namespace,
        )
        ids = {task.path: task.id for task in earlier.tasks}
        carried: dict[str, Any] = {}
        for task in machine.open_tasks:
            position, answers = 0, self.parent.answers
            while (known := interrupt_id(ids.get(task.path, ""), position)) in answers:
                carried[interrupt_id(task.id, position)] = answers[known]
                position += 1
        return carried

    def metadata(self) -> dict[str, object]:
        """Return what each checkpoint of the run says about where it belongs."""
        return {_PARENT_TASK: self.parent.task.id, _PARENT_CALL: self.call, "parents": self.parents}


def find_nesting(graph: CompiledGraph, configurable: Mapping[str, Any] | None) -> Nesting | None:
    """Return where a call of `graph` is nested, counting it; None outside of a task and for one that stands for itself.

    `configurable` is the call's own. The config that a node was handed names the node's place, and is no place of its own.
    """
    parent = find_current_task()
    if parent is None:
        return None
    given = configurable or {}
    if given.get("checkpoint_ns") != parent.place and any(given.get(name) for name in _COORDINATES):
        return None
    mode = graph.checkpointer_mode
    place = lasting_namespace(parent.place) if mode is True else parent.place
    call = parent.count_call()
    return Nesting(
        parent=parent,
        namespace=call_namespace(place, call),
        call=call,
        mode=mode,
        watcher=parent.services if isinstance(parent.services, PassesOn) else None,
    )
