"""What the OpenAPI document says of an operation beside its signature: its id and its body.

An id is the name of the function that answers, and nothing else: the dashboard's client and other people's are
generated from them, so a snapshot in the tests holds them still. Bodies are declared here because they are read as
strict JSON and not by FastAPI.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi.routing import APIRoute
from pydantic import BaseModel

__all__ = ["any_json_body", "headers_only", "json_body", "operation_id"]


def operation_id(route: APIRoute) -> str:
    """Return the stable id of a route."""
    return route.name


def json_body(
    model: type[BaseModel], *, is_required: bool = True, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Declare a JSON body of that shape, and optional headers with what they mean."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    declared: dict[str, Any] = {
        "requestBody": {"required": is_required, "content": {"application/json": {"schema": schema}}}
    }
    return declared | headers_only(headers) if headers else declared


def any_json_body(*, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Declare a body that is any JSON value, and optional headers with what they mean."""
    declared = {"requestBody": {"required": True, "content": {"application/json": {"schema": {}}}}}
    return declared | headers_only(headers) if headers else declared


def headers_only(headers: Mapping[str, str]) -> dict[str, Any]:
    """Declare headers with what they mean, of an operation that takes no body."""
    return {
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": False,
                "description": text,
                "schema": {"type": "string"},
            }
            for name, text in headers.items()
        ]
    }
