"""What operators do: restart or stop an actor, see its stack, drain a host, quarantine a run or set it free.

Actions on actors and hosts are rows that their host consumes within about a second, wherever it runs; the answer waits
a moment for that and says `pending` where it did not come. Actions on runs are done when the answer is sent.
"""

from __future__ import annotations

import asyncio

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.actor_tree import split_actor_id
from api.bodies import read_model
from api.commands import COMMAND_HEADERS, order
from api.encoding import encode_run
from api.hosts import encode_command
from api.operation_ids import json_body
from api.parameters import BootIdPath, RunIdPath
from api.places import parse_uuid
from api.routes.monitoring import ActorIdPath
from api.schemas.monitoring import HostCommand, OperatorReason
from api.schemas.runs import Run
from api.security.callers import caller_of
from api.services import Services, services_of
from fastgraph.database.operator_records import AskHost, ReleaseRun
from fastgraph.database.operators import HostCommandView, find_command
from fastgraph.database.records import TerminateRun
from fastgraph.database.runs import find_run
from fastgraph.errors import ConflictError, RunNotFoundError
from fastgraph.events import EventKind
from fastgraph.ids import new_id
from fastgraph.status import RunStatus

__all__ = ["router"]

router = APIRouter(prefix="/api", tags=["operators"])

ANSWER_SECONDS = 3.0
LOOK_SECONDS = 0.05

_REASON = json_body(OperatorReason, is_required=False, headers=COMMAND_HEADERS)


@router.post(
    "/monitoring/actors/{actor_id}/restart",
    status_code=202,
    response_class=Response,
    responses={202: {"model": HostCommand}},
    openapi_extra=_REASON,
)
async def restart_actor(request: Request, actor_id: ActorIdPath) -> Response:
    """End an actor where it stands; its supervisor starts another, a run's from its last checkpoint."""
    return await _ask(request, actor_id, "restart")


@router.post(
    "/monitoring/actors/{actor_id}/stop",
    status_code=202,
    response_class=Response,
    responses={202: {"model": HostCommand}},
    openapi_extra=_REASON,
)
async def stop_actor(request: Request, actor_id: ActorIdPath) -> Response:
    """End an actor in order: a run's finishes what it executes and gives the run to another host."""
    return await _ask(request, actor_id, "stop")


@router.post(
    "/monitoring/actors/{actor_id}/dump-stack",
    status_code=202,
    response_class=Response,
    responses={202: {"model": HostCommand}},
    openapi_extra=_REASON,
)
async def dump_stack(request: Request, actor_id: ActorIdPath) -> Response:
    """Say where an actor and its tasks stand, as stacks; of a host, all of its threads."""
    return await _ask(request, actor_id, "dump_stack")


@router.post(
    "/monitoring/hosts/{boot_id}/drain",
    status_code=202,
    response_class=Response,
    responses={202: {"model": HostCommand}},
    openapi_extra=_REASON,
)
async def drain_host(request: Request, boot_id: BootIdPath) -> Response:
    """Let a host finish the steps that it executes, give its runs back and end; its keeper starts another."""
    return await _ask(request, boot_id, "drain")


@router.post(
    "/runs/{run_id}/quarantine",
    status_code=202,
    response_class=Response,
    responses={202: {"model": Run}},
    openapi_extra=_REASON,
)
async def quarantine_run(request: Request, run_id: RunIdPath) -> Response:
    """End a run as quarantined, at once and whoever owns it. 409 where it has ended."""
    services = services_of(request.scope)
    asked = await read_model(request, OperatorReason, is_optional=True)
    message = asked.reason or f"Quarantined by {caller_of(request).name}."
    error = {"type": "Quarantined", "message": message, "node": None, "attempt": None, "traceback": ""}
    operation = TerminateRun(
        run_id=run_id,
        status=RunStatus.QUARANTINED,
        kind=EventKind.QUARANTINED,
        data=orjson.dumps({"error": error}),
        error=orjson.dumps(error),
        now=services.clock.now(),
    )
    await order(
        request,
        services,
        operation,
        action="quarantine",
        subject=f"run {run_id}",
        reason=asked.reason,
        asked=asked.reason,
    )
    return await _answer_run(services, run_id)


@router.post(
    "/runs/{run_id}/release",
    status_code=202,
    response_class=Response,
    responses={202: {"model": Run}},
    openapi_extra=_REASON,
)
async def release_run(request: Request, run_id: RunIdPath) -> Response:
    """Take a run from its host, living or not, and forget its deaths: the next host takes it up from its last
    checkpoint, at once. 409 where it has ended; a quarantined run is retried instead."""
    services = services_of(request.scope)
    asked = await read_model(request, OperatorReason, is_optional=True)
    reason = asked.reason or f"released by {caller_of(request).name}"
    operation = ReleaseRun(run_id=run_id, reason=reason, now=services.clock.now())
    await order(
        request,
        services,
        operation,
        action="release",
        subject=f"run {run_id}",
        reason=asked.reason,
        asked=asked.reason,
    )
    return await _answer_run(services, run_id)


async def _ask(request: Request, actor_id: str, kind: str) -> Response:
    services = services_of(request.scope)
    asked = await read_model(request, OperatorReason, is_optional=True)
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


async def _answer_run(services: Services, run_id: str) -> Response:
    async with services.store.readers.connect() as connection:
        run = await find_run(connection, run_id=run_id)
    if run is None:
        raise RunNotFoundError(run_id)
    return Response(encode_run(run), 202, media_type="application/json")
