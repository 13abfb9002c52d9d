"""Arrays and frames come back with their dtypes, names and indexes; what could not is refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from pydantic import BaseModel, ConfigDict

from fastgraph.errors import UnstorableValueError
from fastgraph.state.codecs import make_codec
from fastgraph.state.errors import UnreadableValueError
from fastgraph.state.plain import decode, encode
from fastgraph.state.presentation import present
from fastgraph.state.sameness import is_same

DTYPES = st.one_of(
    npst.scalar_dtypes(),
    npst.unicode_string_dtypes(max_len=3),
    npst.byte_string_dtypes(max_len=3),
    st.lists(
        st.tuples(npst.scalar_dtypes(), npst.array_shapes(max_dims=2, max_side=2)), min_size=1, max_size=3
    ).map(lambda fields: np.dtype([(f"f{number}", *field) for number, field in enumerate(fields)])),
)


@given(npst.arrays(DTYPES, npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)))
def test_every_array_of_plain_dtype_comes_back(array: np.ndarray[Any, Any]) -> None:
    found = decode(encode(array, where="it"))
    assert is_same(found, array)
    assert found.flags.writeable


@given(npst.arrays(npst.scalar_dtypes(), 1))
def test_every_scalar_comes_back_as_one(array: np.ndarray[Any, Any]) -> None:
    scalar = array[0]
    found = decode(encode({"a": [scalar]}, where="it"))["a"][0]
    assert is_same(found, scalar)


def _with_attrs() -> Any:
    frame = pd.DataFrame({"a": [1]})
    frame.attrs = {"unit": "m", "of": (1, 2)}
    return frame


def test_a_number_of_numpy_is_shown_as_a_number() -> None:
    stored = encode({"a": np.float32(0.5), "b": np.int64(3), "c": np.bool_(True)}, where="it")
    assert present(stored) == b'{"a":0.5,"b":3,"c":true}'


FRAMES: dict[str, Callable[[], Any]] = {
    "empty": pd.DataFrame,
    "rows without columns": lambda: pd.DataFrame(index=range(3)),
    "columns without rows": lambda: pd.DataFrame({"a": [], "b": []}),
    "numbers": lambda: pd.DataFrame({"a": [1, 2], "b": [0.5, float("nan")], "c": [True, False]}),
    "texts": lambda: pd.DataFrame({"a": ["x", None], 5: ["ä", ""]}),
    "anything": lambda: pd.DataFrame({"a": pd.Series([1, "x", None, {"k": [1]}], dtype=object)}),
    "nullable": lambda: pd.DataFrame(
        {"a": pd.array([1, None], "Int64"), "b": pd.array([True, None], "boolean")}
    ),
    "string": lambda: pd.DataFrame({"a": pd.array(["x", None], "string")}),
    "category": lambda: pd.DataFrame({"a": pd.Categorical(["x", "y", None], ["y", "x", "z"], ordered=True)}),
    "moments": lambda: pd.DataFrame(
        {
            "naive": pd.to_datetime(["2024-01-01", None]),
            "zoned": pd.to_datetime(["2024-07-01", None]).tz_localize("Europe/Berlin"),
            "utc": pd.to_datetime(
                ["2024-07-01T01:02:03.123456789", "2024-07-02"], utc=True, format="ISO8601"
            ),
            "long": pd.to_timedelta(["1 day", None]),
        }
    ),
    "dates as index": lambda: pd.DataFrame(
        {"a": [1, 2, 3]}, index=pd.date_range("2024", periods=3, freq="D", name="day")
    ),
    "two levels": lambda: pd.DataFrame(
        {("a", 1): [1, 2]}, index=pd.MultiIndex.from_tuples([("x", 1), ("y", 2)], names=["l", None])
    ),
    "named": lambda: pd.DataFrame({"a": [1]}, index=pd.Index(["r"], name="row")).rename_axis(columns="col"),
    "twice the same column": lambda: pd.DataFrame([[1, "x"]], columns=["a", "a"]),
    "attributes": _with_attrs,
    "series": lambda: pd.Series([1.5, None], index=["a", "b"], name=("x", 1)),
    "series of moments": lambda: pd.Series(pd.date_range("2024", periods=2, tz="UTC")),
    "range": lambda: pd.RangeIndex(1, 9, 2, name="r"),
    "index": lambda: pd.Index([3, 1, 2]),
    "categories": lambda: pd.CategoricalIndex(["a", "b", "a"]),
    "moment": lambda: pd.Timestamp("2024-10-27T01:30:00.123456789", tz="UTC").tz_convert("Europe/Berlin"),
    "naive moment": lambda: pd.Timestamp(2024, 1, 1).as_unit("s"),
    "span": lambda: pd.Timedelta("3 days 00:00:00.000000001"),
    "missing": lambda: [pd.NaT, pd.NA],
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_comes_back_whole(name: str) -> None:
    value = FRAMES[name]()
    found = decode(encode({"it": value}, where="it"))["it"]
    assert type(found) is type(value)
    assert is_same(found, value)
    if isinstance(value, pd.DataFrame):
        pd.testing.assert_frame_equal(found, value, check_freq=True, check_column_type="exact")


class Spin(pd.DataFrame):
    pass


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (np.array([object()]), "array of objects"),
        (np.ma.masked_array([1, 2], [True, False]), "MaskedArray"),
        (np.zeros(1, np.dtype([("a", "i1"), ("b", "f8")], align=True)), "offsets"),
        (pd.DataFrame({"a": [lambda: 1]}), "function"),
        (pd.DataFrame({"a": pd.period_range("2024", periods=2)}), "Period"),
        (pd.DataFrame(index=pd.interval_range(0, 2)), "Interval"),
        (Spin({"a": [1]}), "Spin"),
    ],
    ids=["objects", "masked", "aligned", "functions", "periods", "intervals", "subclass"],
)
def test_what_would_not_come_back_is_refused_by_key_and_type(value: Any, says: str) -> None:
    with pytest.raises(UnstorableValueError, match=r"^key 'a'") as caught:
        make_codec("key 'a'", Any).encode(value)
    assert says in str(caught.value)


class Measured(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    data: np.ndarray[Any, Any]
    table: pd.DataFrame | None = None


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        (np.ndarray, np.arange(6.0).reshape(2, 3)),
        (pd.DataFrame, pd.DataFrame({"a": [1, 2]})),
        (dict[str, np.ndarray], {"x": np.zeros(2)}),
        (list[pd.Timestamp], [pd.Timestamp("2024-01-01", tz="UTC")]),
        (Measured, Measured(data=np.ones(3), table=pd.DataFrame({"a": ["x"]}))),
        (list[Measured], [Measured(data=np.array([float("nan")]))]),
        (np.float32, np.float32(0.1)),
        (np.ndarray | None, None),
    ],
    ids=str,
)
def test_a_declared_array_or_frame_comes_back(declared: Any, value: Any) -> None:
    codec = make_codec("key 'a'", declared)
    found = codec.decode(codec.encode(value))
    assert type(found) is type(value)
    assert is_same(found, value)


def test_nothing_is_imported_before_such_a_value_is_seen() -> None:
    code = (
        "import sys, fastgraph; from fastgraph.state.plain import encode; encode([{1}], where='it'); "
        "assert not {'numpy', 'pandas'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_frame_is_unreadable_where_its_library_is_missing() -> None:
    """A stored tag names a library of ours only, and no other module can be imported by a row."""
    code = (
        "import sys; sys.modules['pandas'] = None; from fastgraph.state.plain import decode\n"
        'try: decode(b\'{"$type":"pandas.DataFrame","value":{}}\')\n'
        "except Exception as error: print(type(error).__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == UnreadableValueError.__name__
    with pytest.raises(UnreadableValueError, match=r"os\.system"):
        decode(b'{"$type":"os.system","value":"true"}')
