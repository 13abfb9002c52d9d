"""`/api/monitoring`: is it well, does it live, and who works for whom."""

from __future__ import annotations

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.actor_tree import read_tree
from api.health import read_health
from api.schemas.monitoring import Actor, Health, Liveness
from api.services import services_of

__all__ = ["router"]

router = APIRouter(prefix="/api/monitoring", tags=["monitoring"])


@router.get("/health", response_class=Response, responses={200: {"model": Health}, 503: {"model": Health}})
async def get_health(request: Request) -> Response:
    """Say how the whole does: `ok` and `degraded` answer 200, `failing` answers 503."""
    health = await read_health(services_of(request.scope), version=request.app.version)
    status = 503 if health["status"] == "failing" else 200
    return Response(
        orjson.dumps(health), status, media_type="application/json", headers={"cache-control": "no-store"}
    )


@router.get("/health/live", response_class=Response, responses={200: {"model": Liveness}})
async def get_liveness() -> Response:
    """Answer as soon as the process serves, whatever the store does."""
    return Response(b'{"status":"ok"}', media_type="application/json", headers={"cache-control": "no-store"})


@router.get("/actors", response_class=Response, responses={200: {"model": Actor}})
async def get_actors(request: Request) -> Response:
    """Return the tree of actors: this process and every living host, as their last heartbeats told."""
    tree = await read_tree(services_of(request.scope))
    return Response(orjson.dumps(tree), media_type="application/json", headers={"cache-control": "no-store"})
