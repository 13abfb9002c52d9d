"""Plays a case: counts where that is needed, lets the process die, and asks the oracle."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crash_matrix.cases import ALWAYS_DOUBLES, Case, Store
from crash_matrix.oracle import check
from crash_matrix.scenarios import SCENARIOS
from crash_matrix.stage import Stage
from fastgraph.fault_plan import EXIT_CODE
from support.nursery import Nursery
from support.postgres import PostgresServer
from support.waiting import until

TRIES = 3  # a count that a busy machine changed (several events in one commit) is corrected downwards
NOT_REACHED = "not reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of a case. `seconds` is from the death to the last run's end; None where nothing died."""

    name: str
    deaths: int
    doubles: int
    recovery_seconds: float | None
    seconds: float


class Theatre:
    """Makes stages on one kind of store, and gives each case the one that it needs."""

    def __init__(self, store: Store, folder: Path, server: PostgresServer | None) -> None:
        self._store: Store = store
        self._folder = folder
        self._server = server
        self._hosts = Nursery("host", _made(folder / "hosts"))
        self._apis = Nursery("api", _made(folder / "apis"))
        self._stages = 0
        self._shared: Stage | None = None

    def play(self, case: Case) -> Played:
        """Play one case. Raises AssertionError where the oracle does not hold, or the fault point was not hit."""
        assert case.store == self._store, case
        if case.moment.scenario == "migrates":
            with self._new_stage() as stage:
                return self._play(stage, case)
        if self._shared is None:
            self._shared = self.open_stage()
        try:
            return self._play(self._shared, case)
        except BaseException:
            shared, self._shared = self._shared, None  # the next case begins clean
            shared.close()
            raise

    def close(self) -> None:
        if self._shared is not None:
            self._shared.close()
        self._hosts.close()
        self._apis.close()

    def open_stage(self) -> Stage:
        """Open a new store, with an api process and workflows that a host has published."""
        stage = self._make_stage()
        stage.start_api()
        with stage.play(None, "") as play:
            play.help()
            play.wait_well()
        return stage

    @contextmanager
    def _new_stage(self) -> Iterator[Stage]:
        stage = self._make_stage()
        try:
            yield stage
        finally:
            stage.close()

    def _make_stage(self) -> Stage:
        self._stages += 1
        url = self._server.url(self._server.create_database()) if self._server else None
        folder = _made(self._folder / f"stage-{self._stages}")
        return Stage(self._store, folder, url, self._hosts, self._apis)

    def _play(self, stage: Stage, case: Case) -> Played:
        wanted = self._time_of(stage, case)
        for time_wanted in range(wanted, max(0, wanted - TRIES), -1):
            played = _play_once(stage, case, time_wanted)
            if played is not None:
                return played
        raise AssertionError(f"{case.name}: the fault point was not reached {wanted} times")

    @staticmethod
    def _time_of(stage: Stage, case: Case) -> int:
        if case.time != "last":
            return {"first": 1, "second": 2}[case.time]
        return case.moment.times or count_times(stage, case)


def count_times(stage: Stage, case: Case) -> int:
    """How often the scenario gets to the place of a case, in a run of it that nothing disturbs."""
    moment = case.moment
    counts = stage.counts.get((moment.scenario, moment.process))
    if counts is None:
        with stage.play(case, "*=note") as play:
            check(play, SCENARIOS[moment.scenario](play), crashes=0)
            counts = Counter(play.told("met"))
        stage.counts[moment.scenario, moment.process] = counts
    times = counts[f"{moment.point}/{case.phase}"]
    assert times >= 3, (
        f"{moment.point}, {case.phase}, is reached {times} times by {moment.scenario}: {counts}"
    )
    return times


def _play_once(stage: Stage, case: Case, time_wanted: int) -> Played | None:
    """Play a case with the fault at this time; None where the scenario was over before."""
    began = time.monotonic()
    place = case.moment.point if case.phase == "lost" else f"{case.moment.point}/{case.phase}"
    plan = f"{place}={'lost' if case.phase == 'lost' else 'exit'}@{time_wanted}"
    with stage.play(case, plan) as play:
        expected = SCENARIOS[case.moment.scenario](play)
        ended_at = time.monotonic()
        hits = play.told("hit")
        if not hits and case.time == "last":
            return None
        assert hits == [f"{case.moment.point}/{case.phase}"], (case.name, hits, play.tail())
        kept = play.victim
        is_crash = case.phase != "lost"
        if is_crash:
            assert kept.first.wait() == EXIT_CODE, (case.name, play.tail())
            until(lambda: len(kept.children) > 1, what="the process that comes after it")
        deaths = len(kept.children) - 1
        assert deaths == int(is_crash) or case.moment.scenario in {"migrates", "retires"}, play.tail()
        doubles = check(play, expected, crashes=int(is_crash))
        if (case.moment.point, case.phase) in ALWAYS_DOUBLES:
            assert doubles == 1, f"{case.name}: {doubles} effects are doubled"
        died_at = kept.died_at
    recovery = ended_at - died_at if is_crash and died_at is not None else None
    return Played(
        name=case.name,
        deaths=deaths,
        doubles=doubles,
        recovery_seconds=recovery,
        seconds=time.monotonic() - began,
    )


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
