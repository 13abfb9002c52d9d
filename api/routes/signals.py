"""`POST /api/runs/{run_id}/signals/{name}`: say a word to a run that it waits for, or will."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import read_value
from api.commands import idempotency_key, order
from api.encoding import encode_run
from api.faults import Fault, InvalidRequestError
from api.operation_ids import any_json_body
from api.parameters import RunIdPath
from api.schemas.runs import Run
from api.services import Services, services_of
from api.strict_json import has_control_characters
from fastgraph.database.interrupts import list_pending
from fastgraph.database.records import SendSignal
from fastgraph.database.signals import has_signal
from fastgraph.state.plain import encode

__all__ = ["router"]

router = APIRouter(prefix="/api/runs", tags=["runs"])

MAX_NAME = 200
SignalName = Annotated[str, Path(min_length=1, max_length=MAX_NAME)]


@router.post(
    "/{run_id}/signals/{name}",
    status_code=202,
    response_class=Response,
    responses={202: {"model": Run}},
    openapi_extra=any_json_body(
        headers={"Idempotency-Key": "The same key is one signal, however often it is sent."}
    ),
)
async def send_signal(
    request: Request,
    run_id: RunIdPath,
    name: SignalName,
    dedup_id: Annotated[
        str | None, Query(min_length=1, max_length=255, description="As Idempotency-Key.")
    ] = None,
) -> Response:
    """Send a signal. It is durable when this answers, and is kept where the run does not wait for it yet. 422 where its body
    does not fit what the run waits for (it goes on waiting), 409 where the run has ended."""
    services = services_of(request.scope)
    if has_control_characters(name):
        raise InvalidRequestError(Fault("name", "holds control characters; leave them out"))
    value = await read_value(request)
    dedup_id = dedup_id or idempotency_key(request)
    await _check(services, run_id, name, value, dedup_id)
    signal = SendSignal(
        run_id=run_id,
        name=name,
        body=encode(value, where="body"),
        dedup_id=dedup_id,
        now=services.clock.now(),
    )
    await order(request, services, signal, action=f"signal {name}", subject=f"run {run_id}", is_once=False)
    run = await services.log.get_run(run_id)
    return Response(encode_run(run), 202, media_type="application/json")


async def _check(services: Services, run_id: str, name: str, value: object, dedup_id: str | None) -> None:
    """Hold the body against the schema of the wait that would get it; whether one is open the store decides. A signal that
    is sent again goes to no wait."""
    run = await services.log.get_run(run_id)
    async with services.store.readers.connect() as connection:
        if dedup_id is not None and await has_signal(connection, run_key=run.key, dedup_id=dedup_id):
            return
        waits = await list_pending(connection, run_key=run.key, kind="signal")
    first = next((wait for wait in waits if wait.name == name), None)
    if first is not None and first.response_schema is not None:
        services.payloads.check(value, schema=first.response_schema, workflow=run.workflow, field="body")
