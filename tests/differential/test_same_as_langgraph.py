"""Random programs show the same on LangGraph and on FastGraph, and no feature is rare among them.

The suite draws two hundred from a fixed seed, `make differential` two thousand. FASTGRAPH_DIFFERENTIAL_EXAMPLES and
FASTGRAPH_DIFFERENTIAL_SEED choose others. A program that both would multiply beyond measure is drawn anew.
"""

import os
import time
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, assume, given, seed, settings

from differential.drawing import KINDS, programs
from differential.features import FEATURES, find_features
from differential.sketch import Program
from differential.watching import TOO_BIG, compare

EXAMPLES = int(os.environ.get("FASTGRAPH_DIFFERENTIAL_EXAMPLES", "200"))
SEED = int(os.environ.get("FASTGRAPH_DIFFERENTIAL_SEED", "1"))
LEAST_SHARE = 0.05
PERCENT = {"steps": 25, "questions": 10, "nested": 30, "threads": 35}


@pytest.mark.slow
def test_random_programs_show_the_same_on_both() -> None:
    had: Counter[str] = Counter()
    begun_at = time.process_time()
    number = sum(agree_on(kind, EXAMPLES * PERCENT[kind] // 100, had) for kind in KINDS)
    print(f"\n{number} programs in {time.process_time() - begun_at:.0f} s of one core")
    shares = {feature: had[feature] / number for feature in FEATURES}
    for feature, share in sorted(shares.items(), key=lambda item: item[1]):
        print(f"  {share:6.1%}  {feature}")
    assert number >= EXAMPLES
    assert {feature: share for feature, share in shares.items() if share < LEAST_SHARE} == {}


def agree_on(kind: str, examples: int, had: Counter[str]) -> int:
    """Compare so many programs of a kind; return how many, and count their features in `had`."""
    number = 0

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @seed(SEED)
    @given(programs(kind))
    def agree(program: Program) -> None:
        nonlocal number
        occurred = compare(program)
        assume(TOO_BIG not in occurred)
        number += 1
        had.update(find_features(program, occurred))

    agree()
    return number
