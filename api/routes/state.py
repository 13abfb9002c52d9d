"""`/api/runs/{id}/state` and `/checkpoints`: what a run's thread holds now, and the steps that led there."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.encoding import encode_error, encode_interrupt, join_values
from api.paging import DEFAULT_LIMIT, CursorQuery, LimitQuery, array_response, next_link, parse_cursor
from api.parameters import RunIdPath
from api.schemas.state import Checkpoint, RunState
from api.services import services_of
from fastgraph.clock import to_rfc3339
from fastgraph.database.attempts import read_attempts
from fastgraph.database.checkpoints import (
    CheckpointView,
    StoredCheckpoint,
    read_checkpoint,
    read_pending_results,
)
from fastgraph.database.checkpoints import list_checkpoints as read_checkpoints
from fastgraph.database.interrupts import list_pending
from fastgraph.database.records import AttemptRow
from fastgraph.execution.stored import decode_machine
from fastgraph.execution.tasks import TaskKind
from fastgraph.ids import checkpoint_id, task_id
from fastgraph.state.presentation import fragment
from fastgraph.state.values import StoredValue

__all__ = ["router"]

router = APIRouter(prefix="/api/runs", tags=["state"])


@router.get("/{run_id}/state", response_class=Response, responses={200: {"model": RunState}})
async def get_run_state(request: Request, run_id: RunIdPath) -> Response:
    """Return the state after the run's last step, the tasks that are next, and the questions that are open."""
    services = services_of(request.scope)
    run = await services.log.get_run(run_id)
    async with services.store.readers.connect() as connection:
        interrupts = await list_pending(connection, run_key=run.key)
        attempts = await read_attempts(connection, run_key=run.key)
        stored = None
        done: set[str] = set()
        if run.checkpoint_number:
            stored = await read_checkpoint(
                connection,
                thread_key=run.thread_key,
                number=run.checkpoint_number,
                spill=services.store.spill,
            )
        if stored is not None:
            pending = await read_pending_results(
                connection, run_key=run.key, checkpoint_number=stored.number, spill=services.store.spill
            )
            done = {result.task_id for result in pending}
    tasks = [] if stored is None else _tasks(stored, done, {row.task_id: row for row in attempts})
    state: dict[str, Any] = {
        "values": {} if stored is None else fragment(join_values(stored.values)),
        "next": [task["name"] for task in tasks],
        "checkpoint_id": None if stored is None else checkpoint_id(stored.thread_key, stored.number),
        "step": None if stored is None else stored.step,
        "tasks": tasks,
        "interrupts": [encode_interrupt(interrupt) for interrupt in interrupts],
    }
    return Response(orjson.dumps(state), media_type="application/json")


@router.get("/{run_id}/checkpoints", response_class=Response, responses={200: {"model": list[Checkpoint]}})
async def list_checkpoints(
    request: Request, run_id: RunIdPath, limit: LimitQuery = DEFAULT_LIMIT, cursor: CursorQuery = None
) -> Response:
    """List the checkpoints of the run's thread, newest first."""
    services = services_of(request.scope)
    run = await services.log.get_run(run_id)
    before = parse_cursor(cursor)
    async with services.store.readers.connect() as connection:
        page = await read_checkpoints(connection, thread_key=run.thread_key, before=before, limit=limit)
    link = None if page.next_before is None else next_link(request, cursor=page.next_before)
    return array_response([_encode(view) for view in page.checkpoints], total=page.total, link=link)


def _encode(view: CheckpointView) -> bytes:
    facts = decode_machine(view.machine, _unread)
    return orjson.dumps(
        {
            "checkpoint_id": checkpoint_id(view.thread_key, view.number),
            "step": view.step,
            "created_at": to_rfc3339(view.created_at),
            "next": [task.node for task in facts.due],
            "writes_by": facts.finished,
        }
    )


def _unread(_node: str, encoded: bytes) -> StoredValue:
    """Keep a Send's argument as the bytes it is: its type belongs to the user's code, which is not here."""
    return StoredValue(None, encoded=encoded)


def _tasks(stored: StoredCheckpoint, done: set[str], attempts: dict[str, AttemptRow]) -> list[dict[str, Any]]:
    """Name the tasks of the next step as the machine does, and leave out those that have finished already."""
    name = checkpoint_id(stored.thread_key, stored.number)
    tasks: list[dict[str, Any]] = []
    pushes = 0
    for due in decode_machine(stored.machine, _unread).due:
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
                    "attempt": 1 if failed is None else failed.attempt + 1,
                    "error": None if failed is None else encode_error(failed.error),
                }
            )
    return tasks
