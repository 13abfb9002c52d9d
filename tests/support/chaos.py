"""`make chaos`: the kill -9 loop for as long as one likes, with its figures as one sentence and as JSON.

    python -m support.chaos [--minutes 10] [--seed N] [--hosts 4] [--postgresql] [--json PATH]

Ends with 1 where the oracle has found a fault, which it prints.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from support import chaos_flows
from support.hosts import running_hosts
from support.kill_loop import KillLoop, Outcome, percentile
from support.postgres import running_server
from support.programs import ProgramStarter

LEAST_RUNS, LEAST_HITS = 200, 25  # until then it goes on, for up to twice its time


def main() -> int:
    """Run the loop and answer the exit code."""
    options = _options()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fastgraph-chaos-")))
        url = f"sqlite:///{folder / 'data' / 'fastgraph.db'}"
        if options.postgresql:
            server = stack.enter_context(running_server(durable=True))
            url = server.url(server.create_database())
        starter = ProgramStarter(folder)
        stack.callback(starter.end_all)
        flows = Path(chaos_flows.__file__)
        hosts = stack.enter_context(running_hosts(starter, folder, url, flows=flows, count=options.hosts))
        seconds = 60.0 * options.minutes
        loop = KillLoop(hosts, seed=options.seed, seconds=seconds, runs=LEAST_RUNS, hits=LEAST_HITS)
        outcome = loop.run()
    print(outcome)
    for fault in outcome.faults:
        print(f"FAULT: {fault}")
    if options.json is not None:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(_figures(outcome, options), indent=2) + "\n")
    return 1 if outcome.faults else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=20261125)
    parser.add_argument("--hosts", type=int, default=4)
    parser.add_argument("--postgresql", action="store_true", help="a PostgreSQL server of its own, fsync on")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _figures(outcome: Outcome, options: argparse.Namespace) -> dict[str, object]:
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.system(),
            "python": platform.python_version(),
        },
        "store": "postgresql" if options.postgresql else "sqlite",
        "hosts": options.hosts,
        "seed": outcome.seed,
        "seconds": round(outcome.seconds, 1),
        "times_slower_than_usual": round(outcome.slowness, 2),
        "kills": outcome.kills,
        "kills_that_hit": outcome.hits,
        "runs": outcome.runs,
        "children": outcome.children,
        "tasks_executed": outcome.executions,
        "tasks_executed_twice": outcome.doubled,
        "recoveries": len(outcome.recoveries),
        "recovery_p50_seconds": round(percentile(outcome.recoveries, 0.5), 3),
        "recovery_p99_seconds": round(percentile(outcome.recoveries, 0.99), 3),
        "suspects": outcome.suspects,
        "recovery_p99_seconds_without_suspects": round(percentile(outcome.recoveries_of_others, 0.99), 3),
        "recovery_most_seconds": round(max(outcome.recoveries, default=0.0), 3),
        "faults": outcome.faults,
    }


if __name__ == "__main__":
    sys.exit(main())
