"""Strict JSON: what a request's body may be, and the sentence for what it may not (DESIGN section 7).

Refused are NaN and infinities, lone surrogates, duplicate keys, a depth over 100 and keys with control characters. The
quick way is orjson and one count of the members; whatever looks suspicious goes the slow way through the standard
parser, which keeps integers beyond 64 bits and can say where the fault is. Nothing is repaired in silence.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

import orjson

from api.faults import Fault, InvalidRequestError

__all__ = ["MAX_DEPTH", "has_control_characters", "parse_strict_json"]

MAX_DEPTH = 100

_CONTAINERS = (dict, list)
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
# Longer integers do not fit 64 bits, and orjson would read them as floats; such exponents may overflow to infinity.
_BIG_NUMBER = re.compile(rb"\d{20,}|-\d{19}|[eE]\+?\d{3,}")
_BRACKET = re.compile(rb"[\[\]{}]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def parse_strict_json(body: bytes) -> Any:
    """Return the value of a JSON text; InvalidRequestError names the field of whatever is not allowed."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _parse_slowly(body)
    bare = _STRING.sub(b"", body)
    members, depth = _measure(value)
    # In JSON a control character is written as an escape, DEL and the C1 set apart, so most bodies need no second look.
    is_plain = b"\\" not in body and b"\x7f" not in body and b"\xc2" not in body
    if depth <= MAX_DEPTH and is_plain and bare.count(b":") == members and not _BIG_NUMBER.search(bare):
        return value
    return _parse_slowly(body)


def has_control_characters(text: str) -> bool:
    """Say whether a name holds what no terminal, log or header should be sent."""
    return _CONTROL.search(text) is not None


def _measure(value: Any) -> tuple[int, int]:
    """Return how many members all objects have together, and how deep containers are nested."""
    members = depth = 0
    level = [value] if isinstance(value, _CONTAINERS) else []
    while level:
        below: list[Any] = []
        for container in level:
            if isinstance(container, dict):
                members += len(container)
                below.extend(item for item in container.values() if isinstance(item, _CONTAINERS))
            else:
                below.extend(item for item in container if isinstance(item, _CONTAINERS))
        depth += 1
        if depth > MAX_DEPTH:
            break
        level = below
    return members, depth


def _parse_slowly(body: bytes) -> Any:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse("body", f"is no UTF-8: byte {error.start} does not fit")
    _check_depth(_STRING.sub(b"", body))
    try:
        value = json.loads(
            text, object_pairs_hook=_members, parse_constant=_Unacceptable.constant, parse_float=_finite_float
        )
    except json.JSONDecodeError as error:
        _refuse("body", f"is no JSON: {error.msg} at line {error.lineno}, column {error.colno}")
    except ValueError as error:
        # The interpreter's own limit on the digits of an integer.
        _refuse("body", str(error))
    _check(value, "")
    return value


class _Unacceptable:
    """Stands where something was read that is refused, until its path is known."""

    def __init__(self, message: str) -> None:
        self.message = message

    @classmethod
    def constant(cls, name: str) -> _Unacceptable:
        return cls(f"is {name}, which JSON does not have; write a number, a string or null")


def _check_depth(bare: bytes) -> None:
    depth = 0
    for bracket in _BRACKET.finditer(bare):
        if bracket[0] in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                _refuse("body", f"is nested deeper than {MAX_DEPTH} levels")
        else:
            depth -= 1


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                members[key] = _Unacceptable("stands twice in one object; leave one of them out")
            seen.add(key)
    return members


def _finite_float(digits: str) -> float | _Unacceptable:
    number = float(digits)
    if math.isinf(number):
        return _Unacceptable(f"is {digits[:40]}, which is beyond the range of a float")
    return number


def _check(value: Any, path: str) -> None:
    """Refuse by path what can't stay. The depth is bounded already, so recursion is safe."""
    if isinstance(value, _Unacceptable):
        _refuse(path or "body", value.message)
    if isinstance(value, str):
        if not _is_encodable(value):
            _refuse(path or "body", "holds half a surrogate pair, which is no character")
    elif isinstance(value, dict):
        for key, item in value.items():
            here = f"{path}.{_shown(key)}" if path else _shown(key)
            if not _is_encodable(key):
                _refuse(here, "is a key with half a surrogate pair, which is no character")
            if has_control_characters(key):
                _refuse(here, "is a key with control characters; leave them out")
            _check(item, here)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check(item, f"{path}[{index}]")


def _is_encodable(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _shown(key: str) -> str:
    """Write a key so that it can stand in a sentence and in a log line."""
    return key if key.isprintable() else json.dumps(key)[1:-1]


def _refuse(field: str, message: str) -> NoReturn:
    raise InvalidRequestError(Fault(field, message))
