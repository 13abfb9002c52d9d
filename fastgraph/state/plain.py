"""The JSON border: what a state may hold, as bytes and back, with nothing lost in silence.

Most values are JSON as they are: one quick check of exact types, then `orjson.dumps` of the value itself. What orjson
would change without a word (2^70 becomes a float, NaN becomes null, a tuple becomes a list, an enum its value: tried)
gets a tag, `{"$type": "tuple", "value": […]}`, and comes back equal and of the same type. A dict that has keys other
than str, or a key "$type" of its own, is written as tagged pairs, so nothing from outside can pass for a tag as long as it
was encoded here. No pickle and no import by name: tags are looked up in a `TypeRegistry`. Must not know the state's schema.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any, Final

import orjson

from fastgraph.state.builtin_types import DEFAULT_REGISTRY
from fastgraph.state.errors import UnreadableValueError
from fastgraph.state.registry import TypeRegistry
from fastgraph.state.unstorable import Path, too_deep, unstorable, unstorable_text

__all__ = ["MAX_DEPTH", "TAG", "VALUE", "decode", "encode", "holds_tag", "loads", "revive", "to_tree"]

TAG: Final = "$type"
VALUE: Final = "value"
MAX_DEPTH: Final = (
    200  # levels of JSON nesting; orjson itself ends at 254, envelopes around a value need a few
)

_TAG_BYTES: Final = b'"$type"'
_STR_ONLY: Final = frozenset({str})
_SCALARS: Final = frozenset({str, int, bool, type(None)})
_JSON_TYPES: Final = _SCALARS | {float, list, dict}
_LOWEST_INT: Final = -(1 << 63)
_HIGHEST_INT: Final = (1 << 64) - 1


def encode(value: Any, *, where: str, registry: TypeRegistry = DEFAULT_REGISTRY) -> bytes:
    """Return a value's JSON bytes, tagged where JSON alone would lose something.

    `where` begins the sentence of an UnstorableValueError ("key 'tags'"). Takes a few microseconds for 1 KB.
    """
    if _is_json(value, 1):
        try:
            return orjson.dumps(value)
        except TypeError:
            # An integer beyond 64 bit or a lone surrogate: the slow way tags the one and names the place of the other.
            pass
    return orjson.dumps(to_tree(value, where=where, registry=registry))


def decode(data: bytes, *, registry: TypeRegistry = DEFAULT_REGISTRY) -> Any:
    """Return the value that `encode` wrote; UnreadableValueError for damaged bytes and unknown tags."""
    tree = loads(data)
    return revive(tree, registry=registry) if _TAG_BYTES in data else tree


def holds_tag(data: bytes) -> bool:
    """Say whether stored bytes may hold a tag: quick, and never wrong when it says no."""
    return _TAG_BYTES in data


def loads(data: bytes) -> Any:
    """Parse stored bytes to their JSON tree, tags and all."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise UnreadableValueError(
            f"its bytes are no JSON ({error})", "Restore the data folder from a backup."
        ) from error


def to_tree(value: Any, *, where: str, registry: TypeRegistry = DEFAULT_REGISTRY) -> Any:
    """Return the JSON tree of a value, with tags: new containers, never the value's own."""
    return _Tagger(where, registry).tree(value, None, 1)


def revive(tree: Any, *, registry: TypeRegistry = DEFAULT_REGISTRY) -> Any:
    """Turn a JSON tree with tags into the value it stands for; changes the tree's own containers in place."""
    kind = type(tree)
    if kind is list:
        for index, item in enumerate(tree):
            if type(item) is dict or type(item) is list:
                tree[index] = revive(item, registry=registry)
        return tree
    if kind is not dict:
        return tree
    for key, item in tree.items():
        if type(item) is dict or type(item) is list:
            tree[key] = revive(item, registry=registry)
    if TAG in tree:
        return _untag(tree, registry)
    return tree


def _is_json(value: Any, depth: int) -> bool:
    """Say whether orjson writes a value so that it comes back the same; big integers and bad text excepted."""
    kind = type(value)
    if kind is dict:
        if TAG in value or not _STR_ONLY.issuperset(map(type, value)):
            return False
        items = value.values()
    elif kind is list:
        items = value
    else:
        return kind in _SCALARS or (kind is float and isfinite(value))
    kinds = set(map(type, items))
    if kinds <= _SCALARS:
        return depth <= MAX_DEPTH
    if depth >= MAX_DEPTH or not kinds <= _JSON_TYPES:
        return False
    for item in items:
        kind = type(item)
        if kind is float:
            if not isfinite(item):
                return False
        elif (kind is dict or kind is list) and not _is_json(item, depth + 1):
            return False
    return True


