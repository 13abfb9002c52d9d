"""Accepted means durable: many clients send runs while the api dies under them, and ask again until they are answered.

Each has one run in the end: none that was answered is lost, and none that was sent again is there twice.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

from crash_matrix.cases import MOMENTS, STORES, Case, Store
from crash_matrix.oracle import check
from crash_matrix.playing import Theatre
from crash_matrix.scenarios import Expected
from crash_matrix.stage import Play, Stage
from fastgraph import fault_points
from support.postgres import PostgresServer

CLIENTS = 8
RUNS = 60
DIES_AT = 25  # of the acceptances: others are under way beside it
MOMENT = next(moment for moment in MOMENTS if moment.point == fault_points.RUN_ACCEPT)

OpenStage = Callable[[], Stage]


@pytest.fixture(scope="module", params=[STORES[0], pytest.param(STORES[1], marks=pytest.mark.postgres)])
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    store: Store = request.param
    server: PostgresServer | None = None
    if store == "postgresql":
        server = request.getfixturevalue("postgres_server")
    with ExitStack() as ending:
        theatre = Theatre(store, tmp_path_factory.mktemp("accepted"), server)
        ending.callback(theatre.close)
        opened = theatre.open_stage()
        ending.callback(opened.close)
        yield opened


@pytest.mark.parametrize("phase", ["before", "after", "lost"])
def test_accepted_means_durable(stage: Stage, phase: str) -> None:
    with _playing(stage, phase) as play:
        before = _count(play)
        with ThreadPoolExecutor(CLIENTS) as clients:
            accepted = list(clients.map(lambda _: play.create("single"), range(RUNS)))
        assert play.told("hit") == [f"{MOMENT.point}/{phase}"]
        assert len(set(accepted)) == RUNS
        for run_id in accepted:
            play.wait_ended(run_id)
        assert _count(play) == before + RUNS
        runs = [Expected(run_id=run_id, words=("one",), result={"one": "ONE"}) for run_id in accepted]
        assert check(play, runs, crashes=0) == 0


@contextmanager
def _playing(stage: Stage, phase: str) -> Iterator[Play]:
    place = MOMENT.point if phase == "lost" else f"{MOMENT.point}/{phase}"
    plan = f"{place}={'lost' if phase == 'lost' else 'exit'}@{DIES_AT}"
    case = Case(moment=MOMENT, phase=phase, store=stage.store, time="last")
    with stage.play(case, plan) as play:
        play.begin()
        yield play


def _count(play: Play) -> int:
    return int(play.ask("GET", "/api/runs/?workflow=single&limit=1").headers["X-Total-Count"])
