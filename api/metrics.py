"""Figures for Prometheus, made when somebody asks: hosts' come from their heartbeat rows, nothing is counted for it.

Names begin with `fastgraph_`; those of hosts are labelled with the boot. A host that has ended is left out, so counters
begin anew with each boot, as Prometheus expects.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from starlette.requests import Request
from starlette.responses import Response

from actors.broadcast.messages import BroadcastReport, Report
from actors.runtime.ask import ref_ask
from actors.runtime.report import report_of
from actors.runtime.timings import upper_seconds
from api.health import read_health
from api.services import Services, services_of
from fastgraph.database.hosts import HostView, list_hosts

__all__ = ["answer_metrics"]

HOSTS_SHOWN = 100
ANSWER_SECONDS = 2.0
_BUCKETS = range(4, 30, 2)  # of the counts of handling times: 16 us to 9 min

_HOST_GAUGES = {
    "active_runs": "Runs that have an actor there",
    "running_tasks": "Tasks that are executed there",
    "loop_lag_seconds": "How late the actors' loop took its last turn",
    "loop_lag_max_seconds": "The worst lag since the heartbeat before",
    "rss_bytes": "Resident memory",
    "descriptors": "Open descriptors",
    "threads": "Threads",
    "busy_threads": "Threads that execute sync nodes",
    "abandoned_threads": "Threads of cancelled runs that have not returned",
    "task_processes": "Processes that execute a task",
    "blocked_loops": "Loops of async nodes that somebody blocks",
    "wal_bytes": "Size of SQLite's write-ahead log",
    "pool_in_use": "Connections to the store that are taken",
    "is_draining": "1 while it gives its runs back",
    "is_listening": "PostgreSQL: 1 while hints come in",
}
_HOST_COUNTERS = {
    "claims": "Runs that it has claimed",
    "recoveries": "Claims of runs that another boot or actor had begun",
    "fenced_writes": "Commits that the guard refused; should be 0",
    "dead_letters": "Messages that nobody will handle",
}


async def answer_metrics(request: Request) -> Response:
    """Gather and encode; in OpenMetrics where the caller asks for it."""
    services = services_of(request.scope)
    health = await read_health(services, version=request.app.version)
    hosts: list[HostView] = []
    if health["runs"]:  # the store could be read
        async with services.store.readers.connect() as connection:
            hosts = await list_hosts(connection, limit=HOSTS_SHOWN, with_ended=False)
    watchers = await _read_watchers(services)
    begun = services.clock.monotonic()
    await asyncio.sleep(0)
    lag = services.clock.monotonic() - begun
    registry = CollectorRegistry()
    registry.register(_Collector([*_of_all(health), *_of_api(services, watchers, lag), *_of_hosts(hosts)]))
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    return Response(
        encode(registry), media_type=None, headers={"content-type": media_type, "cache-control": "no-store"}
    )


class _Collector:
    """Hands out what was gathered, once."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics


async def _read_watchers(services: Services) -> BroadcastReport | None:
    try:
        report: BroadcastReport = await ref_ask(services.broadcaster, Report(), ANSWER_SECONDS)
    except Exception:  # noqa: BLE001 - a boundary: figures of the others are given all the same
        return None
    return report


def _of_all(health: dict[str, Any]) -> Iterator[Metric]:
    """Figures of the store and of what is in it."""
    up = GaugeMetricFamily("fastgraph_health", "1 for the word that health says", labels=["status"])
    for status in ("ok", "degraded", "failing"):
        up.add_metric([status], float(health["status"] == status))
    yield up
    yield _gauge(
        "fastgraph_store_writable", "1 where a write went through just now", health["store"]["is_writable"]
    )
    yield _gauge(
        "fastgraph_store_write_seconds", "How long that write took", health["store"]["write_ms"] / 1000
    )
    runs = GaugeMetricFamily("fastgraph_runs", "Runs by status", labels=["status"])
    for status, count in health["runs"].items():
        runs.add_metric([status], count)
    yield runs
    yield _gauge(
        "fastgraph_stranded_runs",
        "Runs that execute by the store's account and have no living host: the red light",
        health["stranded_runs"],
    )
    yield _gauge(
        "fastgraph_oldest_queued_seconds",
        "Age of the oldest queued run",
        health["oldest_queued_seconds"] or 0.0,
    )
    alive = sum(bool(host["is_alive"]) for host in health["hosts"])
    yield _gauge("fastgraph_hosts_alive", "Hosts whose lease is good", alive)
    yield _gauge("fastgraph_hosts_lapsed", "Hosts whose lease has run out", len(health["hosts"]) - alive)


