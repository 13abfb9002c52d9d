"""From a request's bytes to a checked model: strict JSON first, then the shape.

Large bodies are parsed in a thread, so that eight megabytes of somebody's JSON do not hold up everybody's events.
"""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

from pydantic import BaseModel
from starlette.requests import Request

from api.faults import Fault, InvalidRequestError
from api.strict_json import parse_strict_json

__all__ = ["read_model", "read_value"]

OWN_THREAD_BYTES = 256 * 1024

Model = TypeVar("Model", bound=BaseModel)


async def read_model(request: Request, model: type[Model], *, is_optional: bool = False) -> Model:
    """Read the request's body as `model`; an empty one is the empty object where it `is_optional`.

    Raises InvalidRequestError, pydantic's ValidationError and BodyTooLargeError.
    """
    if is_optional and not (await request.body()).strip():
        return model.model_validate({})
    value = await read_value(request)
    if not isinstance(value, dict):
        raise InvalidRequestError(Fault("body", f"is {_kind(value)}; expected a JSON object"))
    return model.model_validate(value)


async def read_value(request: Request) -> Any:
    """Return the request's body as whatever JSON value it is. Raises InvalidRequestError and BodyTooLargeError."""
    body = await request.body()
    large = len(body) > OWN_THREAD_BYTES
    return await asyncio.to_thread(parse_strict_json, body) if large else parse_strict_json(body)


def _kind(value: object) -> str:
    if value is None:
        return "null"
    return {list: "an array", str: "a string", bool: "true or false"}.get(type(value), "a number")
