"""Secrets in a state: kept as they are, and shown to nobody.

A key or field that is declared as Pydantic's `SecretStr`, `SecretBytes` or `Secret[…]` holds one. It is stored under a
tag, since a run that goes on after a crash needs it; whatever leaves the store for a reader (views, events, previews) has
asterisks in its place. A payload comes as JSON, where a secret looks like any text: the input schema says where they
are. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import Secret, SecretBytes, SecretStr

__all__ = ["BYTES_TAG", "REDACTED", "TEXT_TAG", "VALUE_TAG", "hide_secrets", "may_hold_secrets", "reveal"]

TEXT_TAG: Final = "secret"
BYTES_TAG: Final = "secret-bytes"
VALUE_TAG: Final = "secret-value"
REDACTED: Final = "**********"

_MARK: Final = b'"writeOnly"'
_ALTERNATIVES: Final = ("anyOf", "oneOf", "allOf")
_DEEPEST: Final = 200


def may_hold_secrets(schema: bytes) -> bool:
    """Say whether a JSON Schema may name a secret: quick, and never wrong when it says no."""
    return _MARK in schema


def hide_secrets(value: Any, schema: Any) -> Any:
    """Return a JSON value with each text that its schema calls write-only as a SecretStr; what has none stays itself."""
    root = schema if isinstance(schema, Mapping) else {}
    return _hide(value, schema, root, 0)


def reveal(value: Any) -> Any:
    """Return a value of plain containers with the text of each secret in its place, for a parser that makes one of it."""
    if isinstance(value, SecretStr | Secret):
        return value.get_secret_value()
    if isinstance(value, SecretBytes):
        return value.get_secret_value().decode("utf-8", "replace")
    if isinstance(value, dict):
        return {key: reveal(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [reveal(item) for item in value]
    return value


def _hide(value: Any, schema: Any, root: Mapping[str, Any], depth: int) -> Any:
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return value
    reference = schema.get("$ref")
    if isinstance(reference, str):
        value = _hide(value, _resolved(reference, root), root, depth + 1)
    for word in _ALTERNATIVES:
        for part in schema.get(word) or ():
            value = _hide(value, part, root, depth + 1)
    if isinstance(value, str):
        return SecretStr(value) if schema.get("writeOnly") is True else value
    if isinstance(value, dict):
        known, others = schema.get("properties") or {}, schema.get("additionalProperties")
        return {key: _hide(item, known.get(key, others), root, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        first, rest = schema.get("prefixItems") or [], schema.get("items")
        return [
            _hide(item, first[index] if index < len(first) else rest, root, depth + 1)
            for index, item in enumerate(value)
        ]
    return value


def _resolved(reference: str, root: Mapping[str, Any]) -> Any:
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
    return found
