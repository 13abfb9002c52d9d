"""Health: what the store, the hosts and this process say of themselves, and one word for all of it.

`failing` until the store can be written and some host has published its workflows, now or before; `degraded` where work
waits that nobody will do soon. Every reason is a sentence. How the store and its disk do is found out in `store_health.py`.
"""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy.exc import SQLAlchemyError

from actors.runtime.report import report_of
from api.services import Services
from api.store_health import doubts_about_store, faults_of_store, probe_store
from fastgraph.clock import to_rfc3339
from fastgraph.database.hosts import HostView, list_hosts
from fastgraph.database.pausing import read_pauses
from fastgraph.database.runs import count_by_status, count_stranded, find_oldest_queued
from fastgraph.errors import StoreError

__all__ = ["read_health", "read_readiness"]

LONG_QUEUED_SECONDS = 60.0
HOSTS_SHOWN = 100


async def read_health(services: Services, *, version: str) -> dict[str, Any]:
    """Return the health document; never raises for a store that does not answer."""
    reasons: list[str] = []
    facts: dict[str, Any] = {"hosts": [], "runs": {}, "oldest_queued_seconds": None, "stranded_runs": 0}
    facts |= {"is_paused": False, "paused_workflows": []}
    store = await probe_store(services)
    status = "ok"
    if store["error"]:  # what can't be reached is not read either: that would take as long again
        status = "failing"
        reasons.extend(faults_of_store(store))
    else:
        reasons.extend(doubts_about_store(store))
        try:
            facts |= await _read_facts(services)
            status = await _judge(services, facts, reasons)
        except (StoreError, SQLAlchemyError) as error:
            status = "failing"
            reasons.append(f"The store can't be read: {type(error).__name__}")
        faults = faults_of_store(store, facts["hosts"])
        if faults:
            status = "failing"
            reasons[:0] = faults
    return {
        "status": status,
        "reasons": reasons,
        "store": store,
        **facts,
        "actors": _actors(services),
        "version": version,
    }


async def read_readiness(services: Services) -> dict[str, Any]:
    """Return whether requests should come here: the store takes a write, and workflows are published."""
    store = await probe_store(services)
    reasons = faults_of_store(store)
    if not reasons:
        try:
            if not await services.workflows.list_workflows():
                reasons.append("No host has published its workflows to this store yet.")
        except (StoreError, SQLAlchemyError) as error:
            reasons.append(f"The store can't be read: {type(error).__name__}")
    return {"status": "not_ready" if reasons else "ok", "reasons": reasons}


async def _read_facts(services: Services) -> dict[str, Any]:
    async with services.store.readers.connect() as connection:
        hosts = await list_hosts(connection, limit=HOSTS_SHOWN, with_ended=False)
        counts = await count_by_status(connection)
        oldest = await find_oldest_queued(connection)
        stranded = await count_stranded(connection)
        pauses = await read_pauses(connection)
    age = None if oldest is None else max(0.0, (services.clock.now() - oldest.created_at).total_seconds())
    return {
        "hosts": [_host(host) for host in hosts],
        "runs": {str(status): count for status, count in counts.items()},
        "oldest_queued_seconds": None if age is None else round(age, 3),
        "stranded_runs": stranded,
        "is_paused": pauses.is_server_paused,
        "paused_workflows": sorted(pauses.workflows),
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
