"""Which other pages may use the API: none, unless FASTGRAPH_CORS_ORIGINS names them.

An origin is named whole (`https://tools.example`); there is no way to open the API to all of them, since a page
anywhere could then use whatever the browser's machine reaches. Cookies are never used, so none are let through.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from fastgraph.errors import SettingsError

__all__ = ["cors", "parse_origins"]

_METHODS = ("GET", "POST", "PUT", "DELETE")
_SENT = ("Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID", "X-Request-ID")
_SHOWN = ("Content-Disposition", "Link", "Retry-After", "X-Request-ID", "X-Total-Count")


def parse_origins(text: str) -> tuple[str, ...]:
    """Read FASTGRAPH_CORS_ORIGINS. Raises SettingsError for what is no origin."""
    origins = tuple(part.strip() for part in text.split(",") if part.strip())
    for origin in origins:
        try:
            parts = urlsplit(origin)
            is_origin = parts.scheme in {"http", "https"} and origin == f"{parts.scheme}://{parts.netloc}"
        except ValueError:
            is_origin = False
        if not is_origin or not parts.hostname or parts.username is not None:
            raise SettingsError(
                f"FASTGRAPH_CORS_ORIGINS: {origin!r} is no origin; write one such as https://tools.example, without a path"
            )
    return origins


def cors(origins: Sequence[str]) -> list[Middleware]:
    """Return the middleware that lets pages of these origins in; none where there are none."""
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_methods=_METHODS,
            allow_headers=_SENT,
            expose_headers=_SHOWN,
            max_age=600,
        )
    ]
