"""Each flow leads to the same through a server whose host is killed while it runs.

All share one server. They run in waves, and in each wave the host is killed (-9) once, when half of the flows have
come to a number of events that is drawn for the wave; a flow that had ended by then runs again in another wave, with an
earlier moment, until it was hit. Flows that count in the memory of their process run without a kill.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from conformance import served_flows
from conformance.not_served import NOT_KILLED, NOT_SERVED, ONLY_THE_END, is_killed, is_run_by_a_server
from conformance.program import Flow, list_programs
from conformance.seen_in_process import outcomes_in_process
from conformance.waves import Gap, Killer, Run, run_wave
from support.programs import ProgramStarter
from support.serving import Serving

SEED = 20_251
WAVE = 40
LATEST_MOMENTS = (14, 9, 6, 4, 3, 3, 3, 3)
TESTS = Path(__file__).parents[1]
FLOWS = [program for program in list_programs() if isinstance(program, Flow) and is_run_by_a_server(program)]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def killer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killer]:
    folder = tmp_path_factory.mktemp("served")
    starter = ProgramStarter(folder)
    serving = Serving(starter, folder, flows=Path(served_flows.__file__), PYTHONPATH=str(TESTS))
    serving.start()
    killer = Killer(serving, folder, random.Random(SEED))
    with serving.client:
        yield killer
    killer.close()
    starter.end_all()


@pytest.fixture(scope="module")
def runs(killer: Killer) -> dict[str, list[Run]]:
    """All runs of each flow, those through a kill and those that had ended before one."""
    found: dict[str, list[Run]] = {flow.name: [] for flow in FLOWS}
    for wave in _waves([flow for flow in FLOWS if not is_killed(flow)]):
        _keep(found, run_wave(killer, wave, None))
    left = [flow for flow in FLOWS if is_killed(flow)]
    for latest in LATEST_MOMENTS:
        killer.randomness.shuffle(left)
        for wave in _waves(left):
            _keep(found, run_wave(killer, wave, _half_at(killer.randomness.randint(2, latest), len(wave))))
        left = [flow for flow in left if not _was_killed(found[flow.name])]
    return found


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_a_flow_leads_to_the_same_through_a_server(flow: Flow, runs: dict[str, list[Run]]) -> None:
    expected = outcomes_in_process(flow)
    first = len(expected) - 1 if flow.name in ONLY_THE_END else 0
    for run in runs[flow.name]:
        if isinstance(run.outcomes, BaseException):
            raise run.outcomes
        assert run.outcomes[first:] == expected[first:], f"killed at {run.killed_at}"
    assert not is_killed(flow) or _was_killed(runs[flow.name])


def test_flows_that_are_left_out_exist() -> None:
    names = {program.name for program in list_programs() if isinstance(program, Flow) and program.is_served}
    assert {*NOT_SERVED, *ONLY_THE_END, *NOT_KILLED} <= names


def _waves(flows: Sequence[Flow]) -> Iterator[Sequence[Flow]]:
    for first in range(0, len(flows), WAVE):
        yield flows[first : first + WAVE]


def _half_at(events: int, size: int) -> Callable[[Gap], bool]:
    return lambda gap: 2 * sum(place.events >= events for place in gap.values()) >= size


def _keep(found: dict[str, list[Run]], wave: Sequence[Run]) -> None:
    for run in wave:
        found[run.flow.name].append(run)


def _was_killed(runs: Sequence[Run]) -> bool:
    return any(run.killed_at is not None and run.killed_at.is_in_the_middle for run in runs)
