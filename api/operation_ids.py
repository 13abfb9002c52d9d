"""Names of the API's operations: the name of the function that answers, and nothing else.

The dashboard's client and other people's are generated from them, so a snapshot in the tests holds them still.
"""

from __future__ import annotations

from fastapi.routing import APIRoute

__all__ = ["operation_id"]


def operation_id(route: APIRoute) -> str:
    """Return the stable id of a route."""
    return route.name
