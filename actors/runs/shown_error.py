"""An error as the store keeps it and the API shows it."""

from __future__ import annotations

from typing import Any

import orjson

from fastgraph.execution.tasks import ErrorRecord

__all__ = ["error_facts", "error_json"]


def error_facts(error: ErrorRecord) -> dict[str, Any]:
    """The five facts of an error."""
    return {
        "type": error.type,
        "message": error.message,
        "node": error.node,
        "attempt": error.attempt,
        "traceback": error.traceback,
    }


def error_json(error: ErrorRecord) -> bytes:
    """The same, encoded."""
    return orjson.dumps(error_facts(error))
