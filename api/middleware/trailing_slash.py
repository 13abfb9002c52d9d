"""Every route of the API answers with and without a trailing slash, and without a redirect.

The original description writes `/api/runs/`; people and clients write both. A path under `/api` is brought to the
form under which its route is declared, before routing.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["TrailingSlash"]

# Declared with the slash, to the letter of the original description.
_WITH_SLASH = "/api/runs/"


class TrailingSlash:
    """Rewrite the path of a request under `/api` to the declared form."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in {"http", "websocket"}:
            path: str = scope["path"]
            root: str = scope.get("root_path", "")
            own = path.removeprefix(root) if root else path
            if own.startswith("/api/"):
                declared = _WITH_SLASH if own.rstrip("/") == _WITH_SLASH[:-1] else own.rstrip("/")
                if declared != own:
                    scope = {**scope, "path": root + declared}
        await self._app(scope, receive, send)
