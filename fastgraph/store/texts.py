"""Which texts of a value are indexed: paths such as `title`, `notes[*].text`, `*`, `{title,body.head}` or `$`.

Pure; the paths are LangGraph's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = ["get_text_at_path", "tokenize_path"]

_PAIRS = {"[": "]", "{": "}"}


def tokenize_path(path: str) -> list[str]:
    """Split a path into its parts; those in brackets or braces stay whole.

    >>> tokenize_path("notes[*].{head,body}")
    ['notes', '[*]', '{head,body}']
    """
    tokens: list[str] = []
    name, position = "", 0
    while position < len(path):
        char = path[position]
        if char not in "[{.":
            name += char
            position += 1
            continue
        if name:
            tokens.append(name)
            name = ""
        end = position + 1 if char == "." else _end_of_group(path, position)
        if char != ".":
            tokens.append(path[position:end])
        position = end
    return [*tokens, name] if name else tokens


def _end_of_group(path: str, start: int) -> int:
    opening, closing, depth = path[start], _PAIRS[path[start]], 0
    for position in range(start, len(path)):
        depth += (path[position] == opening) - (path[position] == closing)
        if not depth:
            return position + 1
    return len(path)


def get_text_at_path(obj: Any, path: str | Sequence[str]) -> list[str]:
    """Return the texts at a path; of an object or array its JSON, of nothing nothing. "$" is the whole value."""
    if isinstance(obj, Mapping) and not isinstance(obj, dict):
        obj = dict(obj)
    if not path or path == "$":
        return [_json(obj)]
    tokens = tokenize_path(path) if isinstance(path, str) else path
    return [text for found in _walk(obj, tuple(tokens)) for text in _text(found)]


def _walk(obj: Any, tokens: tuple[str, ...]) -> Iterator[Any]:
    """Go through all that a path leads to."""
    if not tokens:
        yield obj
        return
    token, rest = tokens[0], tokens[1:]
    if token.startswith("[") and token.endswith("]"):
        if isinstance(obj, list):
            for item in _picked(obj, token[1:-1]):
                yield from _walk(item, rest)
    elif token.startswith("{") and token.endswith("}"):
        if isinstance(obj, dict):
            # what comes after the braces is not looked at: each field says its own way
            for field in token[1:-1].split(","):
                yield from _walk_names(obj, tokenize_path(field.strip()))
    elif token == "*":  # noqa: S105 - no password
        for item in obj.values() if isinstance(obj, dict) else obj if isinstance(obj, list) else ():
            yield from _walk(item, rest)
    elif isinstance(obj, dict) and token in obj:
        yield from _walk(obj[token], rest)


def _walk_names(obj: Any, names: list[str]) -> Iterator[Any]:
    if not names:
        return
    for name in names:
        if not isinstance(obj, dict) or name not in obj:
            return
        obj = obj[name]
    yield obj


def _picked(items: list[Any], index: str) -> list[Any]:
    if index == "*":
        return items
    try:
        return [items[int(index)]]
    except (ValueError, IndexError):
        return []


def _text(found: Any) -> list[str]:
    if isinstance(found, str | int | float | bool):
        return [str(found)]
    return [_json(found)] if isinstance(found, list | dict) else []


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