def _of_api(services: Services, watchers: BroadcastReport | None, lag: float) -> Iterator[Metric]:
    """Figures of this process."""
    yield _gauge("fastgraph_api_loop_lag_seconds", "How late this process's loop took a turn", lag)
    if watchers is not None:
        yield _gauge("fastgraph_watchers", "WebSockets and streams that are open here", watchers.sessions)
        yield _gauge("fastgraph_watchers_behind", "Those that are served from the log", watchers.behind)
    names = ["actor"]
    depth = GaugeMetricFamily("fastgraph_api_mailbox_depth", "Messages that wait", labels=names)
    oldest = GaugeMetricFamily("fastgraph_api_mailbox_oldest_seconds", "Age of the oldest", labels=names)
    handled = CounterMetricFamily("fastgraph_api_messages", "Messages handled", labels=names)
    refused = CounterMetricFamily("fastgraph_api_messages_refused", "Messages refused", labels=names)
    for ref in (services.writer_ref, services.broadcaster):
        report = report_of(ref)
        if report is not None:
            depth.add_metric([report.name], report.depth)
            oldest.add_metric([report.name], report.oldest_age_seconds or 0.0)
            handled.add_metric([report.name], report.processed)
            refused.add_metric([report.name], report.refused)
    yield from (depth, oldest, handled, refused)
    if services.keeper is not None:
        restarts = CounterMetricFamily("fastgraph_host_restarts", "Restarts by this keeper", labels=["index"])
        for kept in services.keeper.reports():
            restarts.add_metric([str(kept.index)], kept.restarts)
        yield restarts


def _of_hosts(hosts: Iterable[HostView]) -> Iterator[Metric]:
    """Figures from the hosts' heartbeats."""
    told = [(host, orjson.loads(host.report or b"{}")) for host in hosts]
    lease = GaugeMetricFamily(
        "fastgraph_host_lease_left_seconds", "Until others may take its runs", labels=["boot"]
    )
    for host, _ in told:
        lease.add_metric([host.boot_id], host.lease_left_seconds or 0.0)
    yield lease
    for name, text in _HOST_GAUGES.items():
        gauge = GaugeMetricFamily(f"fastgraph_host_{name}", text, labels=["boot"])
        for host, report in told:
            if report.get(name) is not None:
                gauge.add_metric([host.boot_id], float(report[name]))
        yield gauge
    for name, text in _HOST_COUNTERS.items():
        counter = CounterMetricFamily(f"fastgraph_host_{name}", text, labels=["boot"])
        for host, report in told:
            if report.get(name) is not None:
                counter.add_metric([host.boot_id], float(report[name]))
        yield counter
    yield from _of_mailboxes(told)
    yield _handling(told)


def _of_mailboxes(told: list[tuple[HostView, dict[str, Any]]]) -> Iterator[Metric]:
    names = ["boot", "actor"]
    depth = GaugeMetricFamily("fastgraph_mailbox_depth", "Messages that wait", labels=names)
    oldest = GaugeMetricFamily("fastgraph_mailbox_oldest_seconds", "Age of the oldest", labels=names)
    restarts = CounterMetricFamily("fastgraph_actor_restarts", "Restarts by its supervisor", labels=names)
    refused = CounterMetricFamily("fastgraph_messages_refused", "Messages refused", labels=names)
    for host, report in told:
        for actor in _walk(report.get("actors", [])):
            labels = [host.boot_id, str(actor["key"])]
            depth.add_metric(labels, actor["mailbox_depth"])
            oldest.add_metric(labels, actor.get("oldest_seconds") or 0.0)
            restarts.add_metric(labels, actor["restarts"])
            refused.add_metric(labels, actor.get("refused") or 0)
    yield from (depth, oldest, restarts, refused)


def _walk(actors: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for actor in actors:
        yield actor
        yield from _walk(actor.get("children", []))


def _handling(told: list[tuple[HostView, dict[str, Any]]]) -> Metric:
    """One histogram a host and kind of actor, of every second bucket of what was counted."""
    family = HistogramMetricFamily(
        "fastgraph_handling_seconds", "How long actors handled a message", labels=["boot", "kind"]
    )
    for host, report in told:
        for kind, timings in sorted(report.get("timings", {}).items()):
            counts = timings["counts"]
            buckets = [(f"{upper_seconds(n):.6g}", float(sum(counts[: n + 1]))) for n in _BUCKETS]
            buckets.append(("+Inf", float(sum(counts))))
            family.add_metric([host.boot_id, kind], buckets=buckets, sum_value=timings["busy_seconds"])
    return family


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(value))
