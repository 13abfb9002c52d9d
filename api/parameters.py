"""Parameters that several routes share: checked ids in paths."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path

from api.places import parse_uuid

__all__ = ["ArtifactIdPath", "BootIdPath", "CommandIdPath", "RunIdPath", "ThreadIdPath"]


def _run_id(run_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> str:
    return parse_uuid(run_id, "run_id")


def _artifact_id(artifact_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> str:
    return parse_uuid(artifact_id, "artifact_id")


def _thread_id(thread_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> str:
    return parse_uuid(thread_id, "thread_id")


def _boot_id(boot_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> str:
    return parse_uuid(boot_id, "boot_id")


def _command_id(command_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> str:
    return parse_uuid(command_id, "command_id")


def _key_id(key_id: Annotated[str, Path(json_schema_extra={"format": "uuid"})]) -> str:
    return parse_uuid(key_id, "key_id")


KeyIdPath = Annotated[str, Depends(_key_id)]
RunIdPath = Annotated[str, Depends(_run_id)]
ArtifactIdPath = Annotated[str, Depends(_artifact_id)]
ThreadIdPath = Annotated[str, Depends(_thread_id)]
BootIdPath = Annotated[str, Depends(_boot_id)]
CommandIdPath = Annotated[str, Depends(_command_id)]
