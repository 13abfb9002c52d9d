"""The cases of the crash matrix: every fault point, in every phase, on both stores, at the first, second and last time.

What would make no sense stands in NO_SENSE and ONCE_ONLY with its reason; nothing else is left out. A case's name is what
a failure is found by, and what `--only` takes.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from fastgraph import fault_points as points

Store = Literal["sqlite", "postgresql"]
STORES: Final[tuple[Store, ...]] = ("sqlite", "postgresql")
PHASES: Final = ("before", "after", "lost")
TIMES: Final = ("first", "second", "last")
SEED: Final = 20261125
AT_LEAST: Final = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Where a fault point is reached: in which scenario, and in which process."""

    point: str
    scenario: str
    process: Literal["host", "api"] = "host"
    times: int | None = None  # how often it is reached; None: counted in an undisturbed run


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One death, or one lost connection."""

    moment: Moment
    phase: str
    store: Store
    time: str

    @property
    def name(self) -> str:
        return f"{self.moment.point}-{self.phase}-{self.store}-{self.time}"


MOMENTS: Final = (
    Moment(point=points.RUN_ACCEPT, scenario="accepts", process="api", times=3),
    Moment(point=points.RUN_CLAIM, scenario="singles"),
    Moment(point=points.RUN_PASSIVATE, scenario="naps"),
    Moment(point=points.RUN_END, scenario="singles"),
    Moment(point=points.NODE_START, scenario="walk"),
    Moment(point=points.NODE_RESULT_BEFORE_COMMIT, scenario="walk"),
    Moment(point=points.NODE_RESULT_AFTER_COMMIT, scenario="walk"),
    Moment(point=points.NODE_RETRY, scenario="retries"),
    Moment(point=points.NODE_RECORD, scenario="records"),
    Moment(point=points.CHECKPOINT_BEFORE, scenario="walk"),
    Moment(point=points.CHECKPOINT_AFTER, scenario="walk"),
    Moment(point=points.NESTED_COMMIT, scenario="nest"),
    Moment(point=points.ARTIFACT_TMP_WRITTEN, scenario="files"),
    Moment(point=points.ARTIFACT_RENAMED, scenario="files"),
    Moment(point=points.ARTIFACT_ROW, scenario="files"),
    Moment(point=points.SPILL_WRITTEN, scenario="files"),
    Moment(point=points.UPLOAD_ROW, scenario="uploads", process="api", times=3),
    Moment(point=points.EVENT_APPEND, scenario="walk"),
    Moment(point=points.OUTBOX_SENT, scenario="walk"),
    Moment(point=points.TIMER_FIRE, scenario="naps"),
    Moment(point=points.SIGNAL_SEND, scenario="signals", process="api", times=3),
    Moment(point=points.SIGNAL_CONSUME, scenario="signals"),
    Moment(point=points.COMMAND_SEND, scenario="asks", process="api", times=3),
    Moment(point=points.COMMAND_CONSUME, scenario="asks"),
    Moment(point=points.INTERRUPT_ASK, scenario="asks"),
    Moment(point=points.INTERRUPT_ANSWER, scenario="asks"),
    Moment(point=points.CHILD_START, scenario="family"),
    Moment(point=points.CHILD_END, scenario="family"),
    Moment(point=points.CANCEL_COMMIT, scenario="cancels"),
    Moment(point=points.HOST_PUBLISH, scenario="singles", times=1),
    Moment(point=points.HOST_FREE, scenario="graves", times=3),
    Moment(
        point=points.LEASE_RENEW, scenario="renews", times=3
    ),  # it is for ever: the third stands for the last
    Moment(point=points.LEASE_RELEASE, scenario="retires", times=1),
    Moment(point=points.EPOCH_BUMP, scenario="orphans", times=3),
    Moment(point=points.ITEM_WRITE, scenario="items"),
    Moment(point=points.RETENTION_DELETE, scenario="deletes", process="api", times=3),
    Moment(point=points.MIGRATE_STEP, scenario="migrates", times=3),
)

_FILE = "a file is no commit: there is no connection to lose"
NO_SENSE: Final = {
    (points.NODE_START, "lost"): "handing a task to its executor is no commit",
    (points.NODE_RESULT_BEFORE_COMMIT, "lost"): "the loss of that commit is node.result.after_commit, lost",
    (points.CHECKPOINT_BEFORE, "lost"): "the loss of that commit is checkpoint.after, lost",
    (points.ARTIFACT_TMP_WRITTEN, "lost"): _FILE,
    (points.ARTIFACT_RENAMED, "lost"): _FILE,
    (points.SPILL_WRITTEN, "lost"): _FILE,
    (
        points.OUTBOX_SENT,
        "lost",
    ): "a hint is a datagram after the commit; that it may be lost is what hints are",
}
ONCE_ONLY: Final = {
    points.HOST_PUBLISH: "a boot is published once",
    points.LEASE_RELEASE: "a host gives its lease back once",
}

# The crash fell between the effect of a task and its commit, for certain: the effect is there twice, no more and no less.
ALWAYS_DOUBLES: Final = {
    (points.NODE_RESULT_BEFORE_COMMIT, "before"),
    (points.NODE_RESULT_BEFORE_COMMIT, "after"),
}


def all_cases() -> list[Case]:
    """Every case that makes sense, in the order of the code."""
    return [
        Case(moment=moment, phase=phase, store=store, time=time)
        for moment in MOMENTS
        for phase in PHASES
        if (moment.point, phase) not in NO_SENSE
        for store in STORES
        for time in TIMES
        if time == "first" or moment.point not in ONCE_ONLY
    ]


def seeded_third(cases: Sequence[Case], *, seed: int = SEED) -> list[Case]:
    """A third of the cases, at least AT_LEAST, the same for the same seed; each fault point and phase is among them."""
    chance = random.Random(seed)
    wanted = max(AT_LEAST, -(-len(cases) // 3))
    groups: dict[tuple[str, str], list[Case]] = {}
    for case in cases:
        groups.setdefault((case.moment.point, case.phase), []).append(case)
    chosen = [chance.choice(group) for group in groups.values()]
    rest = [case for case in cases if case not in chosen]
    chosen += chance.sample(rest, wanted - len(chosen))
    return sorted(chosen, key=cases.index)


def cases_of(store: Store) -> list[Case]:
    """The seeded third that CI runs, on one store."""
    return [case for case in seeded_third(all_cases()) if case.store == store]
