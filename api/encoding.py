"""Rows of the store as the API's JSON, in the shapes that `api/schemas/` declares.

Stored values pass as the bytes they are. In lists a value over 64 KB is replaced by its size, hash, the beginning of
its text and the URL of the whole (DESIGN section 5: no list carries more), so that a page stays a page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from fastgraph.clock import to_rfc3339
from fastgraph.database.artifacts import ArtifactView
from fastgraph.database.audit import AuditView
from fastgraph.database.interrupts import InterruptView
from fastgraph.database.keys import KeyView
from fastgraph.database.pausing import PauseView
from fastgraph.database.runs import RunView
from fastgraph.database.workflows import WorkflowView
from fastgraph.state.presentation import fragment, present

__all__ = [
    "MAX_LISTED_BYTES",
    "encode_artifact",
    "encode_audit",
    "encode_error",
    "encode_interrupt",
    "encode_key",
    "encode_pause",
    "encode_run",
    "encode_workflow",
    "join_values",
    "moment",
]

MAX_LISTED_BYTES = 64 * 1024
PREVIEW_CHARACTERS = 200


def encode_run(run: RunView, *, payload: bytes | None = None, result: bytes | None = None) -> bytes:
    """Return a run as a list shows it; with `payload` and `result` given, those stand in it whatever their size."""
    url = f"/api/runs/{run.run_id}"
    return orjson.dumps(
        {
            "run_id": run.run_id,
            "name": run.name,
            "workflow": run.workflow,
            "thread_id": run.thread_id,
            "status": run.status,
            "payload": fragment(payload) if payload is not None else _listed(run.payload, url),
            "result": fragment(result) if result is not None else _listed(run.result, url),
            "error": encode_error(run.error),
            "tags": run.tags,
            "created_at": to_rfc3339(run.created_at),
            "started_at": moment(run.started_at),
            "finished_at": moment(run.finished_at),
            "waiting_for": run.waiting_for,
            "last_seq": run.seq,
            "priority": run.priority,
            "kept": run.kept_at is not None,
            "retried_from": run.retried_from,
            "settled_at": moment(run.settled_at),
            "parent_run_id": run.parent_run_id,
            "children": run.children,
        }
    )


def encode_pause(pause: PauseView) -> bytes:
    """Return a pause of a workflow or of the server."""
    return orjson.dumps(
        {
            "scope": pause.scope,
            "name": pause.name,
            "who": pause.who,
            "reason": pause.reason,
            "paused_at": to_rfc3339(pause.paused_at),
        }
    )


def encode_audit(entry: AuditView) -> bytes:
    """Return a command as the audit log has it."""
    return orjson.dumps(
        {
            "at": to_rfc3339(entry.at),
            "who": entry.who,
            "action": entry.action,
            "subject": entry.subject,
            "request_id": entry.request_id,
            "reason": entry.reason,
            "outcome": entry.outcome,
        }
    )


def encode_artifact(artifact: ArtifactView) -> bytes:
    """Return an artifact's facts."""
    return orjson.dumps(
        {
            "artifact_id": artifact.artifact_id,
            "run_id": artifact.run_id,
            "name": artifact.name,
            "media_type": artifact.media_type,
            "size": artifact.size,
            "sha256": artifact.sha256,
            "created_at": to_rfc3339(artifact.created_at),
        }
    )


def encode_workflow(workflow: WorkflowView) -> bytes:
    """Return a workflow with its schema and graph."""
    return orjson.dumps(
        {
            "name": workflow.name,
            "description": workflow.description or None,
            "graph_hash": workflow.graph_hash,
            "input_schema": orjson.Fragment(workflow.input_schema),
            "graph": orjson.Fragment(workflow.graph),
            "mermaid": workflow.mermaid,
            "is_default": workflow.is_default,
            "hosts": len(workflow.hosts),
            "is_paused": workflow.is_paused,
        }
    )


def encode_error(stored: bytes | None) -> dict[str, Any] | None:
    """Return an error in its five fields, whatever else its maker kept with it."""
    if stored is None:
        return None
    kept = orjson.loads(stored)
    return {
        "type": kept.get("type", "Error"),
        "message": kept.get("message", ""),
        "node": kept.get("node"),
        "attempt": kept.get("attempt"),
        "traceback": kept.get("traceback") or None,
    }


def encode_interrupt(interrupt: InterruptView) -> dict[str, Any]:
    """Return a question that waits for its answer."""
    return {
        "id": interrupt.interrupt_id,
        "node": interrupt.node,
        "value": fragment(interrupt.value),
        "response_schema": fragment(interrupt.response_schema),
        "created_at": to_rfc3339(interrupt.created_at),
    }


def encode_key(key: KeyView) -> dict[str, str | None]:
    """Return what is told of a key: all but the key itself and its hash."""
    return {
        "key_id": key.key_id,
        "name": key.name,
        "role": key.role,
        "rate_limit": key.rate_limit,
        "created_at": to_rfc3339(key.created_at),
        "created_by": key.created_by,
    }


def join_values(values: Mapping[str, bytes]) -> bytes:
    """Return encoded values as one object."""
    return b"{" + b",".join(orjson.dumps(key) + b":" + value for key, value in values.items()) + b"}"


def moment(value: Any) -> str | None:
    """Write a time, or null."""
    return None if value is None else to_rfc3339(value)


def _listed(stored: bytes | None, url: str) -> Any:
    if stored is None or len(stored) <= MAX_LISTED_BYTES:
        return fragment(stored)
    shown = present(stored)
    return {
        "size": len(shown),
        "sha256": hashlib.sha256(shown).hexdigest(),
        "preview": shown[: 4 * PREVIEW_CHARACTERS].decode(errors="ignore")[:PREVIEW_CHARACTERS],
        "url": url,
    }
