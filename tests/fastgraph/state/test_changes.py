"""Changes: their stored form, what they cost, when a snapshot is due."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from fastgraph.state.changes import DROP, Change, ChangeKind, apply_change, diff, needs_snapshot, weigh
from fastgraph.state.values import FRESH_COPY_BYTES, PLAIN, PlainCodec, StoredValue

LARGE = "x" * (FRESH_COPY_BYTES + 1)


class CountingCodec(PlainCodec):
    """Counts the bytes it wrote."""

    def __init__(self) -> None:
        super().__init__("key 'k'")
        self.written = 0

    def encode(self, value: Any) -> bytes:
        data = super().encode(value)
        self.written += len(data)
        return data


@pytest.mark.parametrize(
    ("old", "new", "stored"),
    [
        ([1], [1, 2], b'["append",[2]]'),
        ([], [1], b'["append",[1]]'),
        ([1], [12], b'["set",[12]]'),
        ([1], [True], b'["set",[true]]'),
        ("ab", "abc\n", b'["append","c\\n"]'),
        ("", "a", b'["append","a"]'),
        ({"a": "x" * 600}, {"a": "x" * 600, "b": 1}, b'["merge",{"b":1}]'),
        ({"a": "x" * 600, "b": 1, "c": 2}, {"a": "x" * 600, "c": 3}, b'["merge",{"c":3},["b"]]'),
        ({"a": 1}, {"a": 2}, b'["set",{"a":2}]'),
        ((1,), (1, 2), b'["set",{"$type":"tuple","value":[1,2]}]'),
        (1, None, b'["set",null]'),
    ],
)
def test_a_change_is_stored_as_what_was_added_where_that_is_less(old: Any, new: Any, stored: bytes) -> None:
    change, value = diff(StoredValue.of(old), new, PLAIN)
    assert change is not None
    assert change.encode() == stored
    assert value.value == new
    assert apply_change(orjson.loads(PLAIN.encode(old)), orjson.loads(stored)) == orjson.loads(
        PLAIN.encode(new)
    )


def test_a_first_value_is_set() -> None:
    change, value = diff(None, [1], PLAIN)
    assert change == Change(ChangeKind.SET, b"[1]")
    assert value.value == [1]


def test_the_same_value_is_no_change() -> None:
    old = StoredValue.of({"a": [1]})
    assert diff(old, {"a": [1]}, PLAIN) == (None, old)


def test_a_dict_in_another_order_is_another_value() -> None:
    old = StoredValue.of({"a": LARGE, "b": 1})
    new = dict(reversed(old.value.items()))
    change, value = diff(old, new, PLAIN)
    assert change is not None
    assert change.kind is ChangeKind.SET
    assert list(value.value) == ["b", "a"]


def test_a_nested_list_that_was_changed_in_place_is_seen() -> None:
    old = StoredValue.of({"inner": [1]})
    seen = old.value
    seen["inner"].append(2)
    change, _ = diff(old, seen, PLAIN)
    assert change is not None
    assert change.encode() == b'["set",{"inner":[1,2]}]'


def test_an_append_to_a_thousand_items_encodes_the_new_one_only() -> None:
    codec = CountingCodec()
    old = StoredValue.of([f"{number:01000}" for number in range(1000)], codec)
    copy = old.fresh()
    codec.written = 0
    change, value = diff(old, [*copy, "y" * 1000], codec)
    assert change is not None
    assert change.weight == 1004
    assert codec.written == 1004
    assert value.size == old.size + 1003


def test_a_changed_key_of_a_large_dict_encodes_that_key_only() -> None:
    codec = CountingCodec()
    old = StoredValue.of({str(number): "x" * 1000 for number in range(1000)}, codec)
    new = old.fresh()
    codec.written = 0
    new["7"] = "y"
    del new["9"]
    change, value = diff(old, new, codec)
    assert change == Change(ChangeKind.MERGE, b'{"7":"y"}', ("9",))
    assert codec.written < 3000
    assert value.size == len(value.to_bytes())


def test_a_growing_text_encodes_what_was_added_only() -> None:
    codec = CountingCodec()
    old = StoredValue.of(LARGE, codec)
    codec.written = 0
    change, _ = diff(old, LARGE + "é", codec)
    assert change is not None
    assert change.encode() == '["append","é"]'.encode()
    assert codec.written == 4


def test_a_list_that_a_reducer_keeps_and_appends_to_does_not_deceive() -> None:
    """A reducer that gives back the same list object each time: what is carried must not be that object."""
    kept = [LARGE]
    _, first = diff(None, kept, PLAIN)
    kept.append("b")
    change, second = diff(first, kept, PLAIN)
    kept.append("c")
    assert change is not None
    assert change.encode() == b'["append",["b"]]'
    assert second.value == [LARGE, "b"]


def test_a_drop_leaves_nothing() -> None:
    assert DROP.encode() == b'["drop"]'
    assert apply_change([1], ["drop"]) is None


def test_only_sets_and_appends_can_refer_to_a_result() -> None:
    assert Change(ChangeKind.SET, b"1").reference(7) == b'["@",7]'
    assert Change(ChangeKind.APPEND, b"[1]").reference(7) == b'["@a",7]'
    assert Change(ChangeKind.MERGE, b"{}").reference(7) is None


def test_the_weight_of_a_step_is_that_of_its_changes() -> None:
    assert weigh({"a": Change(ChangeKind.SET, b"123"), "b": Change(ChangeKind.MERGE, b"{}", ("key",))}) == 11


def simulate(steps: int, *, change_bytes: int, state_bytes: int, grows: bool) -> tuple[int, int, int]:
    """Run steps and return how many snapshots there were, their bytes, and the longest log that a reader may meet."""
    rows = log = snapshots = snapshot_bytes = longest = 0
    for _ in range(steps):
        log += change_bytes
        rows += 1
        state_bytes += change_bytes if grows else 0
        longest = max(longest, log)
        if needs_snapshot(log_bytes=log, log_rows=rows, state_bytes=state_bytes):
            snapshots += 1
            snapshot_bytes += state_bytes
            rows = log = 0
    return snapshots, snapshot_bytes, longest


def test_a_counter_has_a_snapshot_in_hundreds_of_steps() -> None:
    snapshots, _, _ = simulate(1000, change_bytes=12, state_bytes=20, grows=False)
    assert 1 <= snapshots <= 5


def test_a_list_that_only_grows_needs_none() -> None:
    snapshots, _, _ = simulate(1000, change_bytes=1030, state_bytes=2, grows=True)
    assert snapshots == 0


def test_a_large_value_that_is_replaced_each_step_is_read_in_three_times_its_size() -> None:
    snapshots, snapshot_bytes, longest = simulate(
        100, change_bytes=1_000_000, state_bytes=1_000_000, grows=False
    )
    assert longest <= 3_100_000
    assert snapshot_bytes <= 50_000_000
    assert snapshots > 0
