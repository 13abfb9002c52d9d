"""Problem documents: how every error leaves the server (RFC 9457)."""

from __future__ import annotations

from pydantic import BaseModel, Field

__all__ = ["FieldError", "Problem"]


class FieldError(BaseModel):
    """One fault of a request and the path of the field it is in."""

    field: str = Field(examples=["payload.input"])
    message: str


class Problem(BaseModel):
    """What went wrong, as a sentence that a person can act on."""

    type: str = Field(examples=["urn:fastgraph:problem:run-not-found"])
    title: str
    status: int
    detail: str
    instance: str = Field(description="Path of the request.")
    request_id: str | None = Field(None, description="As in the answer's X-Request-ID and the server's log.")
    errors: list[FieldError] | None = Field(None, description="The faults of a request, one a field.")
