"""Files that go out: never trusted, always resumable.

An artifact is what a workflow made or somebody uploaded, so a browser must not run it with our origin's rights: it
comes with `nosniff`, a sandbox policy, and as an attachment unless its type is one that can do nothing. The name in
`Content-Disposition` is one that leads nowhere. Ranges and conditions are Starlette's
FileResponse's; the ETag is the content's own hash.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Message, Receive, Scope, Send

from api.problems import problem_response
from api.uploads import MEDIA_TYPE
from fastgraph.artifact_names import file_name
from fastgraph.database.artifacts import ArtifactView

__all__ = ["ArtifactResponse", "artifact_response", "disposition"]

# Shown in the browser: pictures without scripts, sound, film, and text that nosniff keeps text.
SAFE_TYPES = frozenset(
    {
        "application/json", "audio/mpeg", "audio/ogg", "audio/wav", "image/avif", "image/bmp", "image/gif",
        "image/jpeg", "image/png", "image/webp", "text/csv", "text/markdown", "text/plain", "video/mp4", "video/ogg",
        "video/webm",
    }
)  # fmt: skip

_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "private, no-cache",
}
_LONGEST_FALLBACK = 150


def artifact_response(request: Request, artifact: ArtifactView, file: Path, *, is_download: bool) -> Response:
    """Answer with an artifact's bytes, a range of them, or 304 where the client has them."""
    etag = f'"{artifact.sha256}"'
    headers = {
        **_HEADERS,
        "etag": etag,
        "content-disposition": disposition(artifact, is_download=is_download),
    }
    if _matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    return ArtifactResponse(file, headers=headers, media_type=_header_safe(artifact.media_type))


def disposition(artifact: ArtifactView, *, is_download: bool = False) -> str:
    """Return the `Content-Disposition` of an artifact: no path, no line break, its full name beside an ASCII one."""
    is_safe = artifact.media_type.split(";")[0].strip().lower() in SAFE_TYPES
    kind = "inline" if is_safe and not is_download else "attachment"
    name = file_name(artifact.name, artifact.artifact_id)
    ascii_name = "".join(c if " " <= c <= "~" and c not in '"\\%;' else "_" for c in name)[
        -_LONGEST_FALLBACK:
    ]
    value = f'{kind}; filename="{ascii_name}"'
    return (
        value if ascii_name == name else f"{value}; filename*=UTF-8''{quote(name, safe='', errors='replace')}"
    )


def _header_safe(media_type: str) -> str:
    """A node may call the type what it likes; in a header stands what can be no second header."""
    kind, _, parameters = media_type.partition(";")
    is_plain = parameters.isascii() and parameters.isprintable()
    return media_type if is_plain and MEDIA_TYPE.fullmatch(kind.strip()) else "application/octet-stream"


class ArtifactResponse(FileResponse):
    """A file whose refusals (a range that can't be met) are problem documents as all others."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused: Message | None = None

        async def send_unless_refused(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start" and message["status"] >= 400:
                refused = message
            if refused is None:
                await send(message)

        await super().__call__(scope, receive, send_unless_refused)
        if refused is None:
            return
        headers = {
            name.decode(): value.decode() for name, value in refused["headers"] if name == b"content-range"
        }
        detail = "The Range header asks for bytes that this artifact does not have."
        error = HTTPException(refused["status"], detail, headers)
        await problem_response(scope, error)(scope, receive, send)


def _matches(if_none_match: str | None, etag: str) -> bool:
    if if_none_match is None:
        return False
    candidates = [part.strip().removeprefix("W/") for part in if_none_match.split(",")]
    return "*" in candidates or etag in candidates
