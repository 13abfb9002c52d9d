"""What a host tells of itself: a small report with each heartbeat, and all of its actors, page by page, to who looks.

The heartbeat carries counts and the top of the tree, a few KB. A full report is made for a watch alone, so it costs
nothing while nobody looks. Names are those of the API's schemas.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pykka

from actors.executors.threads import ThreadExecutor
from actors.hints.hints import HintBus
from actors.hints.postgres_notify import PostgresHints
from actors.host.process_figures import open_descriptors, rss_bytes
from actors.host.tools import HostTools
from actors.runs.looks import RunLook, describe_job
from actors.runs.run_actor import RunActor
from actors.runs.supervisor import RunSupervisor
from actors.runtime.report import ActorReport, ChildReport, report_of
from actors.runtime.timings import add_counts, no_counts, percentile_seconds
from actors.runtime.watchdog import LoopWatchdog
from fastgraph.clock import to_rfc3339
from fastgraph.database.store_figures import readers_in_use, wal_bytes

__all__ = ["HOST_SUBTREE", "PAGE", "HostReporter", "describe_actor"]

PAGE = 100  # run actors of one full report
TASKS_SHOWN = 200
RATES_KEPT = 1_000
LEAST_RATE_SECONDS = 0.5
HOST_SUBTREE = "host"  # the subtree that is the host itself: its running tasks and dead letters
_RUNS_UNDER = "supervisor"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rate:
    at: float
    processed: int
    per_second: float | None


class HostReporter:
    """Makes the reports of one host, on its actors' loop. `roots` are the actors that nobody supervises."""

    def __init__(
        self,
        tools: HostTools,
        supervisor: RunSupervisor,
        watchdog: LoopWatchdog,
        roots: Callable[[], Iterable[tuple[str, pykka.ActorRef[Any]]]],
        bus: HintBus,
    ) -> None:
        self._tools = tools
        self._supervisor = supervisor
        self._watchdog = watchdog
        self._roots = roots
        self._bus = bus
        self.is_draining = False
        self._processed: dict[str, _Rate] = {}

    def heartbeat(self) -> dict[str, Any]:
        """Describe the host in a few KB: counts, times by kind of actor, and the top of the tree."""
        tools, history = self._tools, self._supervisor.history
        return {
            "pid": os.getpid(),
            "active_runs": self._supervisor.active_runs,
            "loop_lag_seconds": round(self._watchdog.lag_seconds, 6),
            "loop_lag_max_seconds": round(self._watchdog.take_worst_lag(), 6),
            "rss_bytes": rss_bytes(),
            "descriptors": open_descriptors(),
            "threads": threading.active_count(),
            "busy_threads": tools.threads.busy,
            "abandoned_threads": tools.threads.abandoned,
            "task_processes": tools.processes.busy,
            "blocked_loops": tools.user_loops.blocked,
            "disk_full": tools.store.disk.trouble(),
            "wal_bytes": wal_bytes(tools.store),
            "pool_in_use": readers_in_use(tools.store),
            "fenced_writes": tools.store.fenced_writes,
            "claims": history.claims,
            "recoveries": history.recoveries,
            "dead_letters": tools.dead_letters.count,
            "running_tasks": sum(len(actor.jobs) for actor in self._run_actors()),
            "is_draining": self.is_draining,
            "is_listening": self._bus.is_listening if isinstance(self._bus, PostgresHints) else None,
            "timings": self._timings(),
            "actors": self._tree(()),
        }

    def full(self, subtree: str, first: int) -> dict[str, Any]:
        """Answer a watch: all actors with the runs from `first` on, one actor's part, or the host itself."""
        if subtree == HOST_SUBTREE:
            return self._host_itself()
        looks = self._supervisor.looks()
        if subtree in {"", _RUNS_UNDER}:
            page = looks[first : first + PAGE]
        else:
            page = [look for look in looks if look.claimed.run_id == subtree]
        return {"actors": self._tree(page), "timings": self._timings()}

    def _host_itself(self) -> dict[str, Any]:
        letters = [
            {"actor": letter.actor, "message": letter.message, "at": to_rfc3339(letter.at)}
            for letter in reversed(self._tools.dead_letters.kept())
        ]
        return {"timings": self._timings(), "running": self._running(), "letters": letters}

    def _running(self) -> list[dict[str, Any]]:
        now = self._tools.clock.monotonic()
        running = [
            describe_job(job, executor=actor.executor_of(job), now=now, is_abandoned=False)
            for actor in self._run_actors()
            for job in actor.jobs
        ]
        running += _abandoned(self._tools.threads, now)
        return sorted(running, key=lambda task: -(task["seconds"] or 0.0))[:TASKS_SHOWN]

    def _run_actors(self) -> list[RunActor]:
        actors = (look.ref._actor_weakref() for look in self._supervisor.looks())  # noqa: SLF001 - Pykka's own way
        return [actor for actor in actors if isinstance(actor, RunActor)]

    def _tree(self, page: Iterable[RunLook]) -> list[dict[str, Any]]:
        now = self._tools.clock.monotonic()
        seen: dict[str, _Rate] = {}
        runs = [run for look in page if (run := self._describe_run(look)) is not None]
        actors = [
            describe_actor(report, key=key)
            for key, ref in self._roots()
            if (report := report_of(ref)) is not None
        ]
        for actor in _walk(actors):
            if actor["key"] == _RUNS_UNDER:
                actor["children"] = runs
                actor["child_count"] = self._supervisor.active_runs
        for actor in _walk(actors):
            self._rate(actor, now, seen)
        self._processed |= seen
        if len(self._processed) > RATES_KEPT:
            self._processed = seen
        return actors

    def _rate(self, actor: dict[str, Any], now: float, seen: dict[str, _Rate]) -> None:
        """Add how many messages a second were handled since the report before."""
        processed, key = actor.get("processed"), actor["key"]
        if processed is None:
            return
        before = self._processed.get(key)
        if before is None or processed < before.processed:  # a new life
            seen[key] = _Rate(at=now, processed=processed, per_second=None)
        elif now - before.at < LEAST_RATE_SECONDS:  # several look at once
            seen[key] = before
        else:
            rate = round((processed - before.processed) / (now - before.at), 3)
            seen[key] = _Rate(at=now, processed=processed, per_second=rate)
        actor["rate_per_second"] = seen[key].per_second

    def _describe_run(self, look: RunLook) -> dict[str, Any] | None:
        report = report_of(look.ref)
        if report is None:
            return None
        actor = look.ref._actor_weakref()  # noqa: SLF001 - Pykka's own way from a ref to its actor
        described = describe_actor(report, key=look.claimed.run_id, restarts=look.deaths)
        described |= {
            "run_id": look.claimed.run_id,
            "epoch": look.claimed.epoch,
            "generation": look.deaths + 1,
            "restarts_in_window": look.deaths_in_window,
        }
        if look.last_death is not None:
            described |= {
                "last_error": look.last_death.reason,
                "last_error_at": to_rfc3339(look.last_death.at),
            }
        if isinstance(actor, RunActor):
            described["last_checkpoint"] = actor.last_checkpoint()
        return described

    def _timings(self) -> dict[str, dict[str, Any]]:
        """Return the times by kind of actor, former run actors included."""
        history = self._supervisor.history
        counts, busy = list(history.timings), history.busy_seconds
        for look in self._supervisor.looks():
            report = report_of(look.ref)
            if report is not None:
                add_counts(counts, report.timings)
                busy += report.busy_seconds
        told: dict[str, dict[str, Any]] = {"RunActor": {"counts": counts, "busy_seconds": round(busy, 6)}}
        for _, ref in self._roots():
            for report in _reports(report_of(ref)):
                kind = told.setdefault(report.name, {"counts": no_counts(), "busy_seconds": 0.0})
                add_counts(kind["counts"], report.timings)
                kind["busy_seconds"] = round(kind["busy_seconds"] + report.busy_seconds, 6)
        return told


