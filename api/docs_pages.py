"""`/docs` and `/redoc` without a CDN: Swagger UI and ReDoc from this machine.

Their files come from the package fastapi-offline, which carries them in its wheel, so that neither Node nor the
network is needed. The pages hold no inline script, and what they start stands in files of its own, so that the policy
can stay strict.
"""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route

__all__ = ["docs_routes"]

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>FastGraph Server: API</title>
    <link rel="icon" href="data:,">
    <style>body {{ margin: 0 }}</style>
    {style}
  </head>
  <body>
    <div id="page"></div>
    <script src="{root}/docs/files/{library}"></script>
    <script src="{root}/docs/files/{start}"></script>
  </body>
</html>
"""
_STARTS = {
    "start-swagger.js": """const document_url = new URL("../../openapi.json", document.currentScript.src).href;
SwaggerUIBundle({url: document_url, dom_id: "#page", deepLinking: true, validatorUrl: null});
""",
    "start-redoc.js": """const document_url = new URL("../../openapi.json", document.currentScript.src).href;
Redoc.init(document_url, {disableGoogleFont: true}, document.getElementById("page"));
""",
}
_REDOC = "redoc.standalone.js"
_REDOC_LOGO = b"https://cdn.redoc.ly/redoc/logo-mini.svg"
_FILES = frozenset({"swagger-ui-bundle.js", "swagger-ui.css", _REDOC})
_HEADERS = {"content-security-policy": _POLICY, "x-content-type-options": "nosniff"}


def docs_routes() -> list[BaseRoute]:
    """Return the routes of both pages and their files."""
    return [
        Route("/docs", _swagger, methods=["GET"]),
        Route("/redoc", _redoc, methods=["GET"]),
        Route("/docs/files/{name}", _file, methods=["GET"]),
    ]


async def _swagger(request: Request) -> Response:
    root = request.scope.get("root_path", "")
    style = f'<link rel="stylesheet" href="{root}/docs/files/swagger-ui.css">'
    page = _PAGE.format(root=root, style=style, library="swagger-ui-bundle.js", start="start-swagger.js")
    return HTMLResponse(page, headers=_HEADERS)


async def _redoc(request: Request) -> Response:
    root = request.scope.get("root_path", "")
    page = _PAGE.format(root=root, style="", library=_REDOC, start="start-redoc.js")
    return HTMLResponse(page, headers=_HEADERS)


async def _file(request: Request) -> Response:
    name = request.path_params["name"]
    if name in _STARTS:
        return Response(_STARTS[name], media_type="text/javascript", headers=_HEADERS)
    if name not in _FILES:
        return Response(status_code=404)
    if name == _REDOC:
        return Response(
            await asyncio.to_thread(_redoc_script), media_type="text/javascript", headers=_HEADERS
        )
    return FileResponse(_folder() / name, headers=_HEADERS)


@functools.cache
def _redoc_script() -> bytes:
    """ReDoc without the one picture that it would fetch from a CDN."""
    return (_folder() / _REDOC).read_bytes().replace(_REDOC_LOGO, b"data:,")


def _folder() -> Path:
    import fastapi_offline  # here, since only who opens the pages needs it

    return Path(fastapi_offline.__file__).parent / "static"
