"""What the random test once found stays mended."""

import pytest

from differential.found import FOUND
from differential.sketch import Program
from differential.watching import compare


@pytest.mark.parametrize("program", [pytest.param(program, id=shows) for shows, program in FOUND.items()])
def test_both_agree_on_what_was_found(program: Program) -> None:
    compare(program)
