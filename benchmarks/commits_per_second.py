"""How many fenced commits of a chain's step does the store alone write, in groups of 1, 50 and 500 runs?

A step is 1 result and 1 checkpoint and 3 events and the run's row, as the run actor commits them; beside it the raw limit,
plain sqlite3 with 1 UPDATE and 3 INSERTs of 300 bytes. Also: what 1,000 steps that append 1 KB each leave on the disk.
`python -m benchmarks.commits_per_second` prints the figures once, `--profile 50` where the time of groups of 50 goes.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import pstats
import sqlite3
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.harness import Figures, Question
from benchmarks.raw_limits import group_commit
from fastgraph.database.host_records import PublishedWorkflow, PublishHost
from fastgraph.database.records import (
    AcceptRun,
    CheckpointRow,
    ClaimedRun,
    ClaimRuns,
    CommitRun,
    Committed,
    NewEvent,
    ResultRow,
)
from fastgraph.database.store import Store
from fastgraph.events import EventKind
from fastgraph.ids import new_id
from fastgraph.settings import Settings
from fastgraph.status import RunStatus

__all__ = ["QUESTION"]

GROUPS = (1, 50, 500)
SECONDS = 1.0
WORKFLOW = "chain"
SMALL = b'{"value":"' + b"x" * 250 + b'"}'
KILOBYTE = b'{"log":["' + b"x" * 1024 + b'"]}'
MACHINE = b'{"first_step":0,"due":[["append",["append"]]],"finished":["append"]}'
STEPS_ON_DISK = 1000


class Steps:
    """A store with runs that were claimed, each ready for its next step."""

    def __init__(self, folder: Path, runs: int, update: bytes) -> None:
        self.store = Store.open(Settings(data_dir=folder, _env_file=None))
        self.store.migrate()
        self.update = update
        self.owner = new_id()
        self._runs = self._claim(runs)
        self._seqs = [run.seq for run in self._runs]
        self._number = 0

    def commit(self) -> float:
        """Write the next step of every run, in one group, and return the seconds that the store took for it."""
        now = datetime.now(UTC)
        group = [self._step(run, seq, now) for run, seq in zip(self._runs, self._seqs, strict=True)]
        began = time.perf_counter()
        answers = self.store.write_group(group)
        spent = time.perf_counter() - began
        for place, answer in enumerate(answers):
            assert isinstance(answer, Committed), answer
            self._seqs[place] = answer.seq
        self._number += 1
        return spent

    def close(self) -> None:
        asyncio.run(self.store.close())

    def _claim(self, runs: int) -> list[ClaimedRun]:
        now = datetime.now(UTC)
        workflow = PublishedWorkflow(
            name=WORKFLOW,
            description="",
            graph_hash="0" * 64,
            input_schema=b"{}",
            graph=b"{}",
            mermaid="",
            is_default=True,
        )
        host = PublishHost(
            boot_id=self.owner,
            pid=1,
            address="",
            version="0",
            lease_seconds=3600,
            now=now,
            workflows=(workflow,),
        )
        accepts = [
            AcceptRun(
                run_id=new_id(), name="n", workflow=WORKFLOW, thread_id=new_id(), payload=b"{}", now=now
            )
            for _ in range(runs)
        ]
        self.store.write_group([host])
        self.store.write_group(accepts)
        [claimed] = self.store.write_group(
            [ClaimRuns(owner=self.owner, workflows=(WORKFLOW,), limit=runs, now=now)]
        )
        assert isinstance(claimed, tuple)
        assert len(claimed) == runs
        return [run for run in claimed if isinstance(run, ClaimedRun)]

    def _step(self, run: ClaimedRun, seq: int, now: datetime) -> CommitRun:
        number = self._number
        return CommitRun(
            run_key=run.run_key,
            run_id=run.run_id,
            thread_key=run.thread_key,
            owner=self.owner,
            epoch=run.epoch,
            expected_seq=seq,
            events=(
                NewEvent(kind=EventKind.NODE_UPDATE, at=now, node="append", result=0),
                NewEvent(
                    kind=EventKind.CHECKPOINT,
                    at=now,
                    data=b'{"checkpoint_id":"01a21018-e654-8437-90f3-261c7913809e","step":%d}' % number,
                ),
                NewEvent(
                    kind=EventKind.NODE_STARTED,
                    at=now,
                    node="append",
                    data=b'{"task_id":"0123456789abcdef01234567","step":%d,"attempt":1}' % number,
                ),
            ),
            results=(
                ResultRow(
                    task_id="0123456789abcdef01234567",
                    node="append",
                    path="~__pull__, append",
                    checkpoint_number=number,
                    update=self.update,
                ),
            ),
            checkpoint=CheckpointRow(
                number=number + 1,
                parent=number or None,
                step=number,
                changes=b'{"log":["@a",%d]}' % (seq + 1),
                machine=MACHINE,
                is_snapshot=False,
                state_bytes=1024 * number,
            ),
            status=RunStatus.RUNNING if number == 0 else None,
        )


def measure(folder: Path) -> Figures:
    """Measure all groups and the disk once."""
    figures: dict[str, float] = {}
    for group in GROUPS:
        figures[f"groups of {group}, steps/s"] = _steps_per_second(folder / str(group), group, SECONDS)
        figures[f"plain sqlite3 in groups of {group}, steps/s"] = group_commit(folder, group, SECONDS)
    figures["1,000 steps of 1 KB on disk, MB"] = _growth(folder / "disk") / 1e6
    return figures


def _steps_per_second(folder: Path, group: int, seconds: float) -> float:
    steps = Steps(folder, group, SMALL)
    steps.commit()
    done, spent = 0, 0.0
    while spent < seconds:
        spent += steps.commit()
        done += group
    steps.close()
    return done / spent


def _growth(folder: Path) -> int:
    steps = Steps(folder, 1, KILOBYTE)
    before = _weigh(folder)
    for _ in range(STEPS_ON_DISK):
        steps.commit()
    steps.close()
    return _weigh(folder) - before


def _weigh(folder: Path) -> int:
    """Checkpoint the write-ahead log and return the bytes of all files."""
    with sqlite3.connect(folder / "fastgraph.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


QUESTION = Question(
    name="commits_per_second",
    measure=measure,
    ratios=tuple(
        (
            f"groups of {group}, % of plain sqlite3",
            f"groups of {group}, steps/s",
            f"plain sqlite3 in groups of {group}, steps/s",
        )
        for group in GROUPS
    ),
)


def main() -> None:
    """Measure once and print; with --profile, say where the time goes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.commits_per_second")
    parser.add_argument("--profile", type=int, metavar="GROUP", help="profile groups of this size")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fastgraph-bench-") as name:
        folder = Path(name)
        if options.profile is not None:
            profile = cProfile.Profile()
            profile.runcall(_steps_per_second, folder, options.profile, SECONDS)
            pstats.Stats(profile).sort_stats("tottime").print_stats(25)
            return
        for figure, value in measure(folder).items():
            print(f"{figure:<48} {value:>12,.2f}")


if __name__ == "__main__":
    main()
