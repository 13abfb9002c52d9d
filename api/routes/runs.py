"""`/api/runs`: create, list, look at, cancel, answer and delete runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import read_model
from api.commands import COMMAND_HEADERS, hash_request, idempotency_key, order, was_ordered
from api.encoding import encode_run
from api.faults import Fault, InvalidRequestError
from api.operation_ids import headers_only, json_body
from api.paging import DEFAULT_LIMIT, CursorQuery, LimitQuery, array_response, next_link, parse_cursor
from api.parameters import RunIdPath
from api.places import parse_uuid
from api.run_answer import answer_run
from api.schemas.control import Command
from api.schemas.runs import CreateRun, ResumeRun, Run, RunCreated
from api.services import Services, services_of
from fastgraph.database.interrupts import list_pending
from fastgraph.database.records import AcceptRun, DeleteRun, SendCommand
from fastgraph.database.runs import RunFilters
from fastgraph.database.runs import list_runs as read_runs
from fastgraph.ids import new_id
from fastgraph.state.plain import encode
from fastgraph.status import RunStatus

__all__ = ["create_run", "router"]

router = APIRouter(prefix="/api/runs", tags=["runs"])


@router.post(
    "/",
    response_class=Response,
    responses={200: {"model": RunCreated}},
    openapi_extra=json_body(
        CreateRun, headers={"Idempotency-Key": "The same key and body answer the same run."}
    ),
)
async def create_run(request: Request) -> Response:
    """Accept a run: when the answer is sent, the run is durable."""
    services = services_of(request.scope)
    asked = await read_model(request, CreateRun)
    workflow = await services.workflows.get(asked.workflow, is_patient=True)
    if asked.thread_id is None or asked.payload is not None:
        services.payloads.check(asked.payload, schema=workflow.input_schema, workflow=workflow.name)
    if asked.checkpoint_id is not None and asked.thread_id is None:
        raise InvalidRequestError(Fault("thread_id", "is missing: a checkpoint is one of a thread"))
    key, now = idempotency_key(request), services.clock.now()
    operation = AcceptRun(
        run_id=new_id(),
        name=asked.name,
        workflow=workflow.name,
        thread_id=asked.thread_id or new_id(),
        payload=encode(services.payloads.hidden(asked.payload, workflow.input_schema), where="payload"),
        tags=tuple(dict.fromkeys(asked.tags)),
        context=None if asked.context is None else encode(asked.context, where="context"),
        config=_config(asked),
        on_busy_thread=asked.on_busy_thread,
        idempotency_key=key,
        request_hash=None if key is None else _request_hash(asked),
        deadline_at=_deadline(asked, now),
        priority=asked.priority,
        now=now,
    )
    async with services.admission.place(workflow.name):
        accepted = await services.writer.write(operation)
    return Response(b'{"run_id":"%b"}' % accepted.run_id.encode(), media_type="application/json")


@router.get("/", response_class=Response, responses={200: {"model": list[Run]}})
async def list_runs(  # noqa: PLR0917 - FastAPI calls it by name: each is a query parameter
    request: Request,
    status: Annotated[
        list[RunStatus] | None, Query(description="Only these; may be given several times.")
    ] = None,
    workflow: str | None = None,
    name: str | None = None,
    tag: str | None = None,
    thread_id: str | None = None,
    parent: Annotated[str | None, Query(description="Only runs that this run has started.")] = None,
    created_after: datetime | None = None,
    created_before: datetime | None = None,
    limit: LimitQuery = DEFAULT_LIMIT,
    cursor: CursorQuery = None,
) -> Response:
    """List runs, newest first. `Link` leads to the next page, `X-Total-Count` counts all that match."""
    services = services_of(request.scope)
    filters = RunFilters(
        statuses=tuple(status or ()),
        workflow=workflow,
        name=name,
        tag=tag,
        thread_id=None if thread_id is None else parse_uuid(thread_id, "thread_id"),
        parent=None if parent is None else parse_uuid(parent, "parent"),
        created_after=_aware(created_after),
        created_before=_aware(created_before),
    )
    async with services.store.readers.connect() as connection:
        page = await read_runs(connection, filters=filters, before=parse_cursor(cursor), limit=limit)
    link = None if page.next_before is None else next_link(request, cursor=page.next_before)
    return array_response([encode_run(run) for run in page.runs], total=page.total, link=link)


@router.get("/{run_id}", response_class=Response, responses={200: {"model": Run}})
async def get_run(request: Request, run_id: RunIdPath) -> Response:
    """Return one run."""
    return await answer_run(services_of(request.scope), run_id)


@router.delete(
    "/{run_id}", status_code=204, response_class=Response, openapi_extra=headers_only(COMMAND_HEADERS)
)
async def delete_run(request: Request, run_id: RunIdPath) -> Response:
    """Delete an ended run with its events, checkpoints and artifacts; 409 while it has not ended."""
    operation = DeleteRun(run_id=run_id)
    await order(request, services_of(request.scope), operation, action="delete", subject=f"run {run_id}")
    return Response(status_code=204)


@router.post(
    "/{run_id}/cancel",
    status_code=202,
    response_class=Response,
    responses={202: {"model": Run}},
    openapi_extra=json_body(Command, is_required=False, headers=COMMAND_HEADERS),
)
async def cancel_run(request: Request, run_id: RunIdPath) -> Response:
    """Ask for a run's end; it is `cancelled` within ten seconds. 409 where it has ended already."""
    services = services_of(request.scope)
    asked = await read_model(request, Command, is_optional=True)
    body = encode(asked.model_dump(exclude_none=True), where="body")
    command = SendCommand(run_id=run_id, kind="cancel", body=body, now=services.clock.now())
    subject = f"run {run_id}"
    await order(
        request, services, command, action="cancel", subject=subject, reason=asked.reason, asked=asked.reason
    )
    return await answer_run(services, run_id, status_code=202)


