"""What operators ask of hosts: restart or stop an actor, see its stack, drain the host.

Each is a row that its host consumes within about a second, wherever it runs; the answer waits a moment for that and says
`pending` where it did not come.
"""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.actor_tree import split_actor_id
from api.bodies import read_model
from api.commands import COMMAND_HEADERS, order
from api.hosts import encode_command
from api.operation_ids import json_body
from api.parameters import BootIdPath
from api.places import parse_uuid
from api.routes.monitoring import ActorIdPath
from api.schemas.control import Command
from api.schemas.monitoring import HostCommand
from api.security.callers import caller_of
from api.services import Services, services_of
from fastgraph.database.operator_records import AskHost
from fastgraph.database.operators import HostCommandView, find_command
from fastgraph.errors import ConflictError
from fastgraph.ids import new_id

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["operators"])

ANSWER_SECONDS = 3.0
LOOK_SECONDS = 0.05

_ORDER: dict[str, Any] = {
    "status_code": 202,
    "response_class": Response,
    "responses": {202: {"model": HostCommand}},
    "openapi_extra": json_body(Command, is_required=False, headers=COMMAND_HEADERS),
}


@router.post("/monitoring/actors/{actor_id}/restart", **_ORDER)
async def restart_actor(request: Request, actor_id: ActorIdPath) -> Response:
    """End an actor where it stands; its supervisor starts another, a run's from its last checkpoint."""
    return await _ask(request, actor_id, "restart")


@router.post("/monitoring/actors/{actor_id}/stop", **_ORDER)
async def stop_actor(request: Request, actor_id: ActorIdPath) -> Response:
    """End an actor in order: a run's finishes what it executes and gives the run to another host."""
    return await _ask(request, actor_id, "stop")


@router.post("/monitoring/actors/{actor_id}/dump-stack", **_ORDER)
async def dump_stack(request: Request, actor_id: ActorIdPath) -> Response:
    """Say where an actor and its tasks stand, as stacks; of a host, all of its threads."""
    return await _ask(request, actor_id, "dump_stack")


@router.post("/monitoring/hosts/{boot_id}/drain", **_ORDER)
async def drain_host(request: Request, boot_id: BootIdPath) -> Response:
    """Let a host finish the steps that it executes, give its runs back and end; its keeper starts another."""
    return await _ask(request, boot_id, "drain")


async def _ask(request: Request, actor_id: str, kind: str) -> Response:
    services = services_of(request.scope)
    asked = await read_model(request, Command, is_optional=True)
    process, subject = split_actor_id(actor_id)
    if process.startswith("api-") or process == "system":
        raise ConflictError(
            f"{actor_id} belongs to an API process, whose actors live and end with it. Restart that process instead."
        )
    operation = AskHost(
        command_id=new_id(),
        boot_id=parse_uuid(process, "actor_id"),
        kind=kind,
        subject=subject,
        reason=asked.reason,
        requested_by=caller_of(request).name,
        now=services.clock.now(),
    )
    command_id: str = await order(
        request,
        services,
        operation,
        action=kind,
        subject=f"actor {actor_id}" if subject else f"host {actor_id}",
        reason=asked.reason,
        asked=asked.reason,
    )
    command = await _wait_for_outcome(services, command_id)
    return Response(orjson.dumps(encode_command(command)), 202, media_type="application/json")


async def _wait_for_outcome(services: Services, command_id: str) -> HostCommandView:
    until = services.clock.monotonic() + ANSWER_SECONDS
    while True:
        async with services.store.readers.connect() as connection:
            command = await find_command(connection, command_id=command_id)
        assert command is not None, "a command that was just written is there"
        if command.outcome != "pending" or services.clock.monotonic() >= until:
            return command
        await asyncio.sleep(LOOK_SECONDS)
