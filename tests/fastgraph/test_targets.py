"""Several targets in one setting, and back."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fastgraph.targets import join_targets, split_targets

targets = st.lists(st.text(min_size=1).filter(lambda text: text == text.strip()))


@given(targets)
@example(["C:\\flows.py", "a,b.py:graph", "\\", "\\\\,", ","])
def test_what_is_joined_is_split_into_the_same(given_targets: list[str]) -> None:
    assert list(split_targets(join_targets(given_targets))) == given_targets


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        (" , ", ()),
        ("a.py, b:graph ,", ("a.py", "b:graph")),
        (r"C:\work\flows.py", (r"C:\work\flows.py",)),
        (r"odd\,name.py,b", ("odd,name.py", "b")),
        ("a\\", ("a\\",)),
    ],
)
def test_a_setting_is_read_as_a_person_writes_it(text: str, expected: tuple[str, ...]) -> None:
    assert split_targets(text) == expected
