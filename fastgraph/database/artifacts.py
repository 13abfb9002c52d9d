"""Rows of artifacts; their bytes are files named by content (`fastgraph.blobs`).

The file is written and synced before the row that names it is committed. An upload belongs to no run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from fastgraph import fault_points
from fastgraph.database.records import StoreUpload
from fastgraph.database.tables import artifacts, runs
from fastgraph.database.times import from_micros, to_micros
from fastgraph.database.transaction import Transaction

__all__ = ["ArtifactPage", "ArtifactView", "find_artifact", "list_artifacts", "store_upload"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactView:
    """An artifact as the API shows it. `key` is the cursor of a list; `run_id` is None for an upload."""

    key: int
    artifact_id: str
    run_id: str | None
    name: str
    media_type: str
    size: int
    sha256: str
    node: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactPage:
    """Artifacts, newest first; `total` counts all that the filter meets, `next_before` is the cursor of the next
    page."""

    artifacts: tuple[ArtifactView, ...]
    total: int
    next_before: int | None


def store_upload(tx: Transaction, operation: StoreUpload) -> str:
    """Gather the row of an upload and answer its id."""
    fault_points.within(fault_points.UPLOAD_ROW)
    row = operation.artifact
    at = to_micros(operation.now)
    tx.rows.artifacts.append(
        (row.artifact_id, None, row.name, row.media_type, row.size, row.sha256, row.node, at)
    )
    return row.artifact_id


async def find_artifact(connection: AsyncConnection, *, artifact_id: str) -> ArtifactView | None:
    """Return the artifact of that id, by its unique index, or None."""
    row = (await connection.execute(_select().where(artifacts.c.artifact_id == artifact_id))).first()
    return None if row is None else _view(row)


async def list_artifacts(
    connection: AsyncConnection, *, run_id: str | None = None, before: int | None = None, limit: int = 100
) -> ArtifactPage:
    """List artifacts, newest first, of one run or of all; `before` is the `key` after which the page begins."""
    condition = artifacts.c.key > 0 if run_id is None else runs.c.run_id == run_id
    count = select(func.count()).select_from(artifacts.outerjoin(runs, runs.c.key == artifacts.c.run_key))
    total = (await connection.execute(count.where(condition))).scalar_one()
    query = _select().where(condition).order_by(artifacts.c.key.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(artifacts.c.key < before)
    found = [_view(row) for row in await connection.execute(query)]
    page = tuple(found[:limit])
    return ArtifactPage(artifacts=page, total=total, next_before=page[-1].key if len(found) > limit else None)


def _select() -> Select[Any]:
    return select(artifacts, runs.c.run_id).select_from(
        artifacts.outerjoin(runs, runs.c.key == artifacts.c.run_key)
    )


def _view(row: Row[Any]) -> ArtifactView:
    return ArtifactView(
        key=row.key,
        artifact_id=row.artifact_id,
        run_id=row.run_id,
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        sha256=row.sha256,
        node=row.node,
        created_at=from_micros(row.created_at),
    )
