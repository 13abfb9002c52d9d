"""Stored values as plain JSON for the outside.

Inside, what JSON can't say carries a tag (`plain.py`). The outside gets what a reader expects: an integer of any size
and one of numpy as a number, a tuple or a set as an array, a dict as an object, NaN and infinities as strings, a spilled
value as its size, hash and preview, a secret as asterisks, and any other type as the JSON it is kept as. Values without
tags, nearly all, pass as the bytes they are.
"""

from __future__ import annotations

from typing import Any

import orjson

from fastgraph.state.plain import TAG, VALUE, loads
from fastgraph.state.secrets import BYTES_TAG, REDACTED, TEXT_TAG, VALUE_TAG

__all__ = ["PREVIEW_CHARACTERS", "fragment", "present", "preview"]

PREVIEW_CHARACTERS = 200

_DECIMAL_BELOW = 3500  # hexadecimal digits
_TAG_BYTES = b'"' + TAG.encode() + b'"'
_SECRET_BYTES = b'"' + TAG.encode() + b'":"' + TEXT_TAG.encode()
_SECRETS = (TEXT_TAG, BYTES_TAG, VALUE_TAG)


def present(stored: bytes) -> bytes:
    """Return the JSON bytes of a stored value without tags."""
    if _TAG_BYTES not in stored:
        return stored
    return orjson.dumps(_plain(loads(stored)))


def fragment(stored: bytes | None) -> orjson.Fragment | None:
    """Return a stored value to stand inside an answer; None stays null."""
    return None if stored is None else orjson.Fragment(present(stored))


def preview(stored: bytes) -> str:
    """Return the beginning of a stored value as text, for where the whole is too large. No secret is in it."""
    if _SECRET_BYTES in stored:
        stored = present(stored)
    return stored[: 4 * PREVIEW_CHARACTERS].decode(errors="ignore")[:PREVIEW_CHARACTERS]


def _plain(tree: Any) -> Any:
    if isinstance(tree, list):
        return [_plain(item) for item in tree]
    if not isinstance(tree, dict):
        return tree
    if TAG not in tree:
        return {key: _plain(item) for key, item in tree.items()}
    if VALUE not in tree:
        return {key: _plain(item) for key, item in tree.items() if key != TAG}
    tag, value = tree[TAG], tree[VALUE]
    if tag in _SECRETS:
        return REDACTED
    if tag == "int":
        # Wider than 64 bits: orjson writes no such number itself, and Python none of more than 4,300 digits.
        return orjson.Fragment(str(int(value, 16)).encode()) if len(value) <= _DECIMAL_BELOW else f"0x{value}"
    if tag == "dict":
        return {_key(key): _plain(item) for key, item in value}
    if tag == "numpy.scalar" and isinstance(value, list):
        return _plain(value[1])
    return _plain(value)


def _key(key: Any) -> str:
    """A dict's key as an object's; one that is no text is written as JSON text."""
    return key if isinstance(key, str) else orjson.dumps(_plain(key)).decode()
