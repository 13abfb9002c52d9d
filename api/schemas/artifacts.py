"""A kept file: uploaded, or made by a run."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

__all__ = ["Artifact"]


class Artifact(BaseModel):
    """An artifact's facts; its bytes are at `/api/artifacts/{artifact_id}`."""

    artifact_id: str
    run_id: str | None = Field(description="The run that made it; null for an upload.")
    name: str
    media_type: str
    size: int = Field(description="Bytes.")
    sha256: str
    created_at: datetime
