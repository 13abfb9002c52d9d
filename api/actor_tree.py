"""The tree of actors over all processes: this one's own, and what each living host told with its last heartbeat."""

from __future__ import annotations

import os
from typing import Any

import orjson
import pykka

from actors.host.keeper import HostReport
from actors.runtime.report import report_of
from api.services import Services
from fastgraph.database.hosts import HostView, list_hosts

__all__ = ["read_tree"]

HOSTS_SHOWN = 100


async def read_tree(services: Services) -> dict[str, Any]:
    """Return the root; its children are the processes."""
    async with services.store.readers.connect() as connection:
        hosts = [host for host in await list_hosts(connection, limit=HOSTS_SHOWN) if host.ended_at is None]
    children = [_api(services), *(_host(host) for host in hosts)]
    return _node("system", "System", "busy", children=children)


def _api(services: Services) -> dict[str, Any]:
    children = [_own("writer", services.writer_ref), _own("broadcaster", services.broadcaster)]
    if services.keeper is not None:
        children.append(_keeper(services.keeper.reports()))
    return _node(f"api-{os.getpid()}", "ApiProcess", "busy", children=children)


def _own(key: str, ref: pykka.ActorRef[Any]) -> dict[str, Any]:
    report = report_of(ref)
    if report is None:
        return _node(key, ref.actor_class.__name__, "busy" if ref.is_alive() else "stopped")
    return _node(key, report.name, str(report.state), mailbox_depth=report.depth)


def _keeper(reports: list[HostReport]) -> dict[str, Any]:
    kept = [
        _node(f"host-{report.index}", "HostProcess", report.state, restarts=report.restarts)
        for report in reports
    ]
    return _node("keeper", "Keeper", "busy", children=kept)


def _host(host: HostView) -> dict[str, Any]:
    report = orjson.loads(host.report) if host.report else {}
    actors = [_reported(actor) for actor in report.get("actors", [])]
    return _node(host.boot_id, "Host", "busy" if host.is_alive else "stopped", children=actors)


def _reported(actor: dict[str, Any]) -> dict[str, Any]:
    return _node(
        str(actor.get("key", "")),
        str(actor.get("kind", "Actor")),
        str(actor.get("state", "busy")),
        mailbox_depth=int(actor.get("mailbox_depth", 0)),
        restarts=int(actor.get("restarts", 0)),
        children=[_reported(child) for child in actor.get("children", [])],
    )


def _node(
    key: str,
    kind: str,
    state: str,
    *,
    mailbox_depth: int = 0,
    restarts: int = 0,
    children: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    return {
        "key": key,
        "kind": kind,
        "state": state,
        "mailbox_depth": mailbox_depth,
        "restarts": restarts,
        "children": children or [],
    }
