"""kill -9 of hosts at random moments: every run ends as it should, and nothing but the task in flight runs twice.

Sixty seconds on SQLite and a shorter loop on PostgreSQL; `make chaos` runs it for ten minutes. Figures are printed and
published in docs/reliability.md.
"""

from pathlib import Path

import pytest

from support import chaos_flows
from support.hosts import running_hosts
from support.kill_loop import KillLoop
from support.programs import ProgramStarter

FLOWS = Path(chaos_flows.__file__)
HOSTS = 4
SEED = 20261125
HITS = 25


@pytest.mark.slow
def test_two_hundred_runs_end_though_hosts_are_killed_all_the_time(
    start_program: ProgramStarter, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'data' / 'fastgraph.db'}"
    with running_hosts(start_program, tmp_path, url, flows=FLOWS, count=HOSTS) as hosts:
        outcome = KillLoop(hosts, seed=SEED, seconds=60.0, runs=200, hits=HITS).run()
    print(outcome)
    assert outcome.faults == []
    # On a machine that has other work everything takes so many times longer, and the loop does so much less.
    assert outcome.runs * outcome.slowness >= 200
    assert outcome.hits * outcome.slowness >= HITS


@pytest.mark.slow
def test_the_same_holds_on_postgresql(
    start_program: ProgramStarter, tmp_path: Path, postgres_database: str
) -> None:
    with running_hosts(start_program, tmp_path, postgres_database, flows=FLOWS, count=HOSTS) as hosts:
        outcome = KillLoop(hosts, seed=SEED + 1, seconds=20.0, runs=50, hits=8).run()
    print(outcome)
    assert outcome.faults == []
    assert outcome.hits * outcome.slowness >= 8
