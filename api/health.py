"""Health: what the store, the hosts and this process say of themselves, and one word for all of it.

`failing` until the store can be written and some host has published its workflows, now or before; `degraded` where work
waits that nobody will do soon. Every reason is a sentence. The probe of the store is a real write through the Writer,
of nothing: what it goes through is what a new run goes through.
"""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pykka
from sqlalchemy.exc import SQLAlchemyError

from actors.runtime.report import report_of
from api.services import Services
from fastgraph.clock import to_rfc3339
from fastgraph.database.host_records import RenewLease
from fastgraph.database.hosts import HostView, list_hosts
from fastgraph.database.runs import count_by_status, count_stranded, find_oldest_queued
from fastgraph.errors import FastGraphError

__all__ = ["read_health"]

PROBE_SECONDS = 3.0
LONG_QUEUED_SECONDS = 60.0
HOSTS_SHOWN = 100

# Renewing the lease of a boot that does not exist changes no row.
_PROBE = RenewLease(boot_id="", lease_seconds=0.0, report=b"{}")


async def read_health(services: Services, *, version: str) -> dict[str, Any]:
    """Return the health document; never raises for a store that does not answer."""
    reasons: list[str] = []
    facts: dict[str, Any] = {"hosts": [], "runs": {}, "oldest_queued_seconds": None, "stranded_runs": 0}
    store = await _probe_store(services)
    status = "ok"
    if not store["is_writable"]:
        status = "failing"
        reasons.append(f"The store can't be written: {store['error']}")
    else:
        try:
            facts |= await _read_facts(services)
        except SQLAlchemyError as error:
            status = "failing"
            reasons.append(f"The store can't be read: {type(error).__name__}")
        else:
            status = await _judge(services, facts, reasons)
    return {
        "status": status,
        "reasons": reasons,
        "store": store,
        **facts,
        "actors": _actors(services),
        "version": version,
    }


async def _probe_store(services: Services) -> dict[str, Any]:
    begun = services.clock.monotonic()
    error = None
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await services.writer.write(_PROBE)
    except TimeoutError:
        error = f"a write did not end within {PROBE_SECONDS:g} s"
    except (FastGraphError, SQLAlchemyError, pykka.ActorDeadError) as raised:
        error = str(raised)
    return {
        "kind": services.store.readers.dialect.name,
        "is_writable": error is None,
        "write_ms": round((services.clock.monotonic() - begun) * 1000, 3),
        "error": error,
    }


async def _read_facts(services: Services) -> dict[str, Any]:
    async with services.store.readers.connect() as connection:
        hosts = [host for host in await list_hosts(connection, limit=HOSTS_SHOWN) if host.ended_at is None]
        counts = await count_by_status(connection)
        oldest = await find_oldest_queued(connection)
        stranded = await count_stranded(connection)
    age = None if oldest is None else max(0.0, (services.clock.now() - oldest.created_at).total_seconds())
    return {
        "hosts": [_host(host) for host in hosts],
        "runs": {str(status): count for status, count in counts.items()},
        "oldest_queued_seconds": None if age is None else round(age, 3),
        "stranded_runs": stranded,
    }


async def _judge(services: Services, facts: dict[str, Any], reasons: list[str]) -> str:
    """Say `ok`, `degraded` or `failing` for a store that answers, and why."""
    has_workflows = bool(await services.workflows.list_workflows())
    if not has_workflows:
        reasons.append("No host has published its workflows to this store yet.")
    reasons.extend(_hosts_that_fail(services))
    lapsed = [host["boot_id"] for host in facts["hosts"] if not host["is_alive"]]
    if len(lapsed) == len(facts["hosts"]):
        reasons.append("No host is alive; runs are accepted and wait.")
    reasons.extend(f"The lease of host {boot_id} has run out." for boot_id in lapsed)
    stranded, age = facts["stranded_runs"], facts["oldest_queued_seconds"]
    if stranded:
        reasons.append(f"{stranded} runs are executing by the store's account and have no living host.")
    if age is not None and age > LONG_QUEUED_SECONDS:
        reasons.append(f"A run has been queued for {age:.0f} s.")
    if not has_workflows:
        return "failing"
    return "degraded" if reasons else "ok"


def _hosts_that_fail(services: Services) -> list[str]:
    """Tell of the hosts that this server keeps and that do not stay up."""
    if services.keeper is None:
        return []
    return [
        f"Host {kept.index} of this server has ended with {kept.last_exit} and is started again."
        for kept in services.keeper.reports()
        if kept.restarts and kept.state != "ready"
    ]


def _host(host: HostView) -> dict[str, Any]:
    report = orjson.loads(host.report) if host.report else {}
    return {
        "boot_id": host.boot_id,
        "pid": host.pid,
        "started_at": to_rfc3339(host.started_at),
        "is_alive": host.is_alive,
        "active_runs": report.get("active_runs", 0),
        "address": host.address,
        "version": host.version,
        "report": {name: value for name, value in report.items() if name != "actors"},
    }


def _actors(services: Services) -> dict[str, Any]:
    """Tell of this process's actors; a host's are in its own report."""
    counts: dict[str, Any] = {}
    for ref in (services.broadcaster, services.writer_ref):
        report = report_of(ref)
        if report is not None:
            counts[report.name] = {"state": str(report.state), "mailbox_depth": report.depth}
    return counts
