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
from actors.runtime.report import ActorReport, ChildReport, report_of

__all__ = ["host_report"]

RUNS_SHOWN = 100


def host_report(
    tools: HostTools, supervisor: RunSupervisor, roots: Iterable[pykka.ActorRef[Any]]
) -> dict[str, Any]:
    """Describe the host in a few KB at most; `roots` are the actors that nobody supervises."""
    actors = [describe_actor(report) for ref in roots if (report := report_of(ref)) is not None]
    runs = [
        describe_actor(report, key=run_id)
        for run_id, ref in supervisor.shown(RUNS_SHOWN)
        if (report := report_of(ref)) is not None
    ]
    for actor in (child for root in actors for child in root["children"] if child["key"] == "supervisor"):
        actor["children"] = runs
    return {
        "pid": os.getpid(),
        "active_runs": supervisor.active_runs,
        "threads": threading.active_count(),
        "busy_threads": tools.threads.busy,
        "abandoned_threads": tools.threads.abandoned,
        "task_processes": tools.processes.busy,
        "blocked_loops": tools.user_loops.blocked,
        "disk_full": tools.store.disk.trouble(),
        "rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "actors": actors,
    }


def describe_actor(report: ActorReport, *, key: str | None = None, restarts: int = 0) -> dict[str, Any]:
    """One actor, and those it supervises, as the supervision tree shows them."""
    return {
        "key": key or report.urn,
        "kind": report.name,
        "state": str(report.state),
        "mailbox_depth": report.depth,
        "high_water": report.high_water,
        "oldest_age_seconds": report.oldest_age_seconds,
        "processed": report.processed,
        "refused": report.refused,
        "current_message": report.current_message,
        "current_age_seconds": report.current_age_seconds,
        "restarts": restarts,
        "children": [_describe_child(child) for child in report.children],
    }


def _describe_child(child: ChildReport) -> dict[str, Any]:
    if child.actor is not None:
        return describe_actor(child.actor, key=child.key, restarts=child.deaths)
    return {
        "key": child.key,
        "kind": child.key.capitalize(),
        "state": str(child.state),
        "mailbox_depth": 0,
        "restarts": child.deaths,
        "children": [],
    }
