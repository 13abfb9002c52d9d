"""Fault points: switched off they are nothing, in production they are refused, and each one has its cases."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from crash_matrix.cases import (
    ALWAYS_DOUBLES,
    AT_LEAST,
    MOMENTS,
    NO_SENSE,
    ONCE_ONLY,
    PHASES,
    STORES,
    TIMES,
    all_cases,
    cases_of,
    seeded_third,
)
from fastgraph import fault_points
from fastgraph.errors import SettingsError
from fastgraph.fault_plan import FaultPlan, InjectedFaultError, read_plan
from support.programs import ProgramStarter

BOOT = Path(__file__).parents[2] / "actors" / "host" / "boot.py"
FAULTS = {"FASTGRAPH_FAULTS": "run.claim=exit"}
LEAST_POINTS = 22


def _plan(text: str, log: Path | None = None) -> FaultPlan:
    environment = {"FASTGRAPH_FAULTS": text, "FASTGRAPH_ALLOW_FAULTS": "1"}
    if log is not None:
        environment["FASTGRAPH_FAULTS_LOG"] = str(log)
    plan = read_plan(environment, known=fault_points.POINTS)
    assert plan is not None
    return plan


def test_a_host_refuses_faults_in_production(start_program: ProgramStarter) -> None:
    host = start_program("-P", str(BOOT), environment=FAULTS)
    assert host.wait_for_exit() == 2
    assert "FASTGRAPH_FAULTS is set" in host.output
    assert "FASTGRAPH_ALLOW_FAULTS=1" in host.output
    assert "Traceback" not in host.output


def test_the_api_refuses_faults_in_production(start_program: ProgramStarter) -> None:
    api = start_program("-m", "api.cli.main", "api", "--port", "0", environment=FAULTS)
    assert api.wait_for_exit() == 2
    assert "FASTGRAPH_FAULTS is set" in api.output
    assert "Traceback" not in api.output


def test_without_a_plan_nothing_is_switched_on() -> None:
    fault_points.switch_on({"FASTGRAPH_ALLOW_FAULTS": "1"})
    fault_points.switch_on({"FASTGRAPH_FAULTS": "  "})
    for call in (fault_points.reach, fault_points.passed, fault_points.within, fault_points.at_commit):
        assert call.__name__ == "_off"
    assert fault_points.committed.__name__ == fault_points.rolled_back.__name__ == "_off_at_end"


@pytest.mark.parametrize(
    "text", ["run.clam=exit", "run.claim", "run.claim=explode", "run.claim=exit@0", "run.claim/after=lost"]
)
def test_a_plan_that_can_not_be_read_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(SettingsError, match="FASTGRAPH_FAULTS holds"):
        _plan(text)


def test_a_fault_happens_at_its_time_and_once() -> None:
    plan = _plan("node.start=raise@2")
    plan.reach(fault_points.NODE_START)
    plan.passed(fault_points.NODE_START)
    with pytest.raises(InjectedFaultError, match=r"node\.start/before"):
        plan.reach(fault_points.NODE_START)
    plan.reach(fault_points.NODE_START)


def test_a_fault_that_happened_is_not_repeated_by_the_next_process(tmp_path: Path) -> None:
    log = tmp_path / "faults.txt"
    with pytest.raises(InjectedFaultError):
        _plan("node.start=raise", log).reach(fault_points.NODE_START)
    assert log.read_text() == "hit node.start/before raise@1\n"
    _plan("node.start=raise", log).reach(fault_points.NODE_START)


def test_after_a_transaction_means_after_its_commit_and_not_after_a_rollback() -> None:
    plan = _plan("run.claim/after=raise@2")
    plan.within(fault_points.RUN_CLAIM)
    plan.within(fault_points.RUN_CLAIM)
    plan.rolled_back()
    plan.committed()
    plan = _plan("run.claim/after=raise@2")
    plan.within(fault_points.RUN_CLAIM)
    plan.within(fault_points.RUN_CLAIM)
    with pytest.raises(InjectedFaultError):
        plan.committed()


@pytest.mark.parametrize(("action", "code"), [("exit", 137), ("kill", -9)])
def test_a_process_really_dies_at_a_fault_point(action: str, code: int) -> None:
    program = (
        "import os; from fastgraph import fault_points as points; points.switch_on(os.environ);"
        "points.reach(points.NODE_START); print('alive', flush=True); points.reach(points.NODE_START); print('never')"
    )
    environment = {"FASTGRAPH_FAULTS": f"node.start={action}@2", "FASTGRAPH_ALLOW_FAULTS": "1"}
    ended = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (code, "alive\n"), ended.stderr


def test_every_fault_point_has_its_cases() -> None:
    assert len(fault_points.POINTS) >= LEAST_POINTS
    assert Counter(moment.point for moment in MOMENTS) == Counter(fault_points.POINTS)


def test_every_combination_is_played_or_has_a_reason() -> None:
    names = {case.name for case in all_cases()}
    for moment in MOMENTS:
        for phase in PHASES:
            for store in STORES:
                for time in TIMES:
                    is_played = f"{moment.point}-{phase}-{store}-{time}" in names
                    has_reason = (moment.point, phase) in NO_SENSE or (
                        moment.point in ONCE_ONLY and time != "first"
                    )
                    assert is_played != has_reason
    assert not ALWAYS_DOUBLES & NO_SENSE.keys()


def test_ci_plays_a_seeded_third_with_every_point_and_phase_in_it() -> None:
    cases = all_cases()
    third = seeded_third(cases)
    assert len(third) == len(set(third)) >= max(AT_LEAST, len(cases) / 3)
    assert third == seeded_third(cases) != seeded_third(cases, seed=1)
    places = {(case.moment.point, case.phase) for case in cases}
    assert {(case.moment.point, case.phase) for case in third} == places
    assert sorted(case.name for store in STORES for case in cases_of(store)) == sorted(
        case.name for case in third
    )
