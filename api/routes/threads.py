"""`/api/threads`: what a thread holds, how it came to that, and the runs that went along it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import read_model
from api.commands import COMMAND_HEADERS, order
from api.encoding import encode_error, encode_run
from api.faults import Fault, InvalidRequestError
from api.operation_ids import json_body
from api.paging import DEFAULT_LIMIT, CursorQuery, LimitQuery, array_response, next_link, parse_cursor
from api.parameters import ThreadIdPath
from api.places import parse_uuid
from api.schemas.runs import Run
from api.schemas.state import RunState, ThreadCheckpoint, ThreadUpdated, UpdateThread
from api.services import Services, services_of
from api.thread_state import NO_STATE, describe_checkpoint, read_state
from fastgraph.database.checkpoints import list_checkpoints, read_checkpoint
from fastgraph.database.records import AcceptRun
from fastgraph.database.runs import RunFilters, RunView
from fastgraph.database.runs import list_runs as read_runs
from fastgraph.database.threads import ThreadView, find_thread, name_runs
from fastgraph.errors import ThreadNotFoundError
from fastgraph.ids import new_id, parse_checkpoint_id
from fastgraph.state.plain import encode
from fastgraph.status import ENDED, RunStatus

__all__ = ["router"]

router = APIRouter(prefix="/api/threads", tags=["threads"])

HISTORY_LIMIT = 20
MAX_HISTORY = 200
UPDATE_SECONDS = 10.0
FIRST_LOOK_SECONDS = 0.01
LAST_LOOK_SECONDS = 0.2

NamespaceQuery = Annotated[
    str, Query(description="A subgraph's lineage, such as `node:task_id`; empty is the thread's own.")
]
CheckpointQuery = Annotated[
    str | None, Query(description="An older checkpoint of the thread; default the newest.")
]


@router.get("/{thread_id}/state", response_class=Response, responses={200: {"model": RunState}})
async def get_thread_state(
    request: Request,
    thread_id: ThreadIdPath,
    checkpoint_id: CheckpointQuery = None,
    namespace: NamespaceQuery = "",
) -> Response:
    """Return a thread's newest state, with its open tasks and questions, or the state at one of its checkpoints."""
    services = services_of(request.scope)
    async with services.store.readers.connect() as connection:
        thread = await _find(connection, thread_id, namespace)
        number = _number_of(thread, checkpoint_id)
        if not number:
            return Response(orjson.dumps(NO_STATE), media_type="application/json")
        stored = await read_checkpoint(
            connection, thread_key=thread.thread_key, number=number, spill=services.store.spill
        )
        if stored is None:
            raise ThreadNotFoundError(thread_id, checkpoint_id)
        is_newest = number == thread.checkpoint_number
        state = await read_state(
            services,
            connection,
            thread_key=thread.thread_key,
            number=number,
            run_key=(thread.run_key or stored.run_key) if is_newest else None,
        )
    return Response(orjson.dumps(state), media_type="application/json")


@router.get(
    "/{thread_id}/history", response_class=Response, responses={200: {"model": list[ThreadCheckpoint]}}
)
async def list_thread_history(
    request: Request,
    thread_id: ThreadIdPath,
    limit: Annotated[int, Query(ge=1, le=MAX_HISTORY)] = HISTORY_LIMIT,
    cursor: CursorQuery = None,
    namespace: NamespaceQuery = "",
) -> Response:
    """List a thread's checkpoints with their values, all branches in one list, newest first."""
    services = services_of(request.scope)
    async with services.store.readers.connect() as connection:
        thread = await _find(connection, thread_id, namespace)
        page = await list_checkpoints(
            connection, thread_key=thread.thread_key, before=parse_cursor(cursor), limit=limit
        )
        names = await name_runs(connection, run_keys={view.run_key for view in page.checkpoints})
        items = [
            orjson.dumps(
                {
                    **await _describe(services, connection, view.thread_key, view.number),
                    "run_id": names[view.run_key],
                }
            )
            for view in page.checkpoints
        ]
    link = None if page.next_before is None else next_link(request, cursor=page.next_before)
    return array_response(items, total=page.total, link=link)


@router.get("/{thread_id}/runs", response_class=Response, responses={200: {"model": list[Run]}})
async def list_thread_runs(
    request: Request, thread_id: ThreadIdPath, limit: LimitQuery = DEFAULT_LIMIT, cursor: CursorQuery = None
) -> Response:
    """List the runs of a thread, newest first."""
    services = services_of(request.scope)
    async with services.store.readers.connect() as connection:
        await _find(connection, thread_id, "")
        page = await read_runs(
            connection, filters=RunFilters(thread_id=thread_id), before=parse_cursor(cursor), limit=limit
        )
    link = None if page.next_before is None else next_link(request, cursor=page.next_before)
    return array_response([encode_run(run) for run in page.runs], total=page.total, link=link)


