"""What the watcher of a run sees: chunks, made from what happens to it, for the stream modes that were asked for.

The session tells what happens (a checkpoint stands, a step's tasks begin, a task ended, values changed); nothing here
decides anything, and a mode that nobody asked for costs a look into a set. The order within a step is LangGraph's: the
checkpoint, the tasks, what is known of them already, each ending as it comes, the values after the step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from fastgraph.events import EventKind
from fastgraph.execution.checkpoint import Checkpoint, StepCommit
from fastgraph.execution.plan import START
from fastgraph.execution.tasks import Task, TaskFailed, TaskInterrupted, TaskKind, TaskResult
from fastgraph.graph.half_step import with_finished
from fastgraph.in_process.conversation import Conversation
from fastgraph.in_process.crews import Said
from fastgraph.in_process.debugging import (
    Place,
    debug_event,
    describe_checkpoint,
    describe_ending,
    describe_input,
    describe_task,
    questions_of,
)
from fastgraph.in_process.options import RunOptions

if TYPE_CHECKING:
    from fastgraph.checkpoint.base import Pending
    from fastgraph.graph.compiled import CompiledGraph

__all__ = ["INTERRUPT", "Chunk", "LateValues", "Showing"]

INTERRUPT = "__interrupt__"


class Chunk(NamedTuple):
    """What one stream mode shows; `namespace` leads to the nested run that it is from, () is the run itself.

    A nested run passes its chunks on to its parent as they are.
    """

    namespace: tuple[str, ...]
    mode: str
    data: Any


class LateValues:
    """A run's values for `invoke`, which wants those of the last step only: they are read when it asks for them."""

    __slots__ = ("_checkpoint", "_read")

    def __init__(self, read: Callable[[Checkpoint], Any], checkpoint: Checkpoint) -> None:
        self._read = read
        self._checkpoint = checkpoint

    def read(self) -> Any:
        """Return the values as the watcher of a stream sees them."""
        return self._read(self._checkpoint)


