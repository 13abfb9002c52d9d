"""Random programs show the same on LangGraph and on FastGraph, and no feature is rare among them.

`make differential` draws two thousand programs. It is not part of the suite yet: a few rare disagreements are open, so the
test runs only where the number of programs is given.
"""

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from differential.drawing import programs
from differential.features import FEATURES, find_features
from differential.sketch import Program
from differential.watching import TOO_BIG, compare

EXAMPLES = int(os.environ.get("FASTGRAPH_DIFFERENTIAL_EXAMPLES", "200"))
SEED = int(os.environ.get("FASTGRAPH_DIFFERENTIAL_SEED", "1"))
LEAST_SHARE = 0.05


@pytest.mark.slow
@pytest.mark.skipif(
    "FASTGRAPH_DIFFERENTIAL_EXAMPLES" not in os.environ,
    reason="disagreements are open; run `make differential`",
)
def test_random_programs_show_the_same_on_both() -> None:
    had: Counter[str] = Counter()
    number = 0

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @seed(SEED)
    @given(programs())
    def agree(program: Program) -> None:
        nonlocal number
        occurred = compare(program)
        if TOO_BIG not in occurred:
            number += 1
            had.update(find_features(program, occurred))

    agree()
    shares = {feature: had[feature] / number for feature in FEATURES}
    print(f"\n{number} programs")
    for feature, share in sorted(shares.items(), key=lambda item: item[1]):
        print(f"  {share:6.1%}  {feature}")
    assert {feature: share for feature, share in shares.items() if share < LEAST_SHARE} == {}
