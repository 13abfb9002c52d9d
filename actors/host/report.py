"""The small report that a host's heartbeat row carries: counts, and the top of the tree of actors."""

from __future__ import annotations

import os
import resource
import threading
from collections.abc import Iterable
from typing import Any

import pykka

from actors.host.tools import HostTools
from actors.runs.supervisor import RunSupervisor
from actors.runtime.report import report_of

__all__ = ["host_report"]

RUNS_SHOWN = 100


def host_report(
    tools: HostTools, supervisor: RunSupervisor, singletons: Iterable[pykka.ActorRef[Any]]
) -> dict[str, Any]:
    """Describe the host in a few KB at most."""
    return {
        "pid": os.getpid(),
        "active_runs": supervisor.active_runs,
        "threads": threading.active_count(),
        "busy_threads": tools.threads.busy,
        "abandoned_threads": tools.threads.abandoned,
        "blocked_loops": tools.user_loops.blocked,
        "rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "actors": [describe_actor(ref) for ref in singletons],
        "run_actors": [
            describe_actor(ref) | {"run_id": run_id} for run_id, ref in supervisor.shown(RUNS_SHOWN)
        ],
    }


def describe_actor(ref: pykka.ActorRef[Any]) -> dict[str, Any]:
    """One actor as the supervision tree shows it."""
    report = report_of(ref)
    assert report is not None, "every actor of a host keeps a report"
    return {
        "key": report.urn,
        "kind": report.name,
        "state": str(report.state),
        "mailbox_depth": report.depth,
        "processed": report.processed,
    }
