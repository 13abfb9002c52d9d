"""The dashboard's files at `/`, with its own page for every path that is no file: the page does its routing itself.

The files are built into `api/dashboard/` and travel in the wheel. Without them a small page says how to get them, and
the API serves all the same. What has a hash in its name is kept by browsers for ever, the page itself is asked for
each time.
"""

from __future__ import annotations

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route

__all__ = ["FOLDER", "dashboard_routes"]

FOLDER = Path(__file__).with_name("dashboard")

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self' blob:; frame-src 'self' blob:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
}
_FOR_EVER = "public, max-age=31536000, immutable"
_OURS = ("api", "docs", "redoc", "openapi.json", "metrics")
_MISSING = """<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>FastGraph Server</title><link rel="icon" href="data:,"></head>
  <body>
    <h1>FastGraph Server is running</h1>
    <p>The dashboard is not built here. Where Node 20 or newer is installed, run <code>make dashboard</code>
    (or <code>npm install &amp;&amp; npm run build</code> in <code>frontend/</code>) and reload this page.</p>
    <p>The API is complete without it: <a href="docs">/docs</a>, <a href="redoc">/redoc</a>,
    <a href="api/monitoring/health">/api/monitoring/health</a>.</p>
  </body>
</html>
"""


def dashboard_routes(folder: Path = FOLDER) -> list[BaseRoute]:
    """Return the routes that serve everything which no other route took."""

    async def serve(request: Request) -> Response:
        return _answer(folder, request.path_params["path"])

    return [Route("/{path:path}", serve, methods=["GET"])]


def _answer(folder: Path, path: str) -> Response:
    if path.split("/", 1)[0] in _OURS:
        raise HTTPException(404)
    page = folder / "index.html"
    if not page.is_file():
        if path in {"", "index.html"}:
            return HTMLResponse(_MISSING, headers=_HEADERS)
        raise HTTPException(404)
    file = _inside(folder, path)
    if file is None:
        if "." in path.rsplit("/", 1)[-1]:
            # A file that is not there is no page: a browser would read HTML as a script.
            raise HTTPException(404)
        file = page
    is_hashed = file.parent.name == "assets"
    cache = _FOR_EVER if is_hashed else "no-cache"
    return FileResponse(file, headers={**_HEADERS, "cache-control": cache}, media_type=_media_type(file))


def _inside(folder: Path, path: str) -> Path | None:
    """Return the file of a path, None where there is none or where it would lie outside the folder."""
    if not path or "\x00" in path:
        return None
    try:
        file = (folder / path).resolve()
        return file if file.is_relative_to(folder.resolve()) and file.is_file() else None
    except OSError:
        # Such as a name that is too long for the file system.
        return None


def _media_type(file: Path) -> str | None:
    # The system's own table may say text/plain for these, and then a browser refuses them.
    return {
        ".js": "text/javascript",
        ".css": "text/css",
        ".svg": "image/svg+xml",
        ".woff2": "font/woff2",
    }.get(file.suffix)
