"""Hosts as operators see them: their rows, what they told with their last heartbeats, and more while somebody looks."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import orjson

from actors.runtime.timings import percentile_seconds
from api.actor_tree import HOST_PAGE, look_at_hosts
from api.encoding import moment
from api.services import Services
from fastgraph.clock import to_rfc3339
from fastgraph.database.hosts import HostView, find_host, list_hosts, list_workflows_of
from fastgraph.database.operators import HostCommandView, list_commands
from fastgraph.errors import NotFoundError

__all__ = ["encode_command", "handling_of", "milliseconds", "read_host", "read_hosts"]

_FIGURES = (
    *("loop_lag_seconds", "loop_lag_max_seconds", "rss_bytes", "descriptors", "threads", "busy_threads"),
    *("abandoned_threads", "task_processes", "blocked_loops", "wal_bytes", "pool_in_use", "fenced_writes"),
    *("claims", "recoveries", "dead_letters", "running_tasks", "is_draining", "is_listening"),
)


async def read_hosts(services: Services, *, with_ended: bool, limit: int) -> list[dict[str, Any]]:
    """Return the hosts, the living ones first and then the newest."""
    async with services.store.readers.connect() as connection:
        hosts = await list_hosts(connection, limit=limit)
    return [_host(host) for host in hosts if with_ended or host.ended_at is None]


async def read_host(services: Services, boot_id: str, *, wait_seconds: float) -> dict[str, Any]:
    """Return all that is known of one host, and let it tell more for a while. Raises NotFoundError."""
    look = await look_at_hosts(services, subtree=HOST_PAGE, first=0, wait_seconds=wait_seconds, only=boot_id)
    async with services.store.readers.connect() as connection:
        host = await find_host(connection, boot_id=boot_id)
        commands = await list_commands(connection, boot_id=boot_id)
        workflows = await list_workflows_of(connection, boot_id=boot_id)
    if host is None:
        raise NotFoundError(f"There is no host {boot_id}. GET /api/monitoring/hosts lists them.")
    watch = look.reports.get(boot_id)
    beat = orjson.loads(host.report or b"{}")
    full = orjson.loads(watch.report) if watch is not None and watch.report else {}
    return _host(host) | {
        "workflows": workflows,
        "handling": handling_of(full.get("timings") or beat.get("timings") or {}),
        "running": full.get("running", []),
        "letters": full.get("letters", []),
        "commands": [encode_command(command) for command in commands],
        "is_full": bool(full),
        "reported_at": moment(watch.reported_at if watch is not None else host.renewed_at),
    }


def handling_of(timings: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the handling times of each kind of actor, from a report's counts."""
    return [
        {
            "kind": kind,
            "handled": sum(told["counts"]),
            "busy_seconds": told["busy_seconds"],
            "p50_ms": milliseconds(percentile_seconds(told["counts"], 0.50)),
            "p95_ms": milliseconds(percentile_seconds(told["counts"], 0.95)),
            "p99_ms": milliseconds(percentile_seconds(told["counts"], 0.99)),
        }
        for kind, told in sorted(timings.items())
    ]


def milliseconds(seconds: float | None) -> float | None:
    """Return a time in ms, rounded to a microsecond."""
    return None if seconds is None else round(seconds * 1000, 3)


def encode_command(command: HostCommandView) -> dict[str, Any]:
    """Return a command in the shape of `HostCommand`."""
    facts = asdict(command)
    subject = f"{command.boot_id}.{command.subject}" if command.subject else command.boot_id
    return facts | {
        "subject": subject,
        "created_at": to_rfc3339(command.created_at),
        "done_at": moment(command.done_at),
    }


def _host(host: HostView) -> dict[str, Any]:
    report = orjson.loads(host.report or b"{}")
    return {
        "boot_id": host.boot_id,
        "pid": host.pid,
        "address": host.address,
        "version": host.version,
        "started_at": to_rfc3339(host.started_at),
        "renewed_at": to_rfc3339(host.renewed_at),
        "ended_at": moment(host.ended_at),
        "ended_reason": host.ended_reason,
        "is_alive": host.is_alive,
        "lease_left_seconds": host.lease_left_seconds,
        "active_runs": report.get("active_runs", 0) if host.ended_at is None else 0,
        "figures": {name: report[name] for name in _FIGURES if name in report},
    }
