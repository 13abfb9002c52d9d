"""`/api/runs/{run_id}/keep` and `/unkeep`: whether retention leaves a run alone."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.commands import COMMAND_HEADERS, order
from api.operation_ids import headers_only
from api.parameters import RunIdPath
from api.run_answer import answer_run
from api.schemas.runs import Run
from api.services import services_of
from fastgraph.database.expiry import KeepRun

__all__ = ["router"]

router = APIRouter(prefix="/api/runs", tags=["runs"])

_KEYED = headers_only(COMMAND_HEADERS)


@router.post("/{run_id}/keep", response_class=Response, responses={200: {"model": Run}}, openapi_extra=_KEYED)
async def keep_run(request: Request, run_id: RunIdPath) -> Response:
    """Keep a run: retention leaves it alone, and it can't be deleted until that is taken back. Twice is once."""
    return await _keep(request, run_id, is_kept=True)


@router.post(
    "/{run_id}/unkeep", response_class=Response, responses={200: {"model": Run}}, openapi_extra=_KEYED
)
async def unkeep_run(request: Request, run_id: RunIdPath) -> Response:
    """Leave a run to retention again. Twice is once."""
    return await _keep(request, run_id, is_kept=False)


async def _keep(request: Request, run_id: str, *, is_kept: bool) -> Response:
    services = services_of(request.scope)
    operation = KeepRun(run_id=run_id, is_kept=is_kept, now=services.clock.now())
    action = "keep" if is_kept else "unkeep"
    await order(request, services, operation, action=action, subject=f"run {run_id}")
    return await answer_run(services, run_id)
