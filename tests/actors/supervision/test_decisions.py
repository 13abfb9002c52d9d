"""The algebra of supervision: backoff, intensity, what a death leads to."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.runtime import DownKind
from actors.supervision.decisions import (
    Backoff,
    Deaths,
    Intensity,
    Restart,
    Verdict,
    after_death,
    backoff_seconds,
    decide,
    is_too_intense,
)

LIFE = st.floats(min_value=0.0, max_value=200.0)


class Steady(Random):
    """Chance that always says the same."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def random(self) -> float:
        return self.value


@given(
    deaths=st.integers(min_value=0, max_value=100_000),
    chance=st.floats(min_value=0, max_value=1, exclude_max=True),
)
def test_a_backoff_stays_between_its_bounds(deaths: int, chance: float) -> None:
    backoff = Backoff()
    seconds = backoff_seconds(deaths, backoff, Steady(chance))
    assert backoff.first_seconds * (1 - backoff.jitter) <= seconds <= backoff.last_seconds


def test_a_backoff_doubles_from_a_fifth_of_a_second_to_a_minute() -> None:
    waits = [backoff_seconds(number, Backoff(), Steady(0.0)) for number in range(1, 12)]
    assert waits == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 60.0, 60.0])


def test_chance_spreads_the_waits_of_many() -> None:
    random = Random(7)
    waits = {round(backoff_seconds(3, Backoff(), random), 6) for _ in range(100)}
    assert len(waits) > 90


@given(lives=st.lists(LIFE, max_size=60))
def test_a_history_is_bounded_and_counts_everything(lives: list[float]) -> None:
    backoff, intensity = Backoff(), Intensity()
    history, now = Deaths(), 0.0
    for life in lives:
        now += life
        history = after_death(history, now=now, lived_seconds=life, backoff=backoff, intensity=intensity)
        assert len(history.recent) <= intensity.deaths
        assert 1 <= history.in_a_row <= history.total
    assert history.total == len(lives)


@given(lives=st.lists(LIFE, max_size=60))
def test_the_short_history_decides_as_the_whole_one_would(lives: list[float]) -> None:
    intensity = Intensity()
    history, now, times = Deaths(), 0.0, []
    for life in lives:
        now += life
        times.append(now)
        history = after_death(history, now=now, lived_seconds=life, backoff=Backoff(), intensity=intensity)
        assert is_too_intense(history.recent, now, intensity) == is_too_intense(times, now, intensity)


def test_a_healthy_minute_lets_the_backoff_begin_again() -> None:
    history = Deaths(total=9, in_a_row=9)
    after = after_death(history, now=500.0, lived_seconds=60.0, backoff=Backoff(), intensity=Intensity())
    assert (after.total, after.in_a_row) == (10, 1)
    sick = after_death(history, now=500.0, lived_seconds=59.9, backoff=Backoff(), intensity=Intensity())
    assert sick.in_a_row == 10


def test_the_fifth_death_in_a_minute_is_one_too_many_and_the_fifth_in_two_is_not() -> None:
    assert is_too_intense([0.0, 15.0, 30.0, 45.0, 60.0], 60.0, Intensity())
    assert not is_too_intense([0.0, 15.0, 30.0, 45.0, 60.1], 60.1, Intensity())
    assert not is_too_intense([0.0, 30.0, 60.0, 90.0, 120.0], 120.0, Intensity())


@pytest.mark.parametrize(
    ("restart", "kind", "verdict"),
    [
        (Restart.PERMANENT, DownKind.STOPPED, Verdict.RESTART),
        (Restart.PERMANENT, DownKind.FAILED, Verdict.RESTART),
        (Restart.PERMANENT, DownKind.KILLED, Verdict.RESTART),
        (Restart.TRANSIENT, DownKind.STOPPED, Verdict.FORGET),
        (Restart.TRANSIENT, DownKind.FAILED, Verdict.RESTART),
        (Restart.TRANSIENT, DownKind.KILLED, Verdict.RESTART),
        (Restart.TEMPORARY, DownKind.STOPPED, Verdict.FORGET),
        (Restart.TEMPORARY, DownKind.FAILED, Verdict.FORGET),
        (Restart.TEMPORARY, DownKind.KILLED, Verdict.FORGET),
    ],
)
def test_the_kind_of_restart_decides_which_ends_call_for_a_new_child(
    restart: Restart, kind: DownKind, verdict: Verdict
) -> None:
    once = Deaths(total=1, in_a_row=1, recent=(0.0,))
    assert decide(restart, kind, once, now=0.0, intensity=Intensity()) is verdict
    often = Deaths(total=5, in_a_row=5, recent=(0.0, 0.0, 0.0, 0.0, 0.0))
    escalated = Verdict.ESCALATE if verdict is Verdict.RESTART else Verdict.FORGET
    assert decide(restart, kind, often, now=0.0, intensity=Intensity()) is escalated
