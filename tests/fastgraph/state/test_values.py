"""Stored values: who gets which copy, and when bytes are made."""

from __future__ import annotations

from typing import Any

import pytest

from fastgraph.errors import UnstorableValueError
from fastgraph.state.errors import UnreadableValueError
from fastgraph.state.values import FRESH_COPY_BYTES, PLAIN, PlainCodec, StoredValue

LARGE = "x" * (FRESH_COPY_BYTES + 1)


class RecordingCodec(PlainCodec):
    """Notes how many bytes it wrote and how often it read."""

    def __init__(self) -> None:
        super().__init__("key 'k'")
        self.written: list[int] = []
        self.reads = 0

    def encode(self, value: Any) -> bytes:
        data = super().encode(value)
        self.written.append(len(data))
        return data

    def decode(self, data: bytes) -> Any:
        self.reads += 1
        return super().decode(data)


def test_a_fresh_copy_of_a_small_value_can_be_changed_to_its_depth_without_a_leak() -> None:
    stored = StoredValue.of({"a": [{"b": 1}]})
    stored.fresh()["a"][0]["b"] = 2
    assert stored.fresh() == {"a": [{"b": 1}]}
    assert stored.value == {"a": [{"b": 1}]}


def test_the_value_goes_on_without_the_object_that_was_written() -> None:
    written = {"a": [1]}
    stored = StoredValue.of(written)
    written["a"].append(2)
    assert stored.value == {"a": [1]}


@pytest.mark.parametrize("large", [[LARGE, [1]], {"pad": LARGE, "a": [1]}, {LARGE, "a"}])
def test_a_fresh_copy_of_a_large_value_is_its_own_at_the_top_and_shares_the_rest(large: Any) -> None:
    stored = StoredValue.of(large)
    copy = stored.fresh()
    assert type(copy) is type(large)
    assert copy is not stored.value
    copy.clear()
    assert stored.value == large


def test_a_strict_value_is_copied_to_its_depth_at_any_size() -> None:
    stored = StoredValue.of([LARGE, [1]], is_strict=True)
    stored.fresh()[1].append(2)
    assert stored.fresh() == [LARGE, [1]]


def test_a_large_value_lets_its_bytes_go_once_it_is_decoded_and_makes_them_again_when_asked() -> None:
    stored = StoredValue.of([LARGE])
    data = stored.to_bytes()
    at_hand = [stored.encoded]
    assert stored.value == [LARGE]
    at_hand.append(stored.encoded)
    assert at_hand == [data, None]
    assert stored.to_bytes() == data


def test_text_and_numbers_are_handed_out_as_they_are() -> None:
    codec = RecordingCodec()
    stored = StoredValue.of(LARGE, codec)
    assert stored.fresh() is LARGE
    assert StoredValue.of(7, codec).fresh() == 7
    assert codec.reads == 0


def test_plain_bytes_are_decoded_only_when_somebody_looks() -> None:
    codec = RecordingCodec()
    stored = StoredValue.read(b"[1,2]", codec)
    assert codec.reads == 1, "a codec that is not ours is asked at once: it may refuse"
    plain = StoredValue.read(b"[1,2]")
    assert plain.size == 5
    assert plain.value == stored.value == [1, 2]


def test_bytes_with_a_tag_nobody_knows_are_refused_when_they_are_taken() -> None:
    with pytest.raises(UnreadableValueError):
        StoredValue.read(b'{"$type":"gone","value":1}')


def test_a_value_that_can_not_be_stored_names_its_key() -> None:
    with pytest.raises(UnstorableValueError, match=r"key 'k', item 0 holds a value of type object"):
        StoredValue.of([object()], PlainCodec("key 'k'"))


def test_values_are_equal_where_their_bytes_are() -> None:
    assert StoredValue.of([1]) == StoredValue.from_tree([1], PLAIN)
    assert StoredValue.of([1]) != StoredValue.of([True])
    assert hash(StoredValue.of("a")) == hash(StoredValue.of("a"))
