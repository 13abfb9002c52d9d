"""Faults put into the engine are found: the differential test sees what it is to see."""

import pytest

from differential.mutants import MUTANTS, Mutant, mutated
from differential.watching import compare, find_difference, watch_both

EACH = pytest.mark.parametrize("mutant", [pytest.param(mutant, id=mutant.fault) for mutant in MUTANTS])


@EACH
def test_both_agree_on_the_program_that_shows_a_fault(mutant: Mutant) -> None:
    compare(mutant.program)


@EACH
def test_a_fault_is_found(mutant: Mutant) -> None:
    with mutated(mutant):
        theirs, ours, _ = watch_both(mutant.program)
    assert find_difference(theirs, ours) is not None
    assert "TypeError" not in repr(ours), "the mutant is broken, it does not only do something else"


def test_there_are_twelve_faults_at_least() -> None:
    assert len({mutant.fault for mutant in MUTANTS}) >= 12
