"""What does not go on by itself, each with its reason and the command that mends it.

Stranded runs are the red light: executing by the store's account while no living host owns them. It is never guessed
from times of silence, only from rows: a lease that has run out, a claim that nobody holds.
"""

from __future__ import annotations

import shlex
from typing import Any

import orjson
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from api.services import Services
from fastgraph.clock import to_rfc3339
from fastgraph.database.hosts import HostView, list_hosts
from fastgraph.database.runs import count_stranded, find_run
from fastgraph.database.stuck import (
    StuckRun,
    StuckWorkflow,
    list_long_queued,
    list_quarantined,
    list_stranded,
    list_unserved,
)
from fastgraph.targets import split_targets

__all__ = ["LONG_QUEUED_SECONDS", "read_stuck"]

LONG_QUEUED_SECONDS = 60.0
HOSTS_LOOKED_AT = 100
HOST_COMMAND = ("fastgraph", "host")

Thing = dict[str, Any]


async def read_stuck(services: Services) -> dict[str, Any]:
    """Return the document of `/api/monitoring/stuck`."""
    async with services.store.readers.connect() as connection:
        hosts = await list_hosts(connection, limit=HOSTS_LOOKED_AT, with_ended=False)
        unserved = await list_unserved(connection)
        things = await _stranded(services, connection, hosts, unserved)
        things += await _others(services, connection, hosts, unserved)
        stranded = await count_stranded(connection)
    counts: dict[str, int] = {}
    for thing in things:
        counts[thing["kind"]] = counts.get(thing["kind"], 0) + 1
    if stranded:
        counts["stranded"] = stranded
    return {"is_red": stranded > 0, "counts": counts, "things": things}


async def _stranded(
    services: Services, connection: AsyncConnection, hosts: list[HostView], unserved: list[StuckWorkflow]
) -> list[Thing]:
    without_host = {found.workflow for found in unserved}
    is_anybody_alive = any(host.is_alive for host in hosts)
    return [
        _stranded_run(services, run, is_served=is_anybody_alive and run.workflow not in without_host)
        for run in await list_stranded(connection)
    ]


def _stranded_run(services: Services, run: StuckRun, *, is_served: bool) -> Thing:
    owner = f"its host {run.owner} has given no sign since then" if run.owner else "it has no host"
    if is_served:
        reason = f"It is executing by the store's account, but {owner}. A living host has its workflow and takes it up."
        return _thing("stranded", run, reason, f"fastgraph runs release {run.run_id}")
    reason = f"It is executing by the store's account, but {owner}, and no living host has workflow {run.workflow!r}."
    return _thing("stranded", run, reason, _host_command(services))


async def _others(
    services: Services, connection: AsyncConnection, hosts: list[HostView], unserved: list[StuckWorkflow]
) -> list[Thing]:
    now = services.clock.now()
    found = [_unserved(services, workflow) for workflow in unserved]
    found += [_blocked(host) for host in hosts if host.is_alive and _blocked_loops(host)]
    for run in await list_long_queued(connection, now=now, longer_than_seconds=LONG_QUEUED_SECONDS):
        shown = await find_run(connection, run_id=run.run_id)
        waits = (
            shown.waiting_for if shown is not None else None
        ) or "a free place on a host that has its workflow"
        reason = f"It has been queued for {(now - run.since).total_seconds():.0f} s and waits for {waits}."
        found.append(_thing("queued_too_long", run, reason, _host_command(services)))
    found += [_quarantined(run) for run in await list_quarantined(connection)]
    if not any(host.is_alive for host in hosts):
        found.append(_no_host(services))
    return found


def _unserved(services: Services, found: StuckWorkflow) -> Thing:
    runs = "1 run waits" if found.waiting == 1 else f"{found.waiting} runs wait"
    return {
        "kind": "no_workflow",
        "run_id": found.oldest_run_id,
        "workflow": found.workflow,
        "host": None,
        "since": to_rfc3339(found.since),
        "reason": f"{runs} for a host that has workflow {found.workflow!r}; no living one has it.",
        "command": _host_command(services),
    }


def _blocked(host: HostView) -> Thing:
    loops = _blocked_loops(host)
    return {
        "kind": "blocked_loop",
        "run_id": None,
        "workflow": None,
        "host": host.boot_id,
        "since": None,
        "reason": f"An async node blocks the loop that it shares with others ({loops} blocked); its run's console shows "
        "where. The others start again elsewhere; draining gets rid of the thread.",
        "command": f"fastgraph hosts drain {host.boot_id}",
    }


def _blocked_loops(host: HostView) -> int:
    return int(orjson.loads(host.report or b"{}").get("blocked_loops", 0))


def _quarantined(run: StuckRun) -> Thing:
    error = orjson.loads(run.error) if run.error else {}
    reason = str(error.get("message") or "It was quarantined.")
    return _thing("quarantined", run, reason, f"fastgraph runs retry {run.run_id}")


def _no_host(services: Services) -> Thing:
    return {
        "kind": "no_host",
        "run_id": None,
        "workflow": None,
        "host": None,
        "since": None,
        "reason": "No host is alive; runs are accepted and wait.",
        "command": _host_command(services),
    }


def _thing(kind: str, run: StuckRun, reason: str, command: str) -> Thing:
    return {
        "kind": kind,
        "run_id": run.run_id,
        "workflow": run.workflow,
        "host": run.owner,
        "since": to_rfc3339(run.since),
        "reason": reason,
        "command": command,
    }


def _host_command(services: Services) -> str:
    """The command that starts a host on this store; where the settings name no workflows, who types it adds theirs."""
    settings = services.settings
    if settings.database_url:
        place = f"FASTGRAPH_DATABASE_URL={shlex.quote(make_url(settings.database_url).render_as_string())}"
    else:
        place = f"FASTGRAPH_DATA_DIR={shlex.quote(str(settings.data_dir))}"
    targets = split_targets(settings.targets) if settings.targets else []
    return f"{place} {shlex.join([*HOST_COMMAND, *targets])}"
