"""`python -m benchmarks [QUESTION…]`: ask all benchmarks, or the named ones, print the table and keep the
JSON."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks import (
    accept_runs,
    commits_per_second,
    engine_alone,
    fan_out,
    first_event,
    savers,
    step_1000,
    steps_per_second,
)
from benchmarks.harness import ask_all, machine, pin_to_two_cores, print_table, write_results

QUESTIONS = (
    steps_per_second.QUESTION,
    commits_per_second.QUESTION,
    accept_runs.QUESTION,
    first_event.QUESTION,
    fan_out.QUESTION,
    step_1000.QUESTION,
    engine_alone.QUESTION,
    savers.QUESTION,
)


def main() -> None:
    """Measure, print, keep."""
    names = [question.name for question in QUESTIONS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="How quick is FastGraph?")
    parser.add_argument("questions", nargs="*", metavar="QUESTION", help=f"of {', '.join(names)}; none: all")
    parser.add_argument(
        "--repeats", type=int, default=3, help="how often each is asked, in turn [default: 3]"
    )
    parser.add_argument("--discard", action="store_true", help="print only, keep no JSON")
    options = parser.parse_args()
    if unknown := set(options.questions) - set(names):
        parser.error(f"there is no question {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    pin_to_two_cores()
    about = machine()
    with tempfile.TemporaryDirectory(prefix="fastgraph-bench-") as folder:
        chosen = [question for question in QUESTIONS if question.name in (options.questions or names)]
        answers = ask_all(chosen, Path(folder), options.repeats)
    print_table(answers, about, options.repeats)
    if not options.discard:
        for file in write_results(answers, about):
            print(f"kept in {file}")


if __name__ == "__main__":
    main()
