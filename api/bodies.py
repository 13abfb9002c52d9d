"""From a request's bytes to a checked model: strict JSON first, then the shape.

Large bodies are parsed in a thread, so that eight megabytes of somebody's JSON do not hold up everybody's events.
"""

from __future__ import annotations

import asyncio
from typing import TypeVar

from pydantic import BaseModel
from starlette.requests import Request

from api.faults import Fault, InvalidRequestError
from api.strict_json import parse_strict_json

__all__ = ["read_model"]

OWN_THREAD_BYTES = 256 * 1024

Model = TypeVar("Model", bound=BaseModel)


async def read_model(request: Request, model: type[Model], *, is_optional: bool = False) -> Model:
    """Read the request's body as `model`; an empty one is the empty object where it `is_optional`.

    Raises InvalidRequestError, pydantic's ValidationError and BodyTooLargeError.
    """
    body = await request.body()
    if not body.strip() and is_optional:
        return model.model_validate({})
    large = len(body) > OWN_THREAD_BYTES
    value = await asyncio.to_thread(parse_strict_json, body) if large else parse_strict_json(body)
    if not isinstance(value, dict):
        raise InvalidRequestError(Fault("body", f"is {_kind(value)}; expected a JSON object"))
    return model.model_validate(value)


def _kind(value: object) -> str:
    if value is None:
        return "null"
    return {list: "an array", str: "a string", bool: "true or false"}.get(type(value), "a number")
