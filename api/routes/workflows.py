"""`/api/workflows`: what can be run, as hosts have published it, and its cache."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.commands import COMMAND_HEADERS, order
from api.encoding import encode_workflow
from api.operation_ids import headers_only
from api.paging import array_response
from api.schemas.workflows import ClearedCache, Workflow
from api.services import services_of
from fastgraph.database.item_records import ClearCache

__all__ = ["router"]

router = APIRouter(prefix="/api/workflows", tags=["workflows"])


@router.get("", response_class=Response, responses={200: {"model": list[Workflow]}})
async def list_workflows(request: Request) -> Response:
    """List all workflows by name, with input schema, graph and Mermaid."""
    found = await services_of(request.scope).workflows.list_workflows()
    return array_response([encode_workflow(workflow) for workflow in found], total=len(found))


@router.get("/{name}", response_class=Response, responses={200: {"model": Workflow}})
async def get_workflow(request: Request, name: str) -> Response:
    """Return one workflow; 404 with the names that exist."""
    workflow = await services_of(request.scope).workflows.get(name)
    return Response(encode_workflow(workflow), media_type="application/json")


@router.delete(
    "/{name}/cache",
    response_class=Response,
    responses={200: {"model": ClearedCache}},
    openapi_extra=headers_only(COMMAND_HEADERS),
)
async def clear_cache(
    request: Request,
    name: str,
    node: Annotated[str | None, Query(description="Only what this node, or task, has there.")] = None,
) -> Response:
    """Forget what nodes and tasks with a cache policy returned, in all runs of the workflow; 404 where there is none."""
    services = services_of(request.scope)
    workflow = await services.workflows.get(name)
    operation, subject = ClearCache(workflow=workflow.name, node=node), f"workflow {workflow.name}"
    cleared = await order(request, services, operation, action="clear cache", subject=subject, asked=node)
    return Response(orjson.dumps({"cleared": cleared}), media_type="application/json")
