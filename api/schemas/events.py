"""An event of a run, as every feed sends it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

__all__ = ["Event"]


class Event(BaseModel):
    """Something that happened in a run; numbers have no hole and no double."""

    event: str = Field(examples=["node_update"])
    run_id: str
    seq: int = Field(description="1, 2, 3 … within the run.")
    at: datetime
    node: str | None = None
    data: dict[str, Any] | None = None
    cursor: int | None = Field(None, description="Place in the feed of all runs; only there.")
