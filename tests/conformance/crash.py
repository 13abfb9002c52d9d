"""Kill the host in every gap between two commits of every conformance flow, and see that each leads to the same.

`make conformance-crash`, or `python -m conformance.crash [--minutes N] [--json FILE] [--only NAME …]` in `tests/`. Flows run
in waves, each on a server of its own: once undisturbed, to learn their gaps, then again and again with a kill in gaps
that were not hit yet, until none is left. Ends with 1 where a flow led elsewhere.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from conformance import served_flows
from conformance.not_served import is_killed, is_run_by_a_server
from conformance.program import Flow, list_programs
from conformance.seen_in_process import outcomes_in_process
from conformance.waves import Gap, Killer, Run, run_wave
from support.programs import ProgramStarter
from support.serving import Serving

WAVE = 56
TIRED_AFTER = 4
SEED = 4
TESTS = Path(__file__).parents[1]

GapId = tuple[str, int]


@dataclass(slots=True)
class Figures:
    """What came of it; `not_met` are gaps that were seen once and never again, `hits` kills by flow."""

    programs: int = 0
    gaps: int = 0
    gaps_hit: int = 0
    kills_of_a_host: int = 0
    hits: int = 0
    runs: int = 0
    seconds: float = 0.0
    failures: list[str] = field(default_factory=list)
    not_met: list[GapId] = field(default_factory=list)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all waves for which there is time; print what came of each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these flows and no others")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="leave the first N out")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    flows = [flow for flow in list_programs() if isinstance(flow, Flow) and is_run_by_a_server(flow)]
    flows = [flow for flow in flows if is_killed(flow) and (not options.only or flow.name in options.only)]
    random.Random(SEED).shuffle(flows)
    figures = Figures()
    for first in range(options.first, len(flows), WAVE):
        until = began + options.minutes * 60
        if time.monotonic() > until:
            break
        _crash_wave(flows[first : first + WAVE], figures, until)
        figures.seconds = round(time.monotonic() - began, 1)
        sys.stdout.write(f"{_sentence(figures, len(flows))}\n")
        sys.stdout.flush()
        if options.json is not None:
            options.json.write_text(json.dumps(asdict(figures), indent=2))
    for failure in figures.failures:
        sys.stdout.write(f"FAULT: {failure}\n")
    return 1 if figures.failures else 0


def _crash_wave(flows: Sequence[Flow], figures: Figures, until: float) -> None:
    expected = {flow.name: outcomes_in_process(flow)[-1] for flow in flows}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        killer = _serve(stack, flows, folder)
        open_gaps: set[GapId] = set()
        _check(run_wave(killer, flows, lambda gap: _note(gap, open_gaps)), expected, figures)
        figures.programs += len(flows)
        figures.gaps += len(open_gaps)
        tired = 0
        while open_gaps and tired < TIRED_AFTER and time.monotonic() < until:
            left = [flow for flow in flows if any(name == flow.name for name, _ in open_gaps)]
            wanted = max(1, len(left) // 2) if not tired else 1
            runs = run_wave(killer, left, partial(_is_worth_it, open_gaps, wanted))
            _check(runs, expected, figures)
            hit = {(run.flow.name, run.killed_at.events) for run in runs if run.killed_at is not None}
            figures.hits += len(hit)
            figures.gaps_hit += len(hit & open_gaps)
            tired = 0 if hit & open_gaps else tired + 1
            open_gaps -= hit
        figures.kills_of_a_host += killer.kills
        figures.not_met += sorted(open_gaps)


def _serve(stack: ExitStack, flows: Sequence[Flow], folder: Path) -> Killer:
    starter = ProgramStarter(folder)
    stack.callback(starter.end_all)
    names = ",".join(flow.name for flow in flows)
    serving = Serving(
        starter,
        folder,
        flows=Path(served_flows.__file__),
        PYTHONPATH=str(TESTS),
        FASTGRAPH_TEST_FLOWS=names,
    )
    serving.start()
    stack.enter_context(serving.client)
    killer = Killer(serving, folder, random.Random(SEED))
    stack.callback(killer.close)
    return killer


def _ids(gap: Gap) -> set[GapId]:
    return {(name, place.events) for name, place in gap.items() if place.is_open}


def _is_worth_it(open_gaps: set[GapId], wanted: int, gap: Gap) -> bool:
    return len(_ids(gap) & open_gaps) >= wanted


def _note(gap: Gap, seen: set[GapId]) -> bool:
    seen |= _ids(gap)
    return False


def _check(runs: Sequence[Run], expected: Mapping[str, object], figures: Figures) -> None:
    for run in runs:
        figures.runs += 1
        if isinstance(run.outcomes, BaseException):
            figures.failures.append(f"{run.flow.name} at {run.killed_at}: {run.outcomes!r}")
        elif run.outcomes[-1] != expected[run.flow.name]:
            figures.failures.append(
                f"{run.flow.name} at {run.killed_at}: {run.outcomes[-1]}, not {expected[run.flow.name]}"
            )


def _sentence(figures: Figures, total: int) -> str:
    return (
        f"{figures.programs} of {total} programs, {figures.gaps_hit} of {figures.gaps} gaps hit, "
        f"{figures.kills_of_a_host} kills of a host that hit {figures.hits} running programs, "
        f"{len(figures.failures)} failures, {figures.seconds:g} s"
    )


if __name__ == "__main__":
    sys.exit(main())
