"""Values that are typed, read from a file, or piped in: `JSON`, `@FILE` or `-`.

What is wrong is said with the place of the fault and with how to quote it, because a shell eats quotes in
silence.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from api.cli.failures import UsageError

__all__ = ["read_text", "read_value"]


def read_text(text: str, *, option: str) -> str:
    """Return the text itself, of the file that `@FILE` names, or of standard input for `-`. Raises UsageError."""
    if text == "-":
        return sys.stdin.read()
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{option} names the file {text[1:]}, which can't be read: {_reason(error)}."
        ) from error


def read_value(text: str, *, option: str) -> Any:
    """Return the JSON value of `JSON`, `@FILE` or `-`. Raises UsageError where it is none."""
    written = read_text(text, option=option)
    try:
        return json.loads(written, parse_constant=_refuse_constant)
    except ValueError as error:
        remedy = (
            "" if text.startswith(("@", "-")) else f" A text needs its quotes, as in {option} '\"hello\"'."
        )
        raise UsageError(f"{option} is no JSON: {error}.{remedy}") from error


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else "it is no UTF-8 text"
