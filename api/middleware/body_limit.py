"""No body larger than its limit is read: refused by its declared length, and counted while it streams in.

Uploads have a limit of their own, since they go to disk and not to memory.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.faults import BodyTooLargeError
from api.problems import problem_response
from api.security.permissions import own_path

__all__ = ["BodyLimit"]

_UPLOADS = "/api/artifacts"


class BodyLimit:
    """Answer 413 to a body over `max_body_bytes`, or over `max_upload_bytes` where artifacts are uploaded."""

    def __init__(self, app: ASGIApp, *, max_body_bytes: int, max_upload_bytes: int) -> None:
        self._app = app
        self._body = BodyTooLargeError(max_body_bytes, "FASTGRAPH_MAX_BODY_BYTES")
        self._upload = BodyTooLargeError(max_upload_bytes, "FASTGRAPH_MAX_UPLOAD_BYTES")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._upload if own_path(scope) == _UPLOADS else self._body
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit() and int(value) > refusal.limit_bytes:
                await problem_response(scope, refusal)(scope, receive, send)
                return
        seen_bytes = 0

        async def receive_counted() -> Message:
            nonlocal seen_bytes
            message = await receive()
            if message["type"] == "http.request":
                seen_bytes += len(message.get("body", b""))
                if seen_bytes > refusal.limit_bytes:
                    raise BodyTooLargeError(refusal.limit_bytes, refusal.setting)
            return message

        await self._app(scope, receive_counted, send)