def describe_actor(report: ActorReport, *, key: str, restarts: int = 0) -> dict[str, Any]:
    """One actor, and those it supervises, in the shape of the API's `Actor`."""
    children = [_describe_child(child) for child in report.children]
    return {
        "key": key,
        "kind": report.name,
        "state": str(report.state),
        "mailbox_depth": report.depth,
        "mailbox_capacity": report.capacity,
        "high_water": report.high_water,
        "refused": report.refused,
        "oldest_seconds": _rounded(report.oldest_age_seconds),
        "current_message": report.current_message,
        "current_seconds": _rounded(report.current_age_seconds),
        "processed": report.processed,
        "p50_ms": _milliseconds(report, 0.50),
        "p95_ms": _milliseconds(report, 0.95),
        "p99_ms": _milliseconds(report, 0.99),
        "place": "a thread of its own" if report.name == "Writer" else "the actors' loop",
        "restarts": restarts,
        "last_error": report.error,
        "child_count": len(children),
        "children": children,
    }


def _describe_child(child: ChildReport) -> dict[str, Any]:
    facts = {
        "restarts": child.deaths,
        "restarts_in_window": child.deaths_in_window,
        "generation": child.generation,
        "next_restart_seconds": _rounded(child.restart_in_seconds),
        "last_error": child.last_reason,
        "last_error_at": to_rfc3339(child.last_died_at) if child.last_died_at is not None else None,
    }
    if child.actor is not None:
        return describe_actor(child.actor, key=child.key) | facts
    empty = {"mailbox_depth": 0, "child_count": 0, "children": []}
    return {"key": child.key, "kind": child.key.capitalize(), "state": str(child.state), **empty, **facts}


def _milliseconds(report: ActorReport, part: float) -> float | None:
    seconds = percentile_seconds(report.timings, part)
    return None if seconds is None else round(seconds * 1000, 3)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _walk(actors: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    for actor in actors:
        yield actor
        yield from _walk(actor["children"])


def _reports(report: ActorReport | None) -> Iterable[ActorReport]:
    if report is not None:
        yield report
        for child in report.children:
            yield from _reports(child.actor)


def _abandoned(threads: ThreadExecutor, now: float) -> list[dict[str, Any]]:
    return [
        describe_job(job, executor="thread", now=now, is_abandoned=True) for job in threads.abandoned_jobs()
    ]
