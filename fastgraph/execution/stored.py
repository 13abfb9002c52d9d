"""What a checkpoint keeps beside the values: due tasks, waiting ones, joins. Plain JSON, small, readable by anybody.

Values are stored as changes (`fastgraph.state.changes`); this is the rest of a `Checkpoint`. A due task is
`[node, triggers]`, or `[node, triggers, argument]` where a Send asked for it; START's argument is what the input had
beside the state's keys. A fourth item is the Send's own time limits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from fastgraph.execution.checkpoint import Checkpoint
from fastgraph.execution.plan import START
from fastgraph.execution.tasks import DueTask, TaskKind, TimeLimits
from fastgraph.state.values import StoredValue

__all__ = ["MachineFacts", "decode_machine", "encode_machine", "next_nodes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFacts:
    """A checkpoint without its values. `first_step` is where its run began to count its steps, `source` what made it where
    that was no input and no step."""

    first_step: int = -1
    due: tuple[DueTask, ...] = ()
    deferred: tuple[DueTask, ...] = ()
    joins: Mapping[str, frozenset[str]] = field(default_factory=dict)
    finished: tuple[str, ...] = ()
    source: str = ""

    def checkpoint(
        self, *, number: int, step: int, parent: int | None, values: Mapping[str, StoredValue]
    ) -> Checkpoint:
        """Put the checkpoint together again."""
        return Checkpoint(
            number=number,
            step=step,
            parent=parent,
            values=values,
            due=self.due,
            deferred=self.deferred,
            joins=self.joins,
            finished=self.finished,
        )


def encode_machine(checkpoint: Checkpoint, first_step: int, source: str = "") -> bytes:
    """Encode all of a checkpoint but its values."""
    facts: dict[str, Any] = {"first_step": first_step}
    if checkpoint.due:
        facts["due"] = [_encode_due(task) for task in checkpoint.due]
    if checkpoint.deferred:
        facts["deferred"] = [_encode_due(task) for task in checkpoint.deferred]
    if checkpoint.joins:
        facts["joins"] = {name: sorted(seen) for name, seen in checkpoint.joins.items()}
    if checkpoint.finished:
        facts["finished"] = checkpoint.finished
    if source:
        facts["source"] = source
    return orjson.dumps(facts)


def decode_machine(encoded: bytes, read_argument: Callable[[str, bytes], StoredValue]) -> MachineFacts:
    """The inverse of `encode_machine`, but for the values. `read_argument` reads a Send's argument for a node; it may run
    user code, so this is called where user code runs."""
    facts = orjson.loads(encoded)
    return MachineFacts(
        first_step=facts["first_step"],
        due=tuple(_decode_due(item, read_argument) for item in facts.get("due", ())),
        deferred=tuple(_decode_due(item, read_argument) for item in facts.get("deferred", ())),
        joins={name: frozenset(seen) for name, seen in facts.get("joins", {}).items()},
        finished=tuple(facts.get("finished", ())),
        source=facts.get("source", ""),
    )


def next_nodes(encoded: bytes) -> tuple[str, ...]:
    """The nodes that are due at a stored checkpoint, in order, for people."""
    return tuple(item[0] for item in orjson.loads(encoded).get("due", ()))


def _encode_due(task: DueTask) -> list[Any]:
    if task.argument is None:
        return [task.node, task.triggers]
    sent = [task.node, task.triggers, orjson.Fragment(task.argument.to_bytes())]
    return [*sent, list(task.limits)] if task.limits else sent


def _decode_due(item: list[Any], read_argument: Callable[[str, bytes], StoredValue]) -> DueTask:
    if len(item) == 2:
        return DueTask(node=item[0], kind=TaskKind.PULL, triggers=tuple(item[1]))
    argument = read_argument(item[0], orjson.dumps(item[2]))
    kind = TaskKind.PULL if item[0] == START else TaskKind.PUSH
    limits = TimeLimits(*item[3]) if len(item) > 3 else None
    return DueTask(node=item[0], kind=kind, triggers=tuple(item[1]), argument=argument, limits=limits)