@router.post(
    "/{run_id}/resume",
    status_code=202,
    response_class=Response,
    responses={202: {"model": Run}},
    openapi_extra=json_body(ResumeRun, headers=COMMAND_HEADERS),
)
async def resume_run(request: Request, run_id: RunIdPath) -> Response:
    """Answer what a run asks: `resume` where one interrupt is pending, else `answers` by id. 409 where none is. An answer
    that is sent again under its key never answers the next question."""
    services = services_of(request.scope)
    asked = await read_model(request, ResumeRun)
    body = _answer(asked)
    if not await was_ordered(request, services):
        await _check_answers(services, run_id, asked)
    command = SendCommand(
        run_id=run_id, kind="resume", body=encode(body, where="body"), now=services.clock.now()
    )
    await order(request, services, command, action="answer", subject=f"run {run_id}", asked=body)
    return await answer_run(services, run_id, status_code=202)


def _deadline(asked: CreateRun, now: datetime) -> datetime | None:
    """Return when the run is given up, if ever."""
    seconds = None if asked.config is None else asked.config.timeout_seconds
    return None if seconds is None else now + timedelta(seconds=seconds)


def _config(asked: CreateRun) -> bytes | None:
    """How the run is executed and where it enters its thread; None where nothing was said."""
    config = {} if asked.config is None else asked.config.model_dump(exclude_none=True)
    if asked.checkpoint_id is not None:
        config["checkpoint_id"] = asked.checkpoint_id
    return encode(config, where="config") if config or asked.config is not None else None


def _request_hash(asked: CreateRun) -> str:
    """Hash what was asked and not how it was written: order of keys and white space do not count."""
    said = asked.model_dump(
        exclude=None if asked.priority else {"priority"}
    )  # as before there were priorities
    return hash_request(said)


def _aware(moment: datetime | None) -> datetime | None:
    """A time without a zone is one in UTC, as all times here are."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _answer(asked: ResumeRun) -> dict[str, object]:
    has_value = "resume" in asked.model_fields_set
    if has_value == (asked.answers is not None):
        raise InvalidRequestError(
            Fault("resume", 'send either {"resume": value} or {"answers": {"<interrupt_id>": value}}')
        )
    if has_value:
        if asked.resume is None:
            raise InvalidRequestError(Fault("resume", "is null, which answers nothing"))
        return {"resume": asked.resume}
    assert asked.answers is not None
    for interrupt_id, value in asked.answers.items():
        if value is None:
            raise InvalidRequestError(Fault(f"answers.{interrupt_id}", "is null, which answers nothing"))
    return {"answers": asked.answers}


async def _check_answers(services: Services, run_id: str, asked: ResumeRun) -> None:
    """Hold answers against the schemas that their questions came with; whether a question is open the store decides."""
    run = await services.log.get_run(run_id)
    async with services.store.readers.connect() as connection:
        pending = await list_pending(connection, run_key=run.key)
    for question in pending:
        if question.response_schema is None:
            continue
        if asked.answers is None:
            field, value, is_answered = "resume", asked.resume, len(pending) == 1
        else:
            field = f"answers.{question.interrupt_id}"
            value, is_answered = (
                asked.answers.get(question.interrupt_id),
                question.interrupt_id in asked.answers,
            )
        if is_answered:
            services.payloads.check(
                value, schema=question.response_schema, workflow=run.workflow, field=field
            )
