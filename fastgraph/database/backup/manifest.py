"""The manifest of a backup: every file with its size and SHA-256, written last, so that a folder without one is torn.

Paths in it are relative, with slashes, and lead nowhere else: a manifest is data that may have been changed.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fastgraph.database.backup.errors import DamagedBackupError

__all__ = [
    "FILE_FOLDERS",
    "MANIFEST",
    "FileEntry",
    "Manifest",
    "hash_file",
    "read_manifest",
    "write_manifest",
]

MANIFEST = "manifest.json"
FILE_FOLDERS = ("artifacts", "states", "checkpoints")
CHUNK_BYTES = 1024 * 1024
_BLOB_PATH = re.compile(r"(?:artifacts|states|checkpoints)/[0-9a-f]{2}/[0-9a-f]{64}")
_SHOWN = 3


class FileEntry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Manifest(BaseModel):
    """What a backup holds. `database` is the path of the database's copy, which is among `files`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1]
    kind: Literal["sqlite", "postgresql"]
    program: str
    schema_version: str
    made_at: str
    database: Literal["fastgraph.db", "fastgraph.dump"]
    files: dict[str, FileEntry]

    @property
    def size_bytes(self) -> int:
        return sum(entry.size for entry in self.files.values())


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write it, durable, as the last file of the backup."""
    unnamed = folder / f"{MANIFEST}.new"
    with unnamed.open("xb") as file:
        file.write(orjson.dumps(manifest.model_dump(), option=orjson.OPT_INDENT_2))
        file.flush()
        os.fsync(file.fileno())
    unnamed.rename(folder / MANIFEST)


def read_manifest(folder: Path) -> Manifest:
    """Read a backup's manifest and compare every file with it. Raises DamagedBackupError. Reads all bytes."""
    try:
        found = orjson.loads((folder / MANIFEST).read_bytes())
        manifest = Manifest.model_validate(found)
    except FileNotFoundError:
        raise DamagedBackupError(folder, f"it has no {MANIFEST}, which is written last") from None
    except (orjson.JSONDecodeError, ValidationError) as error:
        raise DamagedBackupError(folder, f"its {MANIFEST} can't be read") from error
    faults = [*_strange_paths(manifest.files, manifest.database), *_differences(folder, manifest.files)]
    if faults:
        more = f", and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise DamagedBackupError(folder, "; ".join(faults[:_SHOWN]) + more)
    return manifest


def hash_file(path: Path) -> FileEntry:
    """Return size and SHA-256 of a file."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return FileEntry(size=size, sha256=digest.hexdigest())


def _strange_paths(files: Mapping[str, Any], database: str) -> list[str]:
    faults = [] if database in files else [f"{database} is not in its manifest"]
    return faults + [
        f"{path!r} is no path of a backup"
        for path in files
        if path != database and not _BLOB_PATH.fullmatch(path)
    ]


def _differences(folder: Path, files: Mapping[str, FileEntry]) -> list[str]:
    faults = []
    for path, entry in files.items():
        try:
            seen = hash_file(folder / path)
        except OSError as error:
            faults.append(f"{path} can't be read ({error.strerror})")
            continue
        if seen.size != entry.size:
            faults.append(f"{path} has {seen.size} bytes and should have {entry.size}")
        elif seen != entry:
            faults.append(f"{path} was changed")
    journals = [name for name in ("fastgraph.db-wal", "fastgraph.db-journal") if (folder / name).exists()]
    return faults + [f"{name} lies beside the database: somebody has opened it" for name in journals]
