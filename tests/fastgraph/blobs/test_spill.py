"""Spilling: a large value is a small reference in its place, and nothing but ours is taken for one."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastgraph.blobs.blobs import BlobMissingError
from fastgraph.blobs.files import FileBlobs
from fastgraph.blobs.spill import Spill, find_reference
from fastgraph.state.plain import encode

LIMIT = 100

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=80),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@pytest.fixture(scope="module")
def spill(tmp_path_factory: pytest.TempPathFactory) -> Spill:
    folder: Path = tmp_path_factory.mktemp("data")
    return Spill(
        states=FileBlobs(folder / "states"), snapshots=FileBlobs(folder / "checkpoints"), spill_bytes=LIMIT
    )


@given(update=st.dictionaries(st.text(max_size=5), json_values, max_size=5))
def test_an_update_with_spilled_values_comes_back(spill: Spill, update: dict[str, Any]) -> None:
    shrunk = {key: orjson.loads(spill.shrink(orjson.dumps(value))) for key, value in update.items()}
    for encoded in (orjson.dumps(shrunk), orjson.dumps([shrunk, {"more": 1}])):
        whole = orjson.loads(spill.resolve_update(encoded))
        assert whole == (update if isinstance(whole, dict) else [update, {"more": 1}])
    assert {key: spill.resolve_value(value) for key, value in shrunk.items()} == update


def test_a_small_value_stays_as_it_is(spill: Spill) -> None:
    encoded = b'"' + b"x" * (LIMIT - 2) + b'"'
    assert spill.shrink(encoded) is encoded
    reference = find_reference(orjson.loads(spill.shrink(encoded + b" ")))
    assert reference is not None
    assert reference["size"] == LIMIT + 1
    assert encoded.decode().startswith(reference["preview"][:50])


def test_a_dict_of_a_user_that_looks_like_a_reference_is_none(spill: Spill) -> None:
    foreign = {"$type": "spilled", "sha256": "0" * 64, "size": 1}
    encoded = encode({"key": foreign}, where="key 'k'")
    assert orjson.loads(spill.resolve_update(encoded)) == orjson.loads(encoded)


def test_a_snapshot_that_was_spilled_as_a_whole_comes_back(spill: Spill) -> None:
    changes = orjson.dumps({"log": ["set", ["x" * 200]]})
    kept = spill.shrink_snapshot(changes)
    assert len(kept) < len(changes) + 200
    assert spill.resolve_snapshot(kept) == changes
    assert spill.resolve_snapshot(b'{"a":["set",1]}') == b'{"a":["set",1]}'


def test_a_missing_file_is_named(spill: Spill) -> None:
    reference = {"$type": "spilled", "sha256": "f" * 64, "size": 1, "preview": ""}
    with pytest.raises(BlobMissingError, match="ffff"):
        spill.resolve_value(reference)
