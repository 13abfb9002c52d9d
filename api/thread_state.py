"""A thread's state as clients see it: values, what comes next, what is asked; of the newest checkpoint or an older one.

The API has no user code: values are the stored JSON, tags and all, and next tasks are named as the machine names them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from api.encoding import encode_error, encode_interrupt, join_values
from api.services import Services
from fastgraph.clock import to_rfc3339
from fastgraph.database.attempts import read_attempts
from fastgraph.database.checkpoints import (
    StoredCheckpoint,
    read_checkpoint,
    read_pending_results,
    read_results_of_thread,
)
from fastgraph.database.interrupts import InterruptView, list_pending
from fastgraph.database.records import AttemptRow
from fastgraph.execution.plan import START
from fastgraph.execution.stored import MachineFacts, decode_machine
from fastgraph.execution.tasks import TaskKind
from fastgraph.ids import checkpoint_id, task_id
from fastgraph.state.presentation import fragment
from fastgraph.state.values import StoredValue

__all__ = ["NO_STATE", "describe_checkpoint", "read_facts", "read_state", "source_of"]

NO_STATE: Mapping[str, Any] = {
    "values": {},
    "next": [],
    "checkpoint_id": None,
    "parent_checkpoint_id": None,
    "step": None,
    "source": None,
    "created_at": None,
    "tasks": [],
    "interrupts": [],
}
"""What a thread shows that has no checkpoint yet."""


async def read_state(
    services: Services,
    connection: AsyncConnection,
    *,
    thread_key: int,
    number: int | None,
    run_key: int | None,
) -> dict[str, Any]:
    """Return the state at a checkpoint (None: the last one). `run_key` is the run that stands there, for its open tasks and
    questions; None for a checkpoint that is history."""
    stored = await read_checkpoint(
        connection, thread_key=thread_key, number=number, spill=services.store.spill
    )
    interrupts: list[InterruptView] = []
    attempts: list[AttemptRow] = []
    done: set[str] = set()
    if run_key is not None:
        interrupts = await list_pending(connection, run_key=run_key)
        attempts = await read_attempts(connection, run_key=run_key)
        if stored is not None:
            pending = await read_pending_results(
                connection, run_key=run_key, checkpoint_number=stored.number, spill=services.store.spill
            )
            if stored.run_key != run_key:  # it went on where other runs had left it
                pending += await read_results_of_thread(
                    connection,
                    thread_key=thread_key,
                    checkpoint_number=stored.number,
                    without=run_key,
                    spill=services.store.spill,
                )
            done = {result.task_id for result in pending}
    asked = [encode_interrupt(interrupt) for interrupt in interrupts]
    if stored is None:
        return {**NO_STATE, "interrupts": asked}
    tasks = _tasks(stored, done, {row.task_id: row for row in attempts})
    described = describe_checkpoint(stored)
    return {**described, "next": [task["name"] for task in tasks], "tasks": tasks, "interrupts": asked}


def describe_checkpoint(stored: StoredCheckpoint) -> dict[str, Any]:
    """Return a checkpoint with its values and all nodes that were due there."""
    facts = read_facts(stored.machine)
    parent = None if not stored.parent else checkpoint_id(stored.thread_key, stored.parent)
    return {
        "values": fragment(join_values(stored.values)),
        "next": [task.node for task in facts.due],
        "checkpoint_id": checkpoint_id(stored.thread_key, stored.number),
        "parent_checkpoint_id": parent,
        "step": stored.step,
        "source": source_of(facts),
        "created_at": to_rfc3339(stored.created_at),
    }


def read_facts(machine: bytes) -> MachineFacts:
    """Read what a checkpoint keeps beside its values."""
    return decode_machine(machine, _unread)


def source_of(facts: MachineFacts) -> str:
    """Say what made a checkpoint, in LangGraph's words: an input, a step, or somebody from outside."""
    if facts.source:
        return facts.source
    is_input = facts.finished == (START,) or any(task.node == START for task in facts.due)
    return "input" if is_input else "loop"


def _unread(_node: str, encoded: bytes) -> StoredValue:
    """Keep a Send's argument as the bytes it is: its type belongs to the user's code, which is not here."""
    return StoredValue(None, encoded=encoded)


def _tasks(stored: StoredCheckpoint, done: set[str], attempts: dict[str, AttemptRow]) -> list[dict[str, Any]]:
    """Name the tasks of the next step as the machine does, and leave out those that have finished already."""
    name = checkpoint_id(stored.thread_key, stored.number)
    tasks: list[dict[str, Any]] = []
    pushes = 0
    for due in read_facts(stored.machine).due:
        path = f"pull:{due.node}"
        if due.kind is TaskKind.PUSH:
            path = f"push:{pushes:010d}"
            pushes += 1
        task = task_id(name, stored.namespace, stored.step + 1, due.node, path)
        failed = attempts.get(task)
        if task not in done:
            tasks.append(
                {
                    "id": task,
                    "name": due.node,
                    "attempt": failed.attempt + 1 if failed else 1,
                    "error": encode_error(failed.error) if failed else None,
                }
            )
    return tasks
