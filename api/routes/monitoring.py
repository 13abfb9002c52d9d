"""`/api/monitoring`: is it well, does it live, who works for whom, what is stuck, and the figures of all of it."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from api.actor_tree import find_actor, read_tree
from api.health import read_health, read_readiness
from api.hosts import encode_command, read_host, read_hosts
from api.metrics import answer_metrics
from api.paging import DEFAULT_LIMIT, LimitQuery
from api.parameters import BootIdPath, CommandIdPath
from api.schemas.monitoring import Actor, Health, Host, HostCommand, HostDetails, Liveness, Readiness, Stuck
from api.services import services_of
from api.stuck import read_stuck
from fastgraph.database.operators import find_command
from fastgraph.errors import NotFoundError

__all__ = ["ActorIdPath", "router"]

router = APIRouter(prefix="/api/monitoring", tags=["monitoring"])

MOST_WAIT_SECONDS = 5.0

ActorIdPath = Annotated[str, Path(max_length=200, description="From the tree of actors.")]
FirstQuery = Annotated[
    int, Query(ge=0, le=1_000_000, description="A page of a supervisor's children begins at this one.")
]
WaitQuery = Annotated[
    float,
    Query(
        ge=0,
        le=MOST_WAIT_SECONDS,
        description="Seconds to wait for full reports of hosts that have told nothing yet.",
    ),
]


def _json(value: Any, status: int = 200) -> Response:
    return Response(
        orjson.dumps(value), status, media_type="application/json", headers={"cache-control": "no-store"}
    )


@router.get("/health", response_class=Response, responses={200: {"model": Health}, 503: {"model": Health}})
async def get_health(request: Request) -> Response:
    """Say how the whole does: `ok` and `degraded` answer 200, `failing` answers 503."""
    health = await read_health(services_of(request.scope), version=request.app.version)
    return _json(health, 503 if health["status"] == "failing" else 200)


@router.get("/health/live", response_class=Response, responses={200: {"model": Liveness}})
async def get_liveness() -> Response:
    """Answer as soon as the process serves, whatever the store does. No answer: its loop takes no turn."""
    return _json({"status": "ok"})


@router.get(
    "/health/ready", response_class=Response, responses={200: {"model": Readiness}, 503: {"model": Readiness}}
)
async def get_readiness(request: Request) -> Response:
    """Say whether requests should come here: 503 until the store can be written and workflows are published."""
    readiness = await read_readiness(services_of(request.scope))
    return _json(readiness, 200 if readiness["status"] == "ok" else 503)


@router.get("/actors", response_class=Response, responses={200: {"model": Actor}})
async def get_actors(request: Request, first: FirstQuery = 0, wait_seconds: WaitQuery = 0.0) -> Response:
    """Return the tree of actors: this process and every living host. Looking lets hosts tell all for 15 s; before they
    have, and when nobody looked, it is what their last heartbeats told."""
    return _json(await read_tree(services_of(request.scope), first=first, wait_seconds=wait_seconds))


@router.get("/actors/{actor_id}", response_class=Response, responses={200: {"model": Actor}})
async def get_actor(
    request: Request, actor_id: ActorIdPath, first: FirstQuery = 0, wait_seconds: WaitQuery = 2.0
) -> Response:
    """Return one actor and those it supervises, a page of them."""
    services = services_of(request.scope)
    return _json(await find_actor(services, actor_id, first=first, wait_seconds=wait_seconds))


@router.get("/hosts", response_class=Response, responses={200: {"model": list[Host]}})
async def list_hosts(
    request: Request,
    with_ended: Annotated[bool, Query(description="Those that are over, too.")] = False,
    limit: LimitQuery = DEFAULT_LIMIT,
) -> Response:
    """List hosts, the living ones first and then the newest, with the figures of their last heartbeats."""
    return _json(await read_hosts(services_of(request.scope), with_ended=with_ended, limit=limit))


@router.get("/hosts/{boot_id}", response_class=Response, responses={200: {"model": HostDetails}})
async def get_host(request: Request, boot_id: BootIdPath, wait_seconds: WaitQuery = 2.0) -> Response:
    """Return one host: its figures, how long its actors take, what runs there, dead letters, what was asked of it."""
    return _json(await read_host(services_of(request.scope), boot_id, wait_seconds=wait_seconds))


@router.get("/stuck", response_class=Response, responses={200: {"model": Stuck}})
async def get_stuck(request: Request) -> Response:
    """List what does not go on by itself, each with the reason and the command that mends it."""
    return _json(await read_stuck(services_of(request.scope)))


@router.get("/commands/{command_id}", response_class=Response, responses={200: {"model": HostCommand}})
async def get_host_command(request: Request, command_id: CommandIdPath) -> Response:
    """Return something that was asked of a host, and what came of it."""
    async with services_of(request.scope).store.readers.connect() as connection:
        command = await find_command(connection, command_id=command_id)
    if command is None:
        raise NotFoundError(f"There is no command {command_id}.")
    return _json(encode_command(command))


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def get_metrics(request: Request) -> Response:
    """Return all figures in Prometheus' format; `/metrics` answers the same."""
    return await answer_metrics(request)
