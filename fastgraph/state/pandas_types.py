"""Frames, series, indexes and moments of pandas: what they are made of, column by column, and made anew from it.

Every frame, series and index is put together again at once when it is written and compared, dtypes, names and index
kinds included: what has no such form (periods, intervals, subclasses, columns of anything) is refused and not bent. The
parts are values that the registry stores itself: arrays of numpy, lists, texts.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from fastgraph.state.registry import TypeEntry

__all__ = ["pandas_entries"]

_Encode = Callable[[Any], Any]


def pandas_entries() -> Mapping[type[Any], TypeEntry]:
    """Return the entries of the types of pandas, by exact type. Raises ImportError where it is not installed."""
    pd = _pandas()
    entries = [
        _checked("pandas.DataFrame", pd.DataFrame, _encode_frame, _decode_frame),
        _checked("pandas.Series", pd.Series, _encode_series, _decode_series),
        TypeEntry("pandas.Timestamp", pd.Timestamp, _encode_timestamp, _decode_timestamp),
        TypeEntry("pandas.Timedelta", pd.Timedelta, lambda value: value.asm8, pd.Timedelta),
        TypeEntry("pandas.NaT", type(pd.NaT), lambda _: None, lambda _: pd.NaT, _is_one),
        TypeEntry("pandas.NA", type(pd.NA), lambda _: None, lambda _: pd.NA, _is_one),
        *(
            _checked("pandas.Index", kind, _encode_index, _decode_index)
            for kind in (
                pd.Index,
                pd.RangeIndex,
                pd.MultiIndex,
                pd.DatetimeIndex,
                pd.TimedeltaIndex,
                pd.CategoricalIndex,
            )
        ),
    ]
    return {entry.type: entry for entry in entries}


def _pandas() -> Any:
    return importlib.import_module("pandas")


def _checked(tag: str, kind: type[Any], encode: _Encode, decode: _Encode) -> TypeEntry:
    """An entry that tries at once whether its value comes back."""

    def encode_checked(value: Any) -> Any:
        data = encode(value)
        if not _is_same(decode(data), value):
            raise ValueError(
                f"This {kind.__name__} would come back as another one. Return .to_dict(), or plain columns."
            )
        return data

    return TypeEntry(tag, kind, encode_checked, decode, _is_same)


def _is_one(_one: Any, _other: Any) -> bool:
    """There is only one of them."""
    return True


def _is_same(one: Any, other: Any) -> bool:
    """Say whether two frames, series or indexes have the same content, dtypes, names and kinds of index."""
    pd = _pandas()
    if type(one) is not type(other):
        return False
    if isinstance(one, pd.Index):
        same_form = list(one.names) == list(other.names) and getattr(one, "freq", None) == getattr(
            other, "freq", None
        )
        return bool(same_form and _dtypes(one) == _dtypes(other) and one.equals(other))
    is_same = one.equals(other) and one.attrs == other.attrs and _is_same(one.index, other.index)
    if isinstance(one, pd.Series):
        return bool(is_same and one.dtype == other.dtype and one.name == other.name)
    return bool(is_same and _is_same(one.columns, other.columns) and list(one.dtypes) == list(other.dtypes))


def _dtypes(index: Any) -> list[Any]:
    return list(index.dtypes) if index.nlevels > 1 else [index.dtype]


def _encode_frame(frame: Any) -> dict[str, Any]:
    return {
        "columns": _encode_index(frame.columns),
        "index": _encode_index(frame.index),
        "data": [_encode_column(frame.iloc[:, position].array) for position in range(frame.shape[1])],
        "attrs": frame.attrs,
    }


def _decode_frame(data: Mapping[str, Any]) -> Any:
    columns = {position: _decode_column(column) for position, column in enumerate(data["data"])}
    frame = _pandas().DataFrame(columns, index=_decode_index(data["index"]))
    frame.columns = _decode_index(data["columns"])
    frame.attrs = data["attrs"]
    return frame


def _encode_series(series: Any) -> dict[str, Any]:
    return {
        "data": _encode_column(series.array),
        "index": _encode_index(series.index),
        "name": series.name,
        "attrs": series.attrs,
    }


def _decode_series(data: Mapping[str, Any]) -> Any:
    series = _pandas().Series(
        _decode_column(data["data"]), index=_decode_index(data["index"]), name=data["name"]
    )
    series.attrs = data["attrs"]
    return series


def _encode_index(index: Any) -> dict[str, Any]:
    pd = _pandas()
    if type(index) is pd.RangeIndex:
        return {"range": [index.start, index.stop, index.step], "names": [index.name]}
    if type(index) is pd.MultiIndex:
        levels = [_encode_index(index.get_level_values(number)) for number in range(index.nlevels)]
        return {"levels": levels, "names": list(index.names)}
    return {
        "values": _encode_column(index.array),
        "names": [index.name],
        "freq": getattr(index, "freqstr", None),
    }


def _decode_index(data: Mapping[str, Any]) -> Any:
    pd = _pandas()
    names = data["names"]
    if "range" in data:
        return pd.RangeIndex(*data["range"], name=names[0])
    if "levels" in data:
        return pd.MultiIndex.from_arrays([_decode_index(level) for level in data["levels"]], names=names)
    values = _decode_column(data["values"])
    index = pd.Index(values, name=names[0], dtype=values.dtype)
    if data["freq"] is not None:
        index.freq = data["freq"]
    return index


def _encode_column(array: Any) -> dict[str, Any]:
    """Return the values of one column, by what its dtype is made of."""
    pd, np = _pandas(), importlib.import_module("numpy")
    dtype = array.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        categories = _encode_index(dtype.categories)
        return {"categories": categories, "codes": np.asarray(array.codes), "ordered": dtype.ordered}
    if isinstance(dtype, pd.DatetimeTZDtype):
        return {"moments": array.asi8, "unit": dtype.unit, "zone": _zone_name(dtype.tz)}
    if isinstance(dtype, np.dtype) and not dtype.hasobject:
        return {"array": np.asarray(array)}
    return {"values": list(array), "dtype": str(dtype)}


def _decode_column(data: Mapping[str, Any]) -> Any:
    pd = _pandas()
    if "categories" in data:
        return pd.Categorical.from_codes(
            data["codes"], categories=_decode_index(data["categories"]), ordered=data["ordered"]
        )
    if "moments" in data:
        moments = pd.DatetimeIndex(data["moments"].view(f"M8[{data['unit']}]"))
        return moments.tz_localize("UTC").tz_convert(data["zone"]).array
    if "array" in data:
        return data["array"]
    values = importlib.import_module("numpy").empty(len(data["values"]), dtype=object)
    values[:] = data["values"]
    return values if data["dtype"] == "object" else pd.array(values, dtype=data["dtype"])


def _encode_timestamp(moment: Any) -> list[Any]:
    return [moment.asm8, None if moment.tz is None else _zone_name(moment.tz)]


def _decode_timestamp(data: Any) -> Any:
    moment = _pandas().Timestamp(data[0])
    return moment if data[1] is None else moment.tz_localize("UTC").tz_convert(data[1])


def _zone_name(zone: Any) -> str:
    """Return the name under which pandas finds a zone; ValueError for one without."""
    name = getattr(zone, "key", None) or str(zone)
    if _pandas().Timestamp(0, tz="UTC").tz_convert(name).tz != zone:
        raise ValueError(f"The zone {zone!r} has no name that leads back to it. Use one of zoneinfo, or UTC.")
    return str(name)
