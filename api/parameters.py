"""Parameters that several routes share: checked ids in paths."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path

from api.places import parse_uuid

__all__ = ["ArtifactIdPath", "RunIdPath", "ThreadIdPath"]


def _run_id(run_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> str:
    return parse_uuid(run_id, "run_id")


def _artifact_id(artifact_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> str:
    return parse_uuid(artifact_id, "artifact_id")


def _thread_id(thread_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> str:
    return parse_uuid(thread_id, "thread_id")


RunIdPath = Annotated[str, Depends(_run_id)]
ArtifactIdPath = Annotated[str, Depends(_artifact_id)]
ThreadIdPath = Annotated[str, Depends(_thread_id)]
