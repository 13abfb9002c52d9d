"""`/api/runs/{id}/state` and `/checkpoints`: what a run's thread holds now, and the steps that led there."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from api.paging import DEFAULT_LIMIT, CursorQuery, LimitQuery, array_response, next_link, parse_cursor
from api.parameters import RunIdPath
from api.schemas.state import Checkpoint, NestedState
from api.services import services_of
from api.thread_state import read_facts, read_state
from fastgraph.clock import to_rfc3339
from fastgraph.database.checkpoints import CheckpointView
from fastgraph.database.checkpoints import list_checkpoints as read_checkpoints
from fastgraph.database.nested import find_lineage, list_lineages
from fastgraph.database.runs import RunView
from fastgraph.errors import NotFoundError
from fastgraph.ids import checkpoint_id

__all__ = ["router"]

router = APIRouter(prefix="/api/runs", tags=["state"])


@router.get("/{run_id}/state", response_class=Response, responses={200: {"model": NestedState}})
async def get_run_state(
    request: Request,
    run_id: RunIdPath,
    namespace: Annotated[
        str, Query(description="Of a graph inside the run; the run's own where it is empty.")
    ] = "",
) -> Response:
    """Return the state after the run's last step, the tasks that are next, and the questions that are open."""
    services = services_of(request.scope)
    run = await services.log.get_run(run_id)
    async with services.store.readers.connect() as connection:
        state = await read_state(
            services,
            connection,
            thread_key=await _find_nested(connection, run, namespace) if namespace else run.thread_key,
            number=None if namespace else run.checkpoint_number,
            run_key=None if namespace else run.key,
        )
        inside = await list_lineages(connection, parent_key=run.thread_key)
    state["namespaces"] = [name for name in inside if name.startswith(f"{namespace}|" if namespace else "")]
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


async def _find_nested(connection: AsyncConnection, run: RunView, namespace: str) -> int:
    key = await find_lineage(connection, parent_key=run.thread_key, namespace=namespace)
    if key is None:
        raise NotFoundError(
            f"Run {run.run_id} has no graph with the namespace {namespace!r} inside. Its state names those that it has."
        )
    return key


def _encode(view: CheckpointView) -> bytes:
    facts = read_facts(view.machine)
    return orjson.dumps(
        {
            "checkpoint_id": checkpoint_id(view.thread_key, view.number),
            "step": view.step,
            "created_at": to_rfc3339(view.created_at),
            "next": [task.node for task in facts.due],
            "writes_by": facts.finished,
        }
    )
