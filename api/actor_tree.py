"""The tree of actors over all processes: this one's own, and what each living host told.

A host tells the top of its tree with each heartbeat, and all of it, page by page, while somebody looks: looking writes a
watch, which the host finds at its next beat and answers until it expires. Nobody has to take a watch back.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import pykka

from actors.host.keeper import HostReport
from actors.host.report import describe_actor
from actors.runtime.report import report_of
from api.encoding import moment
from api.services import Services
from fastgraph.database.hosts import HostView, list_hosts
from fastgraph.database.operator_records import WatchActors
from fastgraph.database.operators import ActorWatch, find_reports
from fastgraph.errors import NotFoundError

__all__ = ["HOST_PAGE", "WATCH_SECONDS", "Look", "find_actor", "look_at_hosts", "read_tree", "split_actor_id"]

HOSTS_SHOWN = 100
WATCH_SECONDS = 15.0  # a client that polls more often than that keeps its watch alive
HOST_PAGE = "host"  # the subtree that is the host itself: its running tasks and dead letters
FIRST_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Living hosts, and their full reports of one part of their actors where they have given one."""

    hosts: tuple[HostView, ...]
    reports: Mapping[str, ActorWatch]


async def look_at_hosts(
    services: Services, *, subtree: str, first: int, wait_seconds: float, only: str | None = None
) -> Look:
    """Watch a part of the hosts' actors for a while, and return what there is; wait so long for those that have told
    nothing yet."""
    async with services.store.readers.connect() as connection:
        listed = await list_hosts(connection, limit=HOSTS_SHOWN)
    hosts = tuple(host for host in listed if host.ended_at is None and only in {None, host.boot_id})
    watched = [host.boot_id for host in hosts if host.is_alive]
    if watched:
        await services.writer.write(
            WatchActors(boot_ids=tuple(watched), subtree=subtree, first=first, watch_seconds=WATCH_SECONDS)
        )
    until = services.clock.monotonic() + wait_seconds
    while True:
        async with services.store.readers.connect() as connection:
            reports = await find_reports(connection, boot_ids=watched, subtree=subtree, first=first)
        if len(reports) == len(watched) or services.clock.monotonic() >= until:
            return Look(hosts=hosts, reports=reports)
        await asyncio.sleep(FIRST_LOOK_SECONDS)


async def read_tree(services: Services, *, first: int, wait_seconds: float) -> dict[str, Any]:
    """Return the root; its children are the processes. `first` is the place of the first run of each host that is
    shown."""
    look = await look_at_hosts(services, subtree="", first=first, wait_seconds=wait_seconds)
    children = [_api(services), *(_host(host, look.reports.get(host.boot_id)) for host in look.hosts)]
    return _node("system", key="system", kind="System", children=children)


async def find_actor(services: Services, actor_id: str, *, first: int, wait_seconds: float) -> dict[str, Any]:
    """Return one actor with those it supervises. Raises NotFoundError."""
    process, key = split_actor_id(actor_id)
    if process == _api_id():
        tree = _api(services)
    else:
        look = await look_at_hosts(
            services, subtree=key, first=first, wait_seconds=wait_seconds, only=process
        )
        if not look.hosts:
            raise NotFoundError(
                f"There is no living process {process}. GET /api/monitoring/actors lists them."
            )
        (host,) = look.hosts
        tree = _host(host, look.reports.get(host.boot_id))
    for found in _walk(tree):
        if found["id"] == actor_id:
            return found
    raise NotFoundError(
        f"There is no actor {actor_id}. It may have ended, or its host has not told of it yet; ask again in a second."
    )


def split_actor_id(actor_id: str) -> tuple[str, str]:
    """Return the process of an actor, and its place in the tree of it: empty for the process itself."""
    process, _, key = actor_id.partition(".")
    return process, key


def _walk(tree: dict[str, Any]) -> Iterable[dict[str, Any]]:
    yield tree
    for child in tree["children"]:
        yield from _walk(child)


def _api_id() -> str:
    return f"api-{os.getpid()}"


def _api(services: Services) -> dict[str, Any]:
    children = [_own("writer", services.writer_ref), _own("broadcaster", services.broadcaster)]
    if services.keeper is not None:
        children.append(_keeper(services.keeper.reports()))
    return _node(_api_id(), key=_api_id(), kind="ApiProcess", children=children)


def _own(key: str, ref: pykka.ActorRef[Any]) -> dict[str, Any]:
    place = f"{_api_id()}.{key}"
    report = report_of(ref)
    if report is None:
        state = "busy" if ref.is_alive() else "stopped"
        return _node(place, key=key, kind=ref.actor_class.__name__, state=state)
    return _reported(describe_actor(report, key=key), process=_api_id(), host=None)


def _keeper(reports: list[HostReport]) -> dict[str, Any]:
    place = f"{_api_id()}.keeper"
    kept = [
        _node(
            f"{place}-{report.index}",
            key=f"host-{report.index}",
            kind="HostProcess",
            state=report.state,
            restarts=report.restarts,
            last_error=f"ended with {report.last_exit}" if report.last_exit else None,
        )
        for report in reports
    ]
    return _node(place, key="keeper", kind="Keeper", children=kept)


def _host(host: HostView, watch: ActorWatch | None) -> dict[str, Any]:
    full = watch.report if watch is not None else None
    report = orjson.loads(full or host.report or b"{}")
    actors = [_reported(actor, process=host.boot_id, host=host.boot_id) for actor in report.get("actors", [])]
    tree = _node(
        host.boot_id,
        key=host.boot_id,
        kind="Host",
        state="busy" if host.is_alive else "stopped",
        host=host.boot_id,
        is_full=full is not None,
        reported_at=moment(watch.reported_at if watch is not None else host.renewed_at),
        children=actors,
    )
    for actor in _walk(tree):  # the lease of a host is that of all its runs
        if actor is tree or actor["kind"] == "RunActor":
            actor["lease_left_seconds"] = host.lease_left_seconds
    return tree


def _reported(actor: dict[str, Any], *, process: str, host: str | None) -> dict[str, Any]:
    children = [_reported(child, process=process, host=host) for child in actor.get("children", [])]
    facts = {name: value for name, value in actor.items() if name not in {"children", "kind", "key"}}
    key = str(actor.get("key", ""))
    return _node(
        f"{process}.{key}",
        key=key,
        kind=str(actor.get("kind", "Actor")),
        host=host,
        children=children,
        **facts,
    )


def _node(
    actor_id: str, *, key: str, kind: str, children: list[dict[str, Any]] | None = None, **facts: Any
) -> dict[str, Any]:
    return {
        "id": actor_id,
        "key": key,
        "kind": kind,
        "state": "busy",
        "mailbox_depth": 0,
        "restarts": 0,
        "child_count": len(children or ()),
        **facts,
        "children": children or [],
    }
