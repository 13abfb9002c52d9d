"""Each row of the reference is tried by three programs at least, and there are 150 of them."""

from conformance.program import list_programs
from conformance.rows import programs_by_row


def test_each_row_has_three_programs() -> None:
    assert {row: len(names) for row, names in programs_by_row().items() if len(names) < 3} == {}


def test_there_are_a_hundred_and_fifty_programs() -> None:
    assert len(list_programs()) >= 150
