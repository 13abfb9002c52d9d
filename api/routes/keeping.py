"""`/api/runs/{run_id}/keep` and `/unkeep`: whether retention leaves a run alone."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.encoding import encode_run
from api.parameters import RunIdPath
from api.schemas.runs import Run
from api.security.callers import caller_of
from api.services import services_of
from fastgraph.database.control_records import Audited, AuditNote
from fastgraph.database.expiry import KeepRun

__all__ = ["router"]

router = APIRouter(prefix="/api/runs", tags=["runs"])


@router.post("/{run_id}/keep", response_class=Response, responses={200: {"model": Run}})
async def keep_run(request: Request, run_id: RunIdPath) -> Response:
    """Keep a run: retention leaves it alone, and it can't be deleted until that is taken back. Twice is once."""
    return await _keep(request, run_id, is_kept=True)


@router.post("/{run_id}/unkeep", response_class=Response, responses={200: {"model": Run}})
async def unkeep_run(request: Request, run_id: RunIdPath) -> Response:
    """Leave a run to retention again. Twice is once."""
    return await _keep(request, run_id, is_kept=False)


async def _keep(request: Request, run_id: str, *, is_kept: bool) -> Response:
    services = services_of(request.scope)
    now = services.clock.now()
    note = AuditNote(
        who=caller_of(request.scope).name,
        action="keep" if is_kept else "unkeep",
        subject=f"run {run_id}",
        now=now,
    )
    operation = KeepRun(run_id=run_id, is_kept=is_kept, now=now)
    await services.writer.write(Audited(note=note, operation=operation))
    run = await services.log.get_run(run_id)
    return Response(encode_run(run, payload=run.payload, result=run.result), media_type="application/json")
