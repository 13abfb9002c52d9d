"""Arrays and frames: how values of numpy and pandas are stored, where these libraries are there.

Neither is needed: a library is looked at when a value of one of its types is seen, or its tag is read. What is written is
dtype, shape and bytes (numpy) or columns by their dtypes (pandas), never a pickle. What would come back as something else
(object arrays with code in them, subclasses, exotic indexes) is refused by the sentence that says so.
"""

from __future__ import annotations

import base64
import importlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from fastgraph.state.pandas_types import pandas_entries
from fastgraph.state.registry import TypeEntry

__all__ = ["LIBRARY_TYPES", "LibraryTypes"]


class LibraryTypes:
    """The family of all types of numpy and pandas that can be stored. Thread-safe."""

    __slots__ = ()

    def find(self, value: Any) -> TypeEntry | None:
        """Return the entry of a value, by its library."""
        kind = type(value)
        entries = _entries_of(kind.__module__.partition(".")[0])
        entry = entries.get(kind)
        if entry is None and entries and isinstance(value, _numpy().generic):
            return _numpy_scalar_entry(kind)  # type: ignore[arg-type] # a class is hashable
        return entry

    def find_tag(self, tag: str) -> TypeEntry | None:
        """Return the entry that reads a tag; None where its library is not installed."""
        if tag == _SCALAR_TAG:
            return _numpy_scalar_entry(object) if _entries_of("numpy") else None
        entries = _entries_of(tag.partition(".")[0])
        return next((entry for entry in entries.values() if entry.tag == tag), None)

    def knows(self, kind: type[Any]) -> bool:
        """Say whether values of a type are stored without any class of the state being asked."""
        entries = _entries_of(getattr(kind, "__module__", "").partition(".")[0])
        return kind in entries or (bool(entries) and issubclass(kind, _numpy().generic))


LIBRARY_TYPES = LibraryTypes()
_SCALAR_TAG = "numpy.scalar"


def _numpy() -> Any:
    return importlib.import_module("numpy")


@cache
def _entries_of(library: str) -> Mapping[type[Any], TypeEntry]:
    """The entries of a library, by exact type; none for another one, or where it is not installed."""
    makers: Mapping[str, Callable[[], Mapping[type[Any], TypeEntry]]] = {
        "numpy": _numpy_entries,
        "pandas": pandas_entries,
    }
    if library not in makers:
        return {}
    try:
        return makers[library]()
    except ImportError:
        return {}


def _numpy_entries() -> Mapping[type[Any], TypeEntry]:
    np = _numpy()
    return {np.ndarray: TypeEntry("numpy.ndarray", np.ndarray, _encode_array, _decode_array, _is_same_array)}


def _encode_array(array: Any) -> dict[str, Any]:
    if array.dtype.hasobject:
        raise ValueError("An array of objects has no form of its own. Return .tolist(), or give it a dtype.")
    return {
        "dtype": _encode_dtype(array.dtype),
        "shape": list(array.shape),
        "data": base64.b64encode(array.tobytes()).decode("ascii"),
    }


def _decode_array(data: Mapping[str, Any]) -> Any:
    content = bytearray(base64.b64decode(data["data"]))  # what is made over it can be written to
    return _numpy().frombuffer(content, dtype=_decode_dtype(data["dtype"])).reshape(data["shape"])


def _encode_dtype(dtype: Any) -> Any:
    """Return numpy's own short text, or what a record or a nested array is made of."""
    described: Any = dtype.str
    if dtype.subdtype is not None:
        described = {"of": _encode_dtype(dtype.subdtype[0]), "shape": list(dtype.subdtype[1])}
    elif dtype.names is not None:
        described = {"fields": [[name, _encode_dtype(dtype[name])] for name in dtype.names]}
    if dtype.metadata or _decode_dtype(described) != dtype:
        raise ValueError(
            "Its dtype has offsets, titles or metadata that would be lost. Return .tolist(), or a plain dtype."
        )
    return described


def _decode_dtype(described: Any) -> Any:
    np = _numpy()
    if isinstance(described, str):
        return np.dtype(described)
    if "fields" in described:
        return np.dtype([(name, _decode_dtype(inner)) for name, inner in described["fields"]])
    return np.dtype((_decode_dtype(described["of"]), tuple(described["shape"])))


def _is_same_array(one: Any, other: Any) -> bool:
    return bool(one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes())


def _is_same_scalar(one: Any, other: Any) -> bool:
    """As for arrays, but a NaN is a NaN: its sign and payload are lost on the way through a float."""
    if one.dtype == other.dtype and one.dtype.kind == "f" and one != one and other != other:  # noqa: PLR0124
        return True
    return _is_same_array(one, other)


@cache
def _numpy_scalar_entry(kind: type[Any]) -> TypeEntry:
    return TypeEntry(_SCALAR_TAG, kind, _encode_scalar, _decode_scalar, _is_same_scalar)


def _encode_scalar(scalar: Any) -> Any:
    """Return dtype and number, which a person can read, or the array of one for what is no number of Python's."""
    dtype = scalar.dtype
    if dtype.kind in "biuf" and dtype.itemsize <= 8:
        return [dtype.str, scalar.item()]
    return _encode_array(_numpy().asarray(scalar))


def _decode_scalar(data: Any) -> Any:
    np = _numpy()
    return np.array(data[1], np.dtype(data[0]))[()] if isinstance(data, list) else _decode_array(data)[()]
