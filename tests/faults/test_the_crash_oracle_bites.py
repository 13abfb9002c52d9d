"""The oracle of the crash matrix is no rubber stamp: it refuses what a lost, doubled or renamed effect would leave."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crash_matrix.cases import Case, Moment
from crash_matrix.oracle import check
from crash_matrix.playing import Theatre
from crash_matrix.scenarios import SCENARIOS, Expected
from crash_matrix.stage import Play
from fastgraph import fault_points


@pytest.fixture(scope="module")
def theatre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    made = Theatre("sqlite", tmp_path_factory.mktemp("oracle"), None)
    yield made
    made.close()


@pytest.fixture(scope="module")
def played(theatre: Theatre) -> Iterator[tuple[Play, list[Expected]]]:
    """A run of five nodes that nothing has disturbed."""
    stage = theatre.open_stage()
    with stage.play(None, "") as play:
        expected = SCENARIOS["walk"](play)
        assert check(play, expected, crashes=0) == 0
        yield play, expected
    stage.close()


@pytest.fixture
def ledger(played: tuple[Play, list[Expected]]) -> Iterator[Path]:
    """The ledger, as it was again after the test."""
    path = played[0].ledger
    lines = path.read_text()
    yield path
    path.write_text(lines)


def test_an_effect_that_is_doubled_without_a_crash_is_noticed(
    played: tuple[Play, list[Expected]], ledger: Path
) -> None:
    play, expected = played
    ledger.write_text(ledger.read_text() + ledger.read_text().splitlines()[1] + "\n")
    with pytest.raises(AssertionError, match="is doubled, and no crash fell before its commit"):
        check(play, expected, crashes=1)


def test_a_result_without_an_effect_is_noticed(played: tuple[Play, list[Expected]], ledger: Path) -> None:
    play, expected = played
    ledger.write_text("\n".join(ledger.read_text().splitlines()[:-1]))
    with pytest.raises(AssertionError, match="have no effect"):
        check(play, expected, crashes=0)


def test_an_attempt_with_another_idempotency_key_is_noticed(
    played: tuple[Play, list[Expected]], ledger: Path
) -> None:
    play, expected = played
    run_id, word, _, process = ledger.read_text().splitlines()[0].split()
    ledger.write_text(f"{ledger.read_text()}{run_id} {word} another {process}\n")
    with pytest.raises(AssertionError, match="several idempotency keys"):
        check(play, expected, crashes=1)


def test_a_run_that_ended_otherwise_is_noticed(played: tuple[Play, list[Expected]]) -> None:
    play, expected = played
    other = Expected(run_id=expected[0].run_id, status="cancelled", words=expected[0].words)
    with pytest.raises(AssertionError, match="completed"):
        check(play, [other], crashes=0)


def test_a_case_whose_fault_point_is_never_reached_fails(theatre: Theatre) -> None:
    elsewhere = Moment(point=fault_points.SIGNAL_CONSUME, scenario="walk")
    with pytest.raises(AssertionError, match=r"signal\.consume-before-sqlite-first"):
        theatre.play(Case(moment=elsewhere, phase="before", store="sqlite", time="first"))
