"""Errors of the state: what can't be read back, and declarations that make no sense.

FastGraphError
├── UnstorableValueError      (fastgraph.errors) a value that can't be written
├── UnreadableValueError      a stored value that can't be read: unknown tag, damaged bytes, another type by now
└── GraphDefinitionError
    └── InvalidReducerError   a reducer that can't be called with two arguments
"""

from __future__ import annotations

from fastgraph.errors import FastGraphError, GraphDefinitionError

__all__ = ["InvalidReducerError", "UnreadableValueError"]


class UnreadableValueError(FastGraphError, ValueError):
    """Stored bytes did not become a value; `reason` says what stood in the way."""

    def __init__(self, reason: str, remedy: str) -> None:
        self.reason = reason
        self.remedy = remedy
        super().__init__(f"A stored value can't be read: {reason}. {remedy}")


class InvalidReducerError(GraphDefinitionError):
    """The last callable of an Annotated key does not take (current, update)."""

    def __init__(self, key: str, signature: str) -> None:
        self.key = key
        self.signature = signature
        super().__init__(
            f"Invalid reducer signature. Expected (a, b) -> c. Got {signature} at key {key!r}. "
            "Give a function of exactly two positional parameters: the current value and the update."
        )
