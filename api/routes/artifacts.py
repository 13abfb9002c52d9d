"""`/api/artifacts`: files in and out.

No route opens a path that came in a request: an id names a row, and the row's hash a file.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.downloads import artifact_response
from api.encoding import encode_artifact
from api.paging import DEFAULT_LIMIT, CursorQuery, LimitQuery, array_response, next_link, parse_cursor
from api.parameters import ArtifactIdPath, RunIdPath
from api.schemas.artifacts import Artifact
from api.schemas.keys import ArtifactLink
from api.services import Services, services_of
from api.uploads import Upload, open_upload
from fastgraph.blobs.blobs import Blob, BlobMissingError
from fastgraph.clock import to_rfc3339
from fastgraph.database.artifacts import ArtifactView, find_artifact
from fastgraph.database.artifacts import list_artifacts as read_artifacts
from fastgraph.database.records import ArtifactRow, StoreUpload
from fastgraph.errors import ArtifactNotFoundError
from fastgraph.ids import new_id

__all__ = ["router"]

router = APIRouter(tags=["artifacts"])

# Chunks of a network are small; a thread is asked once for so many bytes.
WRITE_BYTES = 1024 * 1024

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FORM = {
    "schema": {
        "type": "object",
        "properties": {"file": {"type": "string", "format": "binary"}},
        "required": ["file"],
    }
}
_UPLOAD_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": _BINARY, "multipart/form-data": _FORM},
    }
}
_CONTENT: dict[int | str, dict[str, Any]] = {200: {"description": "The bytes", "content": {"*/*": _BINARY}}}


@router.post(
    "/api/artifacts",
    response_class=Response,
    responses={200: {"model": Artifact}},
    openapi_extra=_UPLOAD_BODY,
)
async def upload_artifact(
    request: Request, name: Annotated[str | None, Query(description="Its name; else the file's own.")] = None
) -> Response:
    """Store a file: a raw body, or the first file of a multipart form. A payload then names it by its id."""
    services = services_of(request.scope)
    upload = await open_upload(request, name=name)
    blob = await _receive(services, upload)
    row = ArtifactRow(
        artifact_id=new_id(),
        name=upload.name,
        media_type=upload.media_type,
        size=blob.size,
        sha256=blob.sha256,
    )
    await services.writer.write(StoreUpload(artifact=row, now=services.clock.now()))
    return Response(encode_artifact(await _get(services, row.artifact_id)), media_type="application/json")


@router.get("/api/artifacts", response_class=Response, responses={200: {"model": list[Artifact]}})
async def list_artifacts(
    request: Request, limit: LimitQuery = DEFAULT_LIMIT, cursor: CursorQuery = None
) -> Response:
    """List all artifacts, newest first."""
    return await _list(request, run_id=None, limit=limit, cursor=cursor)


@router.get(
    "/api/runs/{run_id}/artifacts", response_class=Response, responses={200: {"model": list[Artifact]}}
)
async def list_run_artifacts(
    request: Request, run_id: RunIdPath, limit: LimitQuery = DEFAULT_LIMIT, cursor: CursorQuery = None
) -> Response:
    """List the artifacts of a run, newest first."""
    await services_of(request.scope).log.get_run(run_id)
    return await _list(request, run_id=run_id, limit=limit, cursor=cursor)


@router.head("/api/artifacts/{artifact_id}", response_class=Response, include_in_schema=False)
@router.get("/api/artifacts/{artifact_id}", response_class=Response, responses=_CONTENT)
async def download_artifact(
    request: Request,
    artifact_id: ArtifactIdPath,
    download: Annotated[bool, Query(description="Always as an attachment.")] = False,
) -> Response:
    """Return an artifact's bytes; takes `Range` and `If-None-Match`."""
    services = services_of(request.scope)
    artifact = await _get(services, artifact_id)
    file = services.store.blobs.path(artifact.sha256)
    if not await asyncio.to_thread(file.is_file):
        raise BlobMissingError(artifact.sha256)
    return artifact_response(request, artifact, file, is_download=download)


@router.post(
    "/api/artifacts/{artifact_id}/link", response_class=Response, responses={200: {"model": ArtifactLink}}
)
async def link_artifact(request: Request, artifact_id: ArtifactIdPath) -> Response:
    """Return a link to the bytes that works for 60 s without a key: a browser sends no header with a download."""
    services = services_of(request.scope)
    await _get(services, artifact_id)
    query, expires = services.links.sign(artifact_id)
    root = request.scope.get("root_path", "")
    document = {
        "url": f"{root}/api/artifacts/{artifact_id}?{query}",
        "expires_at": to_rfc3339(datetime.fromtimestamp(expires, UTC)),
    }
    body = orjson.dumps(document)
    return Response(body, media_type="application/json", headers={"cache-control": "no-store"})


async def _receive(services: Services, upload: Upload) -> Blob:
    """Write the chunks to disk as they come, up to the body limit. Nothing stays where the client breaks off."""
    with services.store.blobs.receive() as receiver:
        pending = bytearray()
        async for chunk in upload.chunks:
            pending += chunk
            if len(pending) >= WRITE_BYTES:
                await asyncio.to_thread(receiver.write, bytes(pending))
                pending.clear()
        if pending:
            receiver.write(bytes(pending))
        return await asyncio.to_thread(receiver.finish)


async def _get(services: Services, artifact_id: str) -> ArtifactView:
    async with services.store.readers.connect() as connection:
        artifact = await find_artifact(connection, artifact_id=artifact_id)
    if artifact is None:
        raise ArtifactNotFoundError(artifact_id)
    return artifact


async def _list(request: Request, *, run_id: str | None, limit: int, cursor: str | None) -> Response:
    before = parse_cursor(cursor)
    async with services_of(request.scope).store.readers.connect() as connection:
        page = await read_artifacts(connection, run_id=run_id, before=before, limit=limit)
    link = None if page.next_before is None else next_link(request, cursor=page.next_before)
    return array_response(
        [encode_artifact(artifact) for artifact in page.artifacts], total=page.total, link=link
    )
