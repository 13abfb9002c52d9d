"""`/api/workflows/{name}/versions`, `check` and `migrate`: what a changed workflow means for runs that have begun."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.bodies import read_model
from api.commands import order
from api.operation_ids import json_body
from api.paging import array_response
from api.places import parse_uuid
from api.schemas.versions import CheckVersion, MigrateRuns, MigrationAnswer, Version, VersionCheck
from api.services import Services, services_of
from api.version_check import CheckedRun, Target, check_runs, find_target
from fastgraph.clock import to_rfc3339
from fastgraph.database.control_records import MigrateRun
from fastgraph.database.versions import list_versions as read_versions
from fastgraph.errors import ConflictError, NotFoundError
from fastgraph.execution.fitting import Relocation

__all__ = ["router"]

router = APIRouter(prefix="/api/workflows", tags=["workflows"])


@router.get("/{name}/versions", response_class=Response, responses={200: {"model": list[Version]}})
async def list_versions(request: Request, name: str) -> Response:
    """List the versions of a workflow that hosts have published, the newest first."""
    services = services_of(request.scope)
    await services.workflows.get(name)
    async with services.store.readers.connect() as connection:
        found = await read_versions(connection, name=name)
    return array_response(
        [
            orjson.dumps(
                {
                    "graph_hash": version.graph_hash,
                    "nodes": version.nodes,
                    "keys": version.keys,
                    "published_at": to_rfc3339(version.published_at),
                    "hosts": len(version.hosts),
                }
            )
            for version in found
        ],
        total=len(found),
    )


@router.get("/{name}/check", response_class=Response, responses={200: {"model": VersionCheck}})
async def check_published_version(
    request: Request,
    name: str,
    graph_hash: Annotated[str | None, Query(description="The version; default the newest one.")] = None,
) -> Response:
    """Say which runs that have begun would break with a published version, and why."""
    services = services_of(request.scope)
    await services.workflows.get(name)
    return await _answer_check(services, name, await find_target(services, name, graph_hash))


@router.post(
    "/{name}/check",
    response_class=Response,
    responses={200: {"model": VersionCheck}},
    openapi_extra=json_body(CheckVersion),
)
async def check_version(request: Request, name: str) -> Response:
    """Say which runs that have begun would break with a version that is not published yet, and why."""
    services = services_of(request.scope)
    asked = await read_model(request, CheckVersion)
    target = Target(graph_hash=asked.graph_hash, nodes=frozenset(asked.nodes), keys=asked.keys)
    return await _answer_check(services, name, target)


@router.post(
    "/{name}/migrate",
    response_class=Response,
    responses={200: {"model": MigrationAnswer}},
    openapi_extra=json_body(MigrateRuns),
)
async def migrate_runs(request: Request, name: str) -> Response:
    """Let runs go on with another version of their workflow. A run that would break, has ended or is being executed is
    refused with the reason and stays as it is."""
    services = services_of(request.scope)
    asked = await read_model(request, MigrateRuns, is_optional=True)
    target = await find_target(services, name, asked.graph_hash)
    relocation = Relocation(nodes=asked.nodes, keys=asked.keys)
    is_moved = bool(asked.nodes or asked.keys)
    wanted = None if asked.run_ids is None else [parse_uuid(run_id, "run_ids") for run_id in asked.run_ids]
    checked = await check_runs(services, name, target, relocation=relocation if is_moved else None)
    known = {entry.run.run_id: entry for entry in checked}
    migrated, refused = [], []
    for run_id in (
        wanted if wanted is not None else [key for key, entry in known.items() if not entry.is_same]
    ):
        reason = _why_not(known.get(run_id), name)
        if reason is None:
            reason = await _migrate(request, run_id, target, relocation)
        if reason is None:
            migrated.append(run_id)
        else:
            refused.append({"run_id": run_id, "reason": reason})
    answer = {"graph_hash": target.graph_hash, "migrated": migrated, "refused": refused}
    return Response(orjson.dumps(answer), media_type="application/json")


async def _answer_check(services: Services, name: str, target: Target) -> Response:
    checked = [entry for entry in await check_runs(services, name, target) if not entry.is_same]
    answer = {
        "workflow": name,
        "graph_hash": target.graph_hash,
        "breaking": sum(entry.breaks for entry in checked),
        "runs": [
            {
                "run_id": entry.run.run_id,
                "status": entry.run.status,
                "graph_hash": entry.run.graph_hash,
                "waiting_for": entry.run.waiting_for,
                "breaks": entry.breaks,
                "problems": [misfit.sentence for misfit in entry.misfits],
            }
            for entry in checked
        ],
    }
    return Response(orjson.dumps(answer), media_type="application/json")


def _why_not(entry: CheckedRun | None, name: str) -> str | None:
    if entry is None:
        return f"It is no run of {name!r} that has begun and not ended."
    if entry.breaks:
        sentences = [misfit.sentence for misfit in entry.misfits if misfit.what != "type"]
        return " ".join(sentences) + " Say what takes its place, or null to drop it."
    return None


async def _migrate(request: Request, run_id: str, target: Target, relocation: Relocation) -> str | None:
    """Move one run; return why that was refused, or None."""
    services = services_of(request.scope)
    operation = MigrateRun(
        run_id=run_id,
        graph_hash=target.graph_hash,
        relocation=relocation.to_json(),
        now=services.clock.now(),
    )
    try:
        # One request moves many runs, so its key is written down with each and stands for none.
        await order(request, services, operation, action="migrate", subject=f"run {run_id}", is_once=False)
    except (ConflictError, NotFoundError) as error:
        return str(error)
    return None
