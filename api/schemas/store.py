"""The items of the store that nodes share, and what is asked of them: the shapes of LangGraph's server."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api.strict_json import has_control_characters

__all__ = ["DeleteItem", "FoundItems", "ListNamespaces", "Namespaces", "PutItem", "SearchItems", "StoredItem"]

MAX_LABELS = 32
MAX_PAGE = 1_000


def _plain_text(text: str) -> str:
    if has_control_characters(text):
        raise ValueError("holds control characters; leave them out")
    return text


Label = Annotated[str, Field(max_length=200), AfterValidator(_plain_text)]
Labels = Annotated[list[Label], Field(max_length=MAX_LABELS)]
Key = Annotated[str, Field(min_length=1, max_length=1_000), AfterValidator(_plain_text)]
Limit = Annotated[int, Field(ge=0, le=MAX_PAGE)]
Offset = Annotated[int, Field(ge=0, le=2**31 - 1)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class PutItem(_Request):
    """A value for a place; what was there is replaced."""

    namespace: Labels = Field(examples=[["users", "ada"]], description="Labels without periods.")
    key: Key = Field(examples=["preferences"])
    value: dict[str, Any] = Field(examples=[{"language": "en"}])
    ttl: float | None = Field(
        None, gt=0, le=1e9, description="Minutes of life after its last use; for ever by default."
    )
    index: bool | list[str] | None = Field(None, description="Taken and not used: nothing is indexed here.")


class DeleteItem(_Request):
    """A place whose value is deleted, if there is one."""

    namespace: Labels
    key: Key


class SearchItems(_Request):
    """What is looked for in and below a namespace, the last changed first."""

    namespace_prefix: Labels = Field(default_factory=list, description="Empty for all.")
    filter: dict[str, Any] | None = Field(
        None,
        examples=[{"stars": {"$gte": 3}}],
        description="Fields and values, or $eq $ne $gt $gte $lt $lte.",
    )
    limit: Limit = 10
    offset: Offset = 0
    query: str | None = Field(None, description="Taken and not used: nothing is indexed here.")
    refresh_ttl: bool | None = Field(
        None, description="Whether the time of what is found begins anew; true by default."
    )


class ListNamespaces(_Request):
    """Which namespaces are wanted; "*" in a prefix or suffix stands for any label."""

    prefix: Labels | None = None
    suffix: Labels | None = None
    max_depth: int | None = Field(None, ge=1, le=MAX_LABELS, description="Cut off after so many labels.")
    limit: Limit = 100
    offset: Offset = 0


class StoredItem(BaseModel):
    """A value with its place and times."""

    namespace: list[str]
    key: str
    value: dict[str, Any]
    created_at: datetime
    updated_at: datetime


class FoundItems(BaseModel):
    """What a search has found."""

    items: list[StoredItem]


class Namespaces(BaseModel):
    """Namespaces that hold something, in order."""

    namespaces: list[list[str]]
