"""`/api/workflows`: what can be run, as hosts have published it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.encoding import encode_workflow
from api.paging import array_response
from api.schemas.workflows import Workflow
from api.services import services_of

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
