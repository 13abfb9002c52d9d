"""`/api/interrupts`: what all runs wait for, in one list: questions first of all, and timers, signals and child runs."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.encoding import encode_interrupt, moment
from api.paging import DEFAULT_LIMIT, LimitQuery, array_response
from api.places import parse_uuid
from api.schemas.state import PendingInterrupt
from api.services import services_of
from fastgraph.database.interrupts import InterruptView, count_pending, list_of_run, list_pending
from fastgraph.database.runs import RunView, find_runs
from fastgraph.execution.tasks import WaitKind

__all__ = ["router"]

router = APIRouter(prefix="/api/interrupts", tags=["interrupts"])


@router.get("", response_class=Response, responses={200: {"model": list[PendingInterrupt]}})
async def list_interrupts(
    request: Request,
    kind: Annotated[
        WaitKind | None,
        Query(description="What kind of wait; default interrupt, and with `run_id` any."),
    ] = None,
    run_id: Annotated[str | None, Query(description="Only what this run waits for.")] = None,
    limit: LimitQuery = DEFAULT_LIMIT,
) -> Response:
    """List what waits and has no answer yet, oldest first; answer by `POST /api/runs/{run_id}/resume`."""
    services = services_of(request.scope)
    run = None if run_id is None else await services.log.get_run(parse_uuid(run_id, "run_id"))
    async with services.store.readers.connect() as connection:
        if run is None:
            wanted = kind or WaitKind.INTERRUPT
            waiting = await list_pending(connection, kind=wanted, limit=limit)
            total = await count_pending(connection, kind=wanted)
        else:
            asked = await list_of_run(connection, run_key=run.key)
            open_waits = [wait for wait in asked if wait.answer is None and kind in {None, wait.kind}]
            waiting, total = open_waits[:limit], len(open_waits)
        runs = await find_runs(connection, run_keys={wait.run_key for wait in waiting})
    return array_response([_encode(wait, runs[wait.run_key]) for wait in waiting], total=total)


def _encode(wait: InterruptView, run: RunView) -> bytes:
    nested = [part.rpartition(":")[0] or part for part in wait.namespace.split("|") if part]
    return orjson.dumps(
        {
            **encode_interrupt(wait),
            "run_id": run.run_id,
            "run_name": run.name,
            "workflow": run.workflow,
            "thread_id": run.thread_id,
            "kind": wait.kind,
            "name": wait.name,
            "due_at": moment(wait.due_at),
            "path": [*nested, wait.node] if wait.node not in nested else nested,
        }
    )
