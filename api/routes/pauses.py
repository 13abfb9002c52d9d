"""Pausing a workflow or the whole server, what is paused, and the audit log of all commands."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from actors.hints.hints import Hint, HintKind
from api.bodies import read_model
from api.commands import COMMAND_HEADERS, order
from api.encoding import encode_audit, encode_pause
from api.operation_ids import json_body
from api.paging import DEFAULT_LIMIT, CursorQuery, LimitQuery, array_response, next_link, parse_cursor
from api.schemas.control import AuditEntry, Command, Pause, PauseSet
from api.security.callers import caller_of
from api.services import services_of
from fastgraph.database.audit import list_audit
from fastgraph.database.control_records import PauseScope, SetPause
from fastgraph.database.pausing import list_pauses

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["control"])

_ORDER: dict[str, Any] = {
    "response_class": Response,
    "responses": {200: {"model": PauseSet}},
    "openapi_extra": json_body(Command, is_required=False, headers=COMMAND_HEADERS),
}


@router.post("/workflows/{name}/pause", **_ORDER)
async def pause_workflow(request: Request, name: str) -> Response:
    """Let no run of a workflow start anything more: tasks that run end and are recorded, new runs are accepted and wait. 404
    with the names that exist."""
    workflow = await services_of(request.scope).workflows.get(name)
    return await _set(request, "workflow", workflow.name, is_paused=True)


@router.post("/workflows/{name}/unpause", **_ORDER)
async def unpause_workflow(request: Request, name: str) -> Response:
    """Let the runs of a workflow go on, but those that are paused themselves."""
    workflow = await services_of(request.scope).workflows.get(name)
    return await _set(request, "workflow", workflow.name, is_paused=False)


@router.post("/monitoring/pause", **_ORDER)
async def pause_server(request: Request) -> Response:
    """Let no run start anything more, on any host of this store, also after a restart. New runs are accepted and wait."""
    return await _set(request, "server", "", is_paused=True)


@router.post("/monitoring/unpause", **_ORDER)
async def unpause_server(request: Request) -> Response:
    """Let runs go on, but those that are paused themselves or whose workflow is."""
    return await _set(request, "server", "", is_paused=False)


@router.get("/monitoring/pauses", response_class=Response, responses={200: {"model": list[Pause]}})
async def list_paused(request: Request) -> Response:
    """List what is paused beside single runs."""
    async with services_of(request.scope).store.readers.connect() as connection:
        found = await list_pauses(connection)
    return array_response([encode_pause(pause) for pause in found], total=len(found))


@router.get("/monitoring/audit", response_class=Response, responses={200: {"model": list[AuditEntry]}})
async def list_commands(
    request: Request,
    subject: Annotated[
        str | None, Query(description="Only of this subject, such as `run ID` or `server`.")
    ] = None,
    limit: LimitQuery = DEFAULT_LIMIT,
    cursor: CursorQuery = None,
) -> Response:
    """List the commands that were given, newest first: who, when, what, why, and what came of it."""
    async with services_of(request.scope).store.readers.connect() as connection:
        page = await list_audit(connection, subject=subject, before=parse_cursor(cursor), limit=limit)
    link = None if page.next_before is None else next_link(request, cursor=page.next_before)
    return array_response([encode_audit(entry) for entry in page.commands], total=page.total, link=link)


async def _set(request: Request, scope: PauseScope, name: str, *, is_paused: bool) -> Response:
    services = services_of(request.scope)
    asked = await read_model(request, Command, is_optional=True)
    operation = SetPause(
        scope=scope,
        name=name,
        is_paused=is_paused,
        who=caller_of(request).name,
        reason=asked.reason,
        now=services.clock.now(),
    )
    has_changed = await order(
        request,
        services,
        operation,
        action="pause" if is_paused else "unpause",
        subject=f"workflow {name}" if scope == "workflow" else "server",
        reason=asked.reason,
        asked=asked.reason,
    )
    services.hints.publish((Hint(HintKind.PAUSE),))
    if scope == "workflow":
        await services.workflows.list_workflows()  # who asks this process next sees it
    body = {"is_paused": is_paused, "has_changed": has_changed}
    return Response(orjson.dumps(body), media_type="application/json")
