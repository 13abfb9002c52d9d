"""What every benchmark stands on: the machine, the repeats, the table and the JSON that is kept.

A question is a function that measures once and returns figures by name. The harness asks all questions in
turn, N times, so that a slow minute of the machine hits all alike, and reports the median with the least and
the most. Everything runs on two cores, children included.
"""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

__all__ = [
    "Figures",
    "Question",
    "ask_all",
    "machine",
    "percentile",
    "pin_to_two_cores",
    "print_table",
    "write_results",
]

CORES = 2
RESULTS = Path(__file__).parent / "results"

Figures = Mapping[str, float]


@dataclass(frozen=True)
class Question:
    """One benchmark: `measure` takes an empty folder and returns figures; `units` names their units by the end of the
    name's last word. `ratios` are figures beside each other: (name of the ratio, ours, the raw limit)."""

    name: str
    measure: Callable[[Path], Figures]
    ratios: tuple[tuple[str, str, str], ...] = ()


@dataclass
class Answers:
    """The figures of all repeats of one question."""

    question: Question
    values: dict[str, list[float]] = field(default_factory=dict)

    def add(self, figures: Figures) -> None:
        for name, value in figures.items():
            self.values.setdefault(name, []).append(value)
        for name, ours, limit in self.question.ratios:
            if ours in figures and figures.get(limit):
                self.values.setdefault(name, []).append(100 * figures[ours] / figures[limit])


def pin_to_two_cores() -> list[int]:
    """Keep this process and its children on two cores; returns them, or nothing where the system can't."""
    if not hasattr(os, "sched_setaffinity"):
        return []
    cores = sorted(os.sched_getaffinity(0))[:CORES]
    os.sched_setaffinity(0, cores)
    return cores


def machine() -> dict[str, str | int]:
    """Say on what the figures were measured."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.partition(":")[2].strip()
            for line in cpuinfo.read_text().splitlines()
            if "model name" in line
        ]
        model = names[0] if names else model
    return {
        "cpu": model,
        "cores": CORES,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "commit": _commit(),
    }


def ask_all(questions: list[Question], folder: Path, repeats: int) -> list[Answers]:
    """Ask all questions in turn, `repeats` times; every measurement gets an empty folder of its own."""
    answers = [Answers(question) for question in questions]
    for repeat in range(repeats):
        for answer in answers:
            place = folder / f"{answer.question.name}-{repeat}"
            place.mkdir()
            began = time.perf_counter()
            answer.add(answer.question.measure(place))
            seconds = time.perf_counter() - began
            print(
                f"  {repeat + 1}/{repeats} {answer.question.name} ({seconds:.0f} s)",
                file=sys.stderr,
                flush=True,
            )
    return answers


def percentile(values: list[float], percent: float) -> float:
    """Return the value below which so many percent of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def print_table(answers: list[Answers], about: Mapping[str, str | int], repeats: int) -> None:
    """Print the machine and one line a figure: median, least and most."""
    print(" · ".join(f"{name} {value}" for name, value in about.items()))
    print(f"median (least to most) of {repeats}\n")
    width = max((len(name) for answer in answers for name in answer.values), default=0)
    for answer in answers:
        print(answer.question.name)
        for name, values in answer.values.items():
            spread = f"({_number(min(values))} to {_number(max(values))})" if len(values) > 1 else ""
            print(f"  {name:<{width}}  {_number(statistics.median(values)):>10}  {spread}")


def write_results(answers: list[Answers], about: Mapping[str, str | int]) -> list[Path]:
    """Keep each question's figures as `results/<name>.json`; returns the files."""
    RESULTS.mkdir(exist_ok=True)
    measured_at = datetime.now(UTC).isoformat(timespec="seconds")
    files = []
    for answer in answers:
        figures = {
            name: {"median": statistics.median(values), "values": values}
            for name, values in answer.values.items()
        }
        file = RESULTS / f"{answer.question.name}.json"
        content = {
            "question": answer.question.name,
            "measured_at": measured_at,
            "machine": about,
            "figures": figures,
        }
        file.write_text(json.dumps(content, indent=2) + "\n")
        files.append(file)
    return files


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "none"
