"""`/api/runs/{id}/events`: one URL, a page of JSON or a stream, as the client's `Accept` says."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.faults import Fault, InvalidRequestError
from api.feeds.sse import event_stream, wants_event_stream
from api.paging import DEFAULT_LIMIT, LimitQuery, array_response, next_link
from api.parameters import RunIdPath
from api.schemas.events import Event
from api.services import services_of
from fastgraph.database.events import read_whole
from fastgraph.errors import NotFoundError
from fastgraph.state.presentation import present

__all__ = ["router"]

router = APIRouter(prefix="/api/runs", tags=["events"])

_HIGHEST = (1 << 63) - 1
_BOTH: dict[int | str, dict[str, Any]] = {
    200: {
        "model": list[Event],
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
        "description": "A page; or, with `Accept: text/event-stream`, what is stored and then what comes",
    }
}

SeqQuery = Annotated[int, Query(ge=0, le=_HIGHEST)]


@router.get("/{run_id}/events", response_class=Response, responses=_BOTH)
async def list_events(  # noqa: PLR0917 - FastAPI calls it by name: each is a query parameter
    request: Request,
    run_id: RunIdPath,
    after: SeqQuery = 0,
    before: Annotated[int | None, Query(ge=0, le=_HIGHEST)] = None,
    limit: LimitQuery = DEFAULT_LIMIT,
    order: Literal["asc", "desc"] = "asc",
) -> Response:
    """Return a run's events with numbers above `after`. As a stream: also `Last-Event-ID`; it ends with the run."""
    if wants_event_stream(request):
        return await event_stream(request, run_id=run_id, after=after)
    if before is not None and order == "asc":
        raise InvalidRequestError(Fault("before", "goes with order=desc; upwards a page begins at `after`"))
    log = services_of(request.scope).log
    run = await log.get_run(run_id)
    is_newest_first = order == "desc"
    events = await log.read_page(run, after=after, before=before, limit=limit, newest_first=is_newest_first)
    link = None
    if len(events) == limit:
        last = events[-1].seq
        has_more = last > after + 1 if is_newest_first else last < run.seq
        if has_more:
            link = next_link(request, before=last) if is_newest_first else next_link(request, after=last)
    return array_response([event.body for event in events], total=run.seq, link=link)


@router.get("/{run_id}/events/{seq}/update", response_class=Response, responses={200: {"model": object}})
async def get_event_update(request: Request, run_id: RunIdPath, seq: int) -> Response:
    """Return the whole value of an event that shows only its size, hash and beginning."""
    services = services_of(request.scope)
    run = await services.log.get_run(run_id)
    stored = None
    if 0 < seq <= run.seq:
        async with services.store.readers.connect() as connection:
            stored = await read_whole(connection, run_key=run.key, seq=seq)
    if stored is None:
        raise NotFoundError(f"Event {seq} of run {run_id} has no value. Its events are 1 to {run.seq}.")
    whole = await asyncio.to_thread(services.store.spill.resolve_update, stored)
    return Response(present(whole), media_type="application/json")