@router.post(
    "/{thread_id}/state",
    response_class=Response,
    responses={200: {"model": ThreadUpdated}, 202: {"model": ThreadUpdated}},
    openapi_extra=json_body(UpdateThread, headers=COMMAND_HEADERS),
)
async def update_thread_state(request: Request, thread_id: ThreadIdPath) -> Response:
    """Change a thread's state as if a node had returned something. It is done by a run of its own, which executes nothing
    and takes the thread's turn like any other: a run that waits for answers there is superseded."""
    services = services_of(request.scope)
    asked = await read_model(request, UpdateThread)
    workflow = await _workflow_of(services, thread_id, asked.workflow)
    operation = AcceptRun(
        run_id=new_id(),
        name="update_state",
        workflow=workflow,
        thread_id=thread_id,
        payload=b"null",
        config=encode(_update_config(asked), where="the update"),
        now=services.clock.now(),
    )
    async with services.admission.place(workflow):
        accepted = await order(
            request,
            services,
            operation,
            action="update_state",
            subject=f"thread {thread_id}",
            asked=asked.model_dump(),
        )
    run = await _wait_for_end(services, accepted.run_id)
    if run.status in (RunStatus.FAILED, RunStatus.QUARANTINED, RunStatus.CANCELLED):
        error = encode_error(run.error) or {}
        raise InvalidRequestError(Fault("values", str(error.get("message") or run.status)))
    made = orjson.loads(run.result)["checkpoint_id"] if run.result else None
    return Response(
        orjson.dumps({"run_id": run.run_id, "checkpoint_id": made}),
        status_code=200 if made else 202,
        media_type="application/json",
    )


async def _workflow_of(services: Services, thread_id: str, named: str | None) -> str:
    """Return the workflow by whose rules a thread is changed: the named one, or that of its newest run."""
    if named is None:
        async with services.store.readers.connect() as connection:
            page = await read_runs(connection, filters=RunFilters(thread_id=thread_id), limit=1)
        if not page.runs:
            raise ThreadNotFoundError(thread_id)
        named = page.runs[0].workflow
    return (await services.workflows.get(named)).name


def _update_config(asked: UpdateThread) -> dict[str, Any]:
    if asked.supersteps is not None and {"values", "as_node"} & asked.model_fields_set:
        raise InvalidRequestError(Fault("supersteps", "stands for values and as_node: give one or the other"))
    steps = (
        [[step.model_dump() for step in steps] for steps in asked.supersteps]
        if asked.supersteps is not None
        else [[{"values": asked.values, "as_node": asked.as_node}]]
    )
    config: dict[str, Any] = {"update_state": steps}
    if asked.checkpoint_id is not None:
        config["checkpoint_id"] = parse_uuid(asked.checkpoint_id, "checkpoint_id")
    return config


async def _wait_for_end(services: Services, run_id: str) -> RunView:
    """Wait a while until the run has ended; return it as it is then."""
    pause = FIRST_LOOK_SECONDS
    deadline = services.clock.monotonic() + UPDATE_SECONDS
    while True:
        run = await services.log.get_run(run_id)
        if run.status in ENDED or services.clock.monotonic() > deadline:
            return run
        await asyncio.sleep(pause)
        pause = min(pause * 2, LAST_LOOK_SECONDS)


async def _find(connection: AsyncConnection, thread_id: str, namespace: str) -> ThreadView:
    thread = await find_thread(connection, thread_id=thread_id, namespace=namespace)
    if thread is None:
        raise ThreadNotFoundError(thread_id, namespace or None)
    return thread


def _number_of(thread: ThreadView, checkpoint_id: str | None) -> int:
    if checkpoint_id is None:
        return thread.checkpoint_number
    try:
        key, number = parse_checkpoint_id(checkpoint_id)
    except ValueError as error:
        raise InvalidRequestError(Fault("checkpoint_id", "is no checkpoint id")) from error
    if key != thread.thread_key:
        raise ThreadNotFoundError(thread.thread_id, checkpoint_id)
    return number


async def _describe(
    services: Services, connection: AsyncConnection, thread_key: int, number: int
) -> dict[str, Any]:
    stored = await read_checkpoint(
        connection, thread_key=thread_key, number=number, spill=services.store.spill
    )
    assert stored is not None, "it was listed in this transaction"
    return describe_checkpoint(stored)
