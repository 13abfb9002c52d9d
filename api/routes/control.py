"""What people order of a run beside its cancel: pause, terminate, quarantine, release, discard, retry, fork.

Each is carried out once for an Idempotency-Key, and stands in the audit log. Pause and terminate work whoever owns the run,
and where nobody does.
"""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import read_model
from api.commands import COMMAND_HEADERS, order
from api.operation_ids import json_body
from api.parameters import RunIdPath
from api.retrying import accept_fork, accept_retry
from api.run_answer import answer_run
from api.schemas.control import Command, ForkRun, RetryRun, RunBegun
from api.schemas.runs import Run
from api.security.callers import caller_of
from api.services import services_of
from fastgraph.database import control_records as control
from fastgraph.database.operator_records import ReleaseRun
from fastgraph.database.records import TerminateRun
from fastgraph.database.runs import RunView
from fastgraph.events import EventKind
from fastgraph.status import RunStatus

__all__ = ["router"]

router = APIRouter(prefix="/api/runs", tags=["runs"])

_ORDER: dict[str, Any] = {
    "status_code": 202,
    "response_class": Response,
    "responses": {202: {"model": Run}},
    "openapi_extra": json_body(Command, is_required=False, headers=COMMAND_HEADERS),
}


@router.post("/{run_id}/pause", **_ORDER)
async def pause_run(request: Request, run_id: RunIdPath) -> Response:
    """Let a run start nothing more: tasks that run end and are recorded, answers, signals and times are kept. 409 where it
    has ended."""
    asked = await read_model(request, Command, is_optional=True)
    now = services_of(request.scope).clock.now()
    operation = control.PauseRun(run_id=run_id, reason=asked.reason, now=now)
    return await _order(request, run_id, "pause", operation, asked)


@router.post("/{run_id}/unpause", **_ORDER)
async def unpause_run(request: Request, run_id: RunIdPath) -> Response:
    """Let a paused run go on where it was; nothing happens to one that is not paused. 409 where it has ended."""
    asked = await read_model(request, Command, is_optional=True)
    now = services_of(request.scope).clock.now()
    operation = control.UnpauseRun(run_id=run_id, reason=asked.reason, now=now)
    return await _order(request, run_id, "unpause", operation, asked)


@router.post("/{run_id}/terminate", **_ORDER)
async def terminate_run(request: Request, run_id: RunIdPath) -> Response:
    """End a run at once, as `cancelled` with the error `Terminated`. Its tasks get no time to clean up, and what they still
    say is refused. 409 where it has ended."""
    asked = await read_model(request, Command, is_optional=True)
    message = asked.reason or "It was terminated."
    error = {"type": "Terminated", "message": message, "node": None, "attempt": None, "traceback": ""}
    operation = TerminateRun(
        run_id=run_id,
        status=RunStatus.CANCELLED,
        kind=EventKind.CANCELLED,
        data=orjson.dumps({"reason": asked.reason, "error": error}),
        error=orjson.dumps(error),
        now=services_of(request.scope).clock.now(),
    )
    return await _order(request, run_id, "terminate", operation, asked)


@router.post("/{run_id}/quarantine", **_ORDER)
async def quarantine_run(request: Request, run_id: RunIdPath) -> Response:
    """End a run as quarantined, at once and whoever owns it. 409 where it has ended."""
    asked = await read_model(request, Command, is_optional=True)
    message = asked.reason or f"Quarantined by {caller_of(request).name}."
    error = {"type": "Quarantined", "message": message, "node": None, "attempt": None, "traceback": ""}
    operation = TerminateRun(
        run_id=run_id,
        status=RunStatus.QUARANTINED,
        kind=EventKind.QUARANTINED,
        data=orjson.dumps({"error": error}),
        error=orjson.dumps(error),
        now=services_of(request.scope).clock.now(),
    )
    return await _order(request, run_id, "quarantine", operation, asked)


@router.post("/{run_id}/release", **_ORDER)
async def release_run(request: Request, run_id: RunIdPath) -> Response:
    """Take a run from its host, living or not, and forget its deaths: the next host takes it up from its last
    checkpoint, at once. 409 where it has ended; a quarantined run is retried instead."""
    asked = await read_model(request, Command, is_optional=True)
    reason = asked.reason or f"released by {caller_of(request).name}"
    operation = ReleaseRun(run_id=run_id, reason=reason, now=services_of(request.scope).clock.now())
    return await _order(request, run_id, "release", operation, asked)


@router.post("/{run_id}/discard", **_ORDER)
async def discard_run(request: Request, run_id: RunIdPath) -> Response:
    """Note that nobody need look at a failed or quarantined run any more. It stays as it is. 409 for any other."""
    asked = await read_model(request, Command, is_optional=True)
    operation = control.DiscardRun(run_id=run_id, now=services_of(request.scope).clock.now())
    return await _order(request, run_id, "discard", operation, asked)


@router.post(
    "/{run_id}/retry",
    response_class=Response,
    responses={200: {"model": RunBegun}},
    openapi_extra=json_body(RetryRun, is_required=False, headers=COMMAND_HEADERS),
)
async def retry_run(request: Request, run_id: RunIdPath) -> Response:
    """Try a failed, cancelled or quarantined run again: a new run on its thread goes on from its last checkpoint, with
    `update` in the state where it is given. 409 for a run that is in no such state."""
    services = services_of(request.scope)
    asked = await read_model(request, RetryRun, is_optional=True)
    run = await services.log.get_run(run_id)
    accept = await accept_retry(services, run, asked.update)
    operation = control.RetryRun(run_id=run_id, accept=accept)
    return await _begin(request, run, "retry", operation, asked)


@router.post(
    "/{run_id}/fork",
    response_class=Response,
    responses={200: {"model": RunBegun}},
    openapi_extra=json_body(ForkRun, is_required=False, headers=COMMAND_HEADERS),
)
async def fork_run(request: Request, run_id: RunIdPath) -> Response:
    """Begin a new run on a run's thread at one of its checkpoints, with `update` in the state where it is given. What is
    stored stays; a run of the thread that has not ended goes first, and one that waits for an answer gives way."""
    services = services_of(request.scope)
    asked = await read_model(request, ForkRun, is_optional=True)
    run = await services.log.get_run(run_id)
    operation = await accept_fork(services, run, asked)
    return await _begin(request, run, "fork", operation, asked)


async def _order(request: Request, run_id: str, action: str, operation: Any, asked: Command) -> Response:
    services, subject = services_of(request.scope), f"run {run_id}"
    said = asked.model_dump()
    await order(request, services, operation, action=action, subject=subject, reason=asked.reason, asked=said)
    return await answer_run(services, run_id, status_code=202)


async def _begin(request: Request, run: RunView, action: str, operation: Any, asked: Command) -> Response:
    services, subject = services_of(request.scope), f"run {run.run_id}"
    said = asked.model_dump()
    accepted = await order(
        request, services, operation, action=action, subject=subject, reason=asked.reason, asked=said
    )
    begun = {"run_id": accepted.run_id, "thread_id": run.thread_id}
    return Response(orjson.dumps(begun), media_type="application/json")