class Showing:
    """Makes the chunks of one run.

    `log_key` names the log where its checkpoints are kept, None where they are not; `namespace` is that of a nested run,
    as `node:task_id` strings, `parents` the checkpoints of the runs around it, by their namespaces.
    """

    def __init__(
        self,
        graph: CompiledGraph,
        options: RunOptions,
        *,
        log_key: int | None,
        namespace: tuple[str, ...] = (),
        parents: Mapping[str, str] | None = None,
    ) -> None:
        self._graph = graph
        self._options = options
        self._namespace = namespace
        modes = options.modes
        self._modes = modes
        self._shows_tasks = "tasks" in modes or "debug" in modes
        self._place: Place | None = None
        if log_key is not None and ("checkpoints" in modes or "debug" in modes):
            self._place = Place(options.config, log_key, namespace, parents or {})
        self._conversation = Conversation(options.config, namespace) if "messages" in modes else None
        self._source: Mapping[str, Any] = {"source": "loop"}

    def taken(self, base: Checkpoint, checkpoint: Checkpoint) -> Iterator[Chunk]:
        """Show that an input was taken on top of checkpoint `base`, and led to `checkpoint`."""
        if self._place is not None:
            payload = describe_input(self._graph, self._place, base, checkpoint)
            yield from self._debug("checkpoints", "checkpoint", base.step + 1, payload)

    def resumed(self, checkpoint: Checkpoint, source: Mapping[str, Any]) -> Iterator[Chunk]:
        """Show where a run stands that goes on; `source` is how its checkpoint was made, with the rest of its metadata."""
        self._source = source
        if "values" in self._modes:
            yield self._values(checkpoint)

    def stands(self, checkpoint: Checkpoint, tasks: Sequence[Task], pending: Pending) -> Iterator[Chunk]:
        """Show a checkpoint and what it leads to; the one before START's routers was shown with the input."""
        if self._place is not None and not (tasks and tasks[0].node == START):
            payload = describe_checkpoint(
                self._graph, self._place, checkpoint, _sent_first(tasks), pending, metadata=self._source
            )
            yield from self._debug("checkpoints", "checkpoint", checkpoint.step, payload)

    def begun(
        self, tasks: Sequence[Task], results: Mapping[str, TaskResult], checkpoint: Checkpoint
    ) -> Iterator[Chunk]:
        """Show the tasks of a step as they start, and what an earlier call found out about some of them."""
        if self._conversation is not None:
            self._conversation.know(self._graph.state.read_values(self._graph.state_keys, checkpoint.values))
        if self._shows_tasks:
            for task in _sent_first(tasks):
                if task.node != START:
                    payload = describe_task(self._graph, task, checkpoint, self._options.config)
                    yield from self._debug("tasks", "task", task.step, payload)
        if results and not self._options.is_whole:
            for task in tasks:
                if task.id in results:
                    yield from self._update(task, results[task.id], is_cached=True)

    def stopped(self) -> Iterator[Chunk]:
        """Show that the run waits at a breakpoint, which asks nothing."""
        if "updates" in self._modes:
            yield self._chunk("updates", {INTERRUPT: ()})

    def said(self, said: Said) -> Iterator[Chunk]:
        """Show what a node sent while it ran."""
        if said.kind.value in self._modes:
            yield self._chunk(said.kind.value, said.data)
        if said.kind is EventKind.TOKEN and self._conversation is not None and said.task is not None:
            metadata = self._node_metadata(said.task)
            yield self._chunk("messages", self._conversation.piece(said.task, said.data, metadata))

    def passed(self, chunk: Chunk) -> Chunk:
        """Take note of a nested run's chunk on its way to the watcher."""
        if self._conversation is not None and chunk.mode == "messages":
            self._conversation.know(chunk.data[0])
        return chunk

    def finished(self, task: Task, result: TaskResult) -> Iterator[Chunk]:
        """Show what a task wrote."""
        if self._options.is_whole:
            return
        if self._conversation is not None and not result.is_cached:
            for piece in self._conversation.written(task, result, self._node_metadata(task)):
                yield self._chunk("messages", piece)
        yield from self._update(task, result, is_cached=result.is_cached)
        if not result.is_cached:
            yield from self._ended(task, result, None)

    def interrupted(self, task: Task, ending: TaskInterrupted, checkpoint: Checkpoint) -> Iterator[Chunk]:
        """Show what a task asks."""
        questions = questions_of(ending)
        if "updates" in self._modes:
            yield self._chunk("updates", {INTERRUPT: questions})
        if "values" in self._modes:
            values = self._read_values(checkpoint)
            shown = values if isinstance(values, dict) else {}
            yield self._chunk("values", {**shown, INTERRUPT: questions})
        yield from self._ended(task, ending, None)

    def failed(self, task: Task, ending: TaskFailed, error: BaseException | None) -> Iterator[Chunk]:
        """Show that a task failed for good, and with what."""
        yield from self._ended(task, None, error or f"{ending.error.type}: {ending.error.message}")

    def written(self, commit: StepCommit) -> Iterator[Chunk]:
        """Show the values after a step that wrote to some of the shown keys."""
        self._source = {"source": "loop"}
        yield from self._values_if(commit.written, commit.checkpoint)

    def half_step(
        self, tasks: Sequence[Task], results: Mapping[str, TaskResult], checkpoint: Checkpoint
    ) -> Iterator[Chunk]:
        """Show the values with what finished tasks wrote beside the one that waits; it is not applied yet."""
        finished = [results[task.id] for task in tasks if task.id in results]
        written = frozenset(write.key for result in finished for write in result.writes)
        if written and "values" in self._modes:
            values = with_finished(self._graph, checkpoint, tasks, results)
            # a channel may have taken a write and show nothing of it yet
            shown = written.intersection(self._graph.state.see(values))
            yield from self._values_if(shown, replace(checkpoint, values=values))

    def _update(self, task: Task, result: TaskResult, *, is_cached: bool) -> Iterator[Chunk]:
        if "updates" in self._modes and task.node != START:
            update = self._graph.state.read_update(result, self._options.output_keys)
            shown = {task.node: self._unwrap(update) if self._options.is_single_key else update}
            yield self._chunk("updates", {**shown, "__metadata__": {"cached": True}} if is_cached else shown)

    def _ended(
        self, task: Task, ending: TaskResult | TaskInterrupted | None, error: BaseException | str | None
    ) -> Iterator[Chunk]:
        if self._shows_tasks and task.node != START:
            payload = describe_ending(task, ending, error)
            yield from self._debug("tasks", "task_result", task.step, payload)

    def _debug(self, mode: str, kind: str, step: int, payload: Mapping[str, Any]) -> Iterator[Chunk]:
        """Yield a payload for its own mode and for `debug`, as far as they are watched."""
        if mode in self._modes:
            yield self._chunk(mode, payload)
        if "debug" in self._modes:
            yield self._chunk("debug", debug_event(kind, step, payload))

    def _chunk(self, mode: str, data: Any) -> Chunk:
        return Chunk(self._namespace, mode, data)

    def _values_if(self, written: frozenset[str], checkpoint: Checkpoint) -> Iterator[Chunk]:
        if "values" in self._modes and not written.isdisjoint(self._options.output_keys):
            yield self._values(checkpoint)

    def _values(self, checkpoint: Checkpoint) -> Chunk:
        is_late = self._options.is_whole
        return self._chunk(
            "values", LateValues(self._read_values, checkpoint) if is_late else self._read_values(checkpoint)
        )

    def _node_metadata(self, task: Task) -> Mapping[str, Any]:
        spec = self._graph.nodes.get(task.node)
        return spec.metadata if spec else {}

    def _unwrap(self, update: Any) -> Any:
        """Leave out the name of the only key that is shown."""
        key = self._options.output_keys[0]
        return [part[key] for part in update] if isinstance(update, list) else update and update[key]

    def _read_values(self, checkpoint: Checkpoint) -> Any:
        """Return the shown keys' values; where one key was asked for by its name, that key's value."""
        keys = self._options.output_keys
        values = self._graph.state.read_values(keys, checkpoint.values)
        return values.get(keys[0]) if self._options.is_single_key else values


def _sent_first(tasks: Sequence[Task]) -> list[Task]:
    """Put tasks in the order in which LangGraph lists them; their writes still apply by path."""
    return sorted(tasks, key=lambda task: task.kind is not TaskKind.PUSH)
