"""What the watcher of a run sees: chunks, made from what happens to it, for the stream modes that were asked for.

The session tells what happens (values changed, a step's tasks begin, a task ended, a checkpoint was saved); nothing here
decides anything, and a mode that nobody asked for costs a look into a set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from fastgraph.execution.checkpoint import Checkpoint, StepCommit
from fastgraph.execution.tasks import Task, TaskFailed, TaskInterrupted, TaskResult
from fastgraph.execution.updates import apply_writes, group_writes
from fastgraph.graph.commands import Interrupt
from fastgraph.in_process.crews import Said
from fastgraph.in_process.options import RunOptions

if TYPE_CHECKING:
    from fastgraph.checkpoint.base import CheckpointSource
    from fastgraph.graph.compiled import CompiledGraph

__all__ = ["INTERRUPT", "Chunk", "Showing"]

INTERRUPT = "__interrupt__"


class Chunk(NamedTuple):
    """What one stream mode shows; `namespace` leads to the nested run that it is from, () is the run itself.

    A nested run passes its chunks on to its parent as they are.
    """

    namespace: tuple[str, ...]
    mode: str
    data: Any


class Showing:
    """Makes the chunks of one run; `namespace` is that of a nested run, as `node:task_id` strings."""

    def __init__(self, graph: CompiledGraph, options: RunOptions, namespace: tuple[str, ...] = ()) -> None:
        self._graph = graph
        self._options = options
        self._namespace = namespace

    def written(self, commit: StepCommit) -> Iterator[Chunk]:
        """Show the values after a step that wrote to some of the shown keys."""
        yield from self._values_if(commit.written, commit.checkpoint)

    def standing(self, checkpoint: Checkpoint) -> Iterator[Chunk]:
        """Show where a run stands that goes on."""
        if "values" in self._options.modes:
            yield self._chunk("values", self._read_values(checkpoint))

    def saved(self, commit: StepCommit, source: CheckpointSource) -> Iterator[Chunk]:  # noqa: ARG002
        """Show that a checkpoint was kept."""
        yield from ()

    def begun(self, tasks: Sequence[Task], checkpoint: Checkpoint) -> Iterator[Chunk]:  # noqa: ARG002
        """Show the tasks of a step as they start."""
        yield from ()

    def stopped(self) -> Iterator[Chunk]:
        """Show that the run waits at a breakpoint, which asks nothing."""
        if "updates" in self._options.modes:
            yield self._chunk("updates", {INTERRUPT: ()})

    def said(self, said: Said) -> Iterator[Chunk]:
        """Show what a node sent while it ran."""
        yield self._chunk(said.kind.value, said.data)

    def finished(self, task: Task, result: TaskResult, *, is_repeated: bool = False) -> Iterator[Chunk]:
        """Show what a task wrote; `is_repeated` says that an earlier call executed it."""
        if "updates" in self._options.modes and task.node in self._graph.nodes:
            update = self._graph.state.read_update(result, self._options.output_keys)
            shown = {task.node: self._unwrap(update) if self._options.is_single_key else update}
            yield self._chunk(
                "updates", {**shown, "__metadata__": {"cached": True}} if is_repeated else shown
            )

    def interrupted(self, task: Task, ending: TaskInterrupted, checkpoint: Checkpoint) -> Iterator[Chunk]:  # noqa: ARG002
        """Show what a task asks."""
        questions = tuple(Interrupt(request.value.fresh(), request.id) for request in ending.interrupts)
        if "updates" in self._options.modes:
            yield self._chunk("updates", {INTERRUPT: questions})
        if "values" in self._options.modes:
            values = {} if self._options.is_single_key else self._read_values(checkpoint)
            yield self._chunk("values", {**values, INTERRUPT: questions})

    def failed(self, task: Task, ending: TaskFailed) -> Iterator[Chunk]:  # noqa: ARG002
        """Show that a task failed for good."""
        yield from ()

    def half_step(
        self, tasks: Sequence[Task], results: Mapping[str, TaskResult], checkpoint: Checkpoint
    ) -> Iterator[Chunk]:
        """Show the values with what finished tasks wrote beside the one that waits; it is not applied yet."""
        finished = [results[task.id] for task in tasks if task.id in results]
        writes = group_writes((result.task_id, result.writes) for result in finished)
        if writes and "values" in self._options.modes:
            folded = self._graph.state.fold(writes, checkpoint.values)
            values, _ = apply_writes(self._graph.plan, checkpoint.values, writes, folded)
            yield from self._values_if(frozenset(writes), replace(checkpoint, values=values))

    def _chunk(self, mode: str, data: Any) -> Chunk:
        return Chunk(self._namespace, mode, data)

    def _values_if(self, written: frozenset[str], checkpoint: Checkpoint) -> Iterator[Chunk]:
        if "values" in self._options.modes and not written.isdisjoint(self._options.output_keys):
            yield self._chunk("values", self._read_values(checkpoint))

    def _unwrap(self, update: Any) -> Any:
        """Leave out the name of the only key that is shown."""
        key = self._options.output_keys[0]
        return [part[key] for part in update] if isinstance(update, list) else update and update[key]

    def _read_values(self, checkpoint: Checkpoint) -> Any:
        """Return the shown keys' values; where one key was asked for by its name, that key's value."""
        keys = self._options.output_keys
        values = self._graph.state.read_values(keys, checkpoint.values)
        return values.get(keys[0]) if self._options.is_single_key else values
