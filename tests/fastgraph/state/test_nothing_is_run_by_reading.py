"""Stored bytes are data: whatever they say, reading them imports nothing by name, calls nothing and unpickles nothing.

A store may have been written by somebody else (the lesson of CVE-2026-28277), so forged and damaged bytes are read here,
with a module on the path that leaves a mark when it is imported, and with every door to pickles nailed up.
"""

import base64
import importlib
import pickle
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from fastgraph.state import plain
from fastgraph.state.builtin_types import DEFAULT_REGISTRY
from fastgraph.state.codecs import make_codec
from fastgraph.state.presentation import present
from support.sources import product_files, text

EVIL = "evil_module_of_a_stranger"
DOORS = re.compile(
    r"(?<![.\w])(eval|exec)\(|allow_pickle\s*=\s*True|\b(read|to)_pickle\b|\byaml\.(unsafe_)?load\b|__reduce(_ex)?__|\b__import__\("
)


# Annotations of the user's own source, the methods of a class from its fields' names, and names that are asked for only.
ALLOWED = {"fastgraph/graph/hints.py", "fastgraph/state/frozen.py", "fastgraph/state/plain_classes.py"}


class Login(BaseModel):
    user: str
    password: SecretStr


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Put the stranger's module on the path, close the doors, and see at the end that nobody went through."""
    for library in ("numpy", "pandas"):  # read by a tag of ours where they are installed
        try:
            importlib.import_module(library)
        except ImportError:
            continue
    mark = tmp_path / "was-imported"
    (tmp_path / f"{EVIL}.py").write_text(f"open({str(mark)!r}, 'w').close()\ndef go(*_):\n    return 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, _nailed_up)
    yield mark
    assert not mark.exists()
    assert EVIL not in sys.modules


class Unpickled(BaseException):
    """Somebody went through a door; no handler of the reader takes it for a refusal."""


def _nailed_up(*_: object, **__: object) -> None:
    raise Unpickled


TAGS = [entry.tag for entry in DEFAULT_REGISTRY._by_type.values()] + [
    *(
        "int",
        "float",
        "tuple",
        "set",
        "frozenset",
        "dict",
        "as-is",
        "spilled",
        "numpy.ndarray",
        "numpy.scalar",
    ),
    *(
        "pandas.DataFrame",
        "pandas.Series",
        "registered",
        "class",
        "python/object/apply",
        "pickle",
        EVIL,
        f"{EVIL}.go",
    ),
]
NAMES = st.sampled_from(
    [EVIL, f"{EVIL}.go", f"{EVIL}:go", "os.system", "builtins.eval", "__main__", "O", "|O", "object"]
)
PICKLED = st.sampled_from(
    [
        base64.b64encode(f"c{EVIL}\ngo\n(S'x'\ntR.".encode()).decode(),
        base64.b64encode(b"cos\nsystem\n(S'true'\ntR.").decode(),
    ]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats()
    | st.text(max_size=20)
    | NAMES
    | PICKLED
)


def _tagged(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    keys = st.sampled_from(
        [
            "$type",
            "value",
            "module",
            "class",
            "name",
            "lc",
            "id",
            "kwargs",
            "dtype",
            "shape",
            "data",
            "py/object",
        ]
    )
    return (
        st.builds(lambda tag, value: {"$type": tag, "value": value}, st.sampled_from(TAGS) | NAMES, inner)
        | st.lists(inner, max_size=4)
        | st.dictionaries(keys | st.text(max_size=5), inner, max_size=4)
    )


FORGED = st.recursive(LEAVES, _tagged, max_leaves=12).map(
    lambda tree: orjson.dumps(tree, option=orjson.OPT_NON_STR_KEYS, default=str)
)
CODECS = [
    make_codec("key 'k'", declared)
    for declared in (Any, Login, list[Login], dict[str, Any], SecretStr, bytes)
]


@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=FORGED)
def test_forged_bytes_run_nothing(watched: Path, data: bytes) -> None:
    _read(data)
    assert not watched.exists()


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=FORGED, place=st.integers(0, 10_000), byte=st.binary(min_size=1, max_size=3))
def test_damaged_bytes_run_nothing(watched: Path, data: bytes, place: int, byte: bytes) -> None:
    place %= len(data) + 1
    _read(data[:place] + byte + data[place + 1 :])
    assert not watched.exists()


def test_the_product_has_no_door_to_code_in_data() -> None:
    found = [
        f"{path}:{number}: {line.strip()[:100]}"
        for path in product_files()
        for number, line in enumerate(text(path).splitlines(), 1)
        if DOORS.search(line) and path.as_posix() not in ALLOWED
    ]
    assert found == []


def _read(data: bytes) -> None:
    """Read bytes by every door there is. How rubbish is refused is not asked here, only that nothing of it is run."""
    readers: list[Callable[[bytes], Any]] = [plain.decode, present, *(codec.decode for codec in CODECS)]
    for read in readers:
        with suppress(Exception):
            read(data)
