"""Play the whole crash matrix: `make crash-matrix`, or in `tests/`: python -m crash_matrix [--third] [--only TEXT].

The two stores are played beside each other. Prints every case that failed, then the figures, and writes them as JSON; ends
with 1 where a case failed.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crash_matrix.cases import (
    MOMENTS,
    NO_SENSE,
    ONCE_ONLY,
    SEED,
    STORES,
    Case,
    Store,
    all_cases,
    seeded_third,
)
from crash_matrix.playing import Played, Theatre
from support.postgres import running_server

SAID_EVERY = 25


class Figures:
    """What came of all cases; any thread adds."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self._cases = {case.name: case for case in cases}
        self._played: list[Played] = []
        self._failures: dict[str, str] = {}
        self._lock = threading.Lock()
        self._began = time.monotonic()

    def add(self, played: Played) -> None:
        with self._lock:
            self._played.append(played)
            count = len(self._played) + len(self._failures)
        if count % SAID_EVERY == 0:
            print(f"{count} of {len(self._cases)} cases, {time.monotonic() - self._began:.0f} s", flush=True)

    def fail(self, case: Case, error: BaseException) -> None:
        text = "".join(traceback.format_exception(error))
        with self._lock:
            self._failures[case.name] = text
        print(f"FAILED {case.name}\n{text}", flush=True)

    @property
    def is_good(self) -> bool:
        return not self._failures and len(self._played) == len(self._cases)

    def summary(self) -> dict[str, Any]:
        """The figures, as they are published."""
        recoveries = sorted(
            played.recovery_seconds for played in self._played if played.recovery_seconds is not None
        )
        phases = Counter(self._cases[played.name].phase for played in self._played)
        return {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "fault_points": len(MOMENTS),
            "cases": len(self._cases),
            "passed": len(self._played),
            "failed": sorted(self._failures),
            "by_store": dict(Counter(self._cases[played.name].store for played in self._played)),
            "by_phase": dict(phases),
            "deaths_at_a_fault_point": phases["before"] + phases["after"],
            "commits_whose_answer_was_lost": phases["lost"],
            "effects_doubled_between_effect_and_commit": sum(played.doubles for played in self._played),
            "effects_doubled_otherwise": 0
            if self.is_good
            else None,  # the oracle refuses a case that has one
            "recovery_seconds": {
                "p50": _quantile(recoveries, 0.5),
                "p99": _quantile(recoveries, 0.99),
                "largest": _quantile(recoveries, 1.0),
            },
            "seconds": round(time.monotonic() - self._began, 1),
            "makes_no_sense": {f"{point}, {phase}": why for (point, phase), why in NO_SENSE.items()},
            "happens_once": dict(ONCE_ONLY),
            "seed_of_the_third": SEED,
        }


def main(arguments: Sequence[str] | None = None) -> int:
    """Play the cases; answer the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--third", action="store_true", help="the seeded third that CI plays")
    parser.add_argument("--only", metavar="TEXT", help="cases with this in their name")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    options = parser.parse_args(arguments)
    cases = seeded_third(all_cases()) if options.third else all_cases()
    cases = [case for case in cases if options.only is None or options.only in case.name]
    figures = Figures(cases)
    with tempfile.TemporaryDirectory(prefix="fg-crash-") as folder, ThreadPoolExecutor(len(STORES)) as pool:
        list(pool.map(lambda store: _play_store(store, cases, Path(folder), figures), STORES))
    summary = figures.summary()
    text = json.dumps(summary, indent=2)
    print(text)
    if options.json:
        options.json.write_text(f"{text}\n")
    return 0 if figures.is_good else 1


def _play_store(store: Store, cases: Sequence[Case], folder: Path, figures: Figures) -> None:
    mine = [case for case in cases if case.store == store]
    if not mine:
        return
    with ExitStack() as ending:
        server = ending.enter_context(running_server()) if store == "postgresql" else None
        theatre = Theatre(store, folder / store, server)
        ending.callback(theatre.close)
        for case in mine:
            try:
                figures.add(theatre.play(case))
            except Exception as error:  # noqa: BLE001 - told with the others; the next case begins on a new store
                figures.fail(case, error)


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    if not ordered:
        return None
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)


if __name__ == "__main__":
    sys.exit(main())
