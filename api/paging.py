"""Lists are arrays; where they go on stands in the headers.

A page ends with a keyset cursor in `Link: <…>; rel="next"`: it names the last row and not a distance, so rows that
arrive meanwhile neither repeat nor hide others. `X-Total-Count` counts all that match. A cursor is the key of the
last row, as text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from api.faults import Fault, InvalidRequestError

__all__ = [
    "DEFAULT_LIMIT",
    "MAX_LIMIT",
    "CursorQuery",
    "LimitQuery",
    "array_response",
    "next_link",
    "parse_cursor",
]

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000

LimitQuery = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Most items of the answer.")]
CursorQuery = Annotated[
    str | None, Query(max_length=100, description="From the `next` link of the page before.")
]


def parse_cursor(cursor: str | None) -> int | None:
    """Read a cursor; InvalidRequestError where it is not one of ours."""
    if cursor is None:
        return None
    if not cursor.isascii() or not cursor.isdigit() or int(cursor) >= 1 << 63:
        raise InvalidRequestError(Fault("cursor", "is no cursor of this list; take it from the `next` link"))
    return int(cursor)


def next_link(request: Request, **changed: str | int) -> str:
    """Return the `Link` header's value for the same request with other query parameters."""
    url = request.url.include_query_params(**changed)
    query = f"?{url.query}" if url.query else ""
    return f'<{url.path}{query}>; rel="next"'


def array_response(items: Sequence[bytes], *, total: int | None = None, link: str | None = None) -> Response:
    """Answer with a JSON array of encoded items."""
    headers = {}
    if total is not None:
        headers["x-total-count"] = str(total)
    if link is not None:
        headers["link"] = link
    return Response(b"[" + b",".join(items) + b"]", media_type="application/json", headers=headers)