class _Tagger:
    """The slow way: builds the tagged tree and knows where it is, so that an error can say so."""

    __slots__ = ("registry", "where")

    def __init__(self, where: str, registry: TypeRegistry) -> None:
        self.where = where
        self.registry = registry

    def tree(self, value: Any, path: Path, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise too_deep(self.where, path, value, MAX_DEPTH)
        kind = type(value)
        if kind is str:
            return self._text(value, path)
        if kind is bool or value is None:
            return value
        if kind is int:
            return value if _LOWEST_INT <= value <= _HIGHEST_INT else _tagged("int", format(value, "x"))
        if kind is float:
            return value if isfinite(value) else _tagged("float", repr(value))
        if kind is list:
            return self._items(value, path, depth)
        if kind is tuple:
            return _tagged("tuple", self._items(value, path, depth + 1))
        if kind is dict:
            return self._dict(value, path, depth)
        if kind is set or kind is frozenset:
            return _tagged(kind.__name__, self._sorted_items(value, path, depth + 1))
        return self._registered(value, path, depth)

    def _text(self, value: str, path: Path) -> str:
        if not value.isascii():
            try:
                value.encode("utf-8")
            except UnicodeEncodeError as error:
                raise unstorable_text(self.where, path, error) from error
        return value

    def _items(self, value: list[Any] | tuple[Any, ...], path: Path, depth: int) -> list[Any]:
        return [self.tree(item, (path, "item", index), depth + 1) for index, item in enumerate(value)]

    def _sorted_items(self, value: set[Any] | frozenset[Any], path: Path, depth: int) -> list[Any]:
        trees = [self.tree(item, (path, "member", item), depth + 1) for item in value]
        return sorted(trees, key=orjson.dumps)

    def _dict(self, value: dict[Any, Any], path: Path, depth: int) -> dict[str, Any]:
        if TAG not in value and _STR_ONLY.issuperset(map(type, value)):
            return {
                self._text(key, (path, "name", key)): self.tree(item, (path, "key", key), depth + 1)
                for key, item in value.items()
            }
        pairs = [
            [self.tree(key, (path, "name", key), depth + 3), self.tree(item, (path, "key", key), depth + 3)]
            for key, item in value.items()
        ]
        return _tagged("dict", pairs)

    def _registered(self, value: Any, path: Path, depth: int) -> Any:
        entry = self.registry.find(value)
        if entry is None:
            raise unstorable(self.where, path, value)
        try:
            inner = entry.encode(value)
        except (ValueError, TypeError) as error:
            raise unstorable(self.where, path, value, remedy=str(error)) from error
        if entry.tag is None:
            return self.tree(inner, path, depth)
        return _tagged(entry.tag, self.tree(inner, path, depth + 1))


def _tagged(tag: str, value: Any) -> dict[str, Any]:
    return {TAG: tag, VALUE: value}


_FLOATS: Final = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}

_BUILT_IN: Final[dict[str, Callable[[Any], Any]]] = {
    "int": lambda text: int(text, 16),
    "float": lambda text: _FLOATS[text],
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "dict": dict,
}


def _untag(tree: dict[str, Any], registry: TypeRegistry) -> Any:
    tag = tree[TAG]
    if type(tag) is not str:
        raise UnreadableValueError("its tag is no text", "Restore the data folder from a backup.")
    read = _BUILT_IN.get(tag)
    if read is None:
        entry = registry.find_tag(tag)
        if entry is None:
            raise UnreadableValueError(
                f"it was written as type {tag!r}, which is not registered here",
                "Register the type under this tag again, or declare it in the state.",
            )
        read = entry.decode
    try:
        return read(tree[VALUE])
    except (ValueError, TypeError, KeyError, ArithmeticError) as error:
        raise UnreadableValueError(
            f"what is stored does not fit type {tag!r} ({type(error).__name__}: {error})",
            "If the type has changed, give its decode function the old form as well.",
        ) from error
