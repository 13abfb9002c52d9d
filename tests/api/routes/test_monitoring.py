"""What operators are told over HTTP, and what becomes of what they ask, with a host that the test decides for."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.schemas.monitoring import Actor, Host, HostCommand, HostDetails, Readiness, Stuck
from fastgraph.clock import SystemClock
from fastgraph.database.host_records import RenewLease
from fastgraph.database.operator_records import FinishHostCommand, ReportActors
from fastgraph.database.operators import list_open_commands, list_watches
from fastgraph.errors import LostOwnershipError
from fastgraph.ids import new_id
from fastgraph.settings import Settings
from support.committed_runs import CommittingHost, workflow
from support.served_api import Api, calling
from support.waiting import until_async

pytestmark = pytest.mark.anyio

COUNTS = [0] * 48


def beat(api: Api, **told: Any) -> RenewLease:
    """Return a heartbeat of the test's host."""
    return RenewLease(boot_id=api.host.boot_id, lease_seconds=60.0, report=orjson.dumps(told))


async def watches(api: Api) -> list[tuple[str, int]]:
    async with api.services.store.readers.connect() as connection:
        found = await list_watches(connection, boot_id=api.host.boot_id)
    return [(watch.subtree, watch.first) for watch in found]


async def stuck(api: Api) -> dict[str, Any]:
    found: dict[str, Any] = (await api.http.get("/api/monitoring/stuck")).json()
    Stuck.model_validate(found)
    return found


async def test_readiness_is_apart_from_liveness(settings: Settings) -> None:
    async with calling(settings) as api:
        answer = await api.http.get("/api/monitoring/health/ready")
        assert answer.status_code == 503
        assert Readiness.model_validate(answer.json()).status == "not_ready"
        assert (await api.http.get("/api/monitoring/health/live")).status_code == 200
        await api.host.publish()
        answer = await api.http.get("/api/monitoring/health/ready")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok", "reasons": []})


async def test_looking_at_actors_is_a_watch_that_its_host_answers(api: Api) -> None:
    top = {"key": "supervisor", "kind": "RunSupervisor", "state": "idle", "mailbox_depth": 3, "restarts": 1}
    await api.services.writer.write(beat(api, actors=[top]))
    tree = (await api.http.get("/api/monitoring/actors?first=100")).json()
    Actor.model_validate(tree)
    host = tree["children"][1]
    assert (host["is_full"], host["children"][0]["mailbox_depth"]) == (False, 3)
    assert await watches(api) == [("", 100)]
    full = top | {
        "children": [{"key": new_id(), "kind": "RunActor", "epoch": 7, "child_count": 0}],
        "child_count": 150,
    }
    report = orjson.dumps({"actors": [full]})
    told = ReportActors(boot_id=api.host.boot_id, subtree="", first=100, report=report)
    assert await api.services.writer.write(told)
    tree = (await api.http.get("/api/monitoring/actors?first=100")).json()
    Actor.model_validate(tree)
    host = tree["children"][1]
    (supervisor,) = host["children"]
    (run,) = supervisor["children"]
    assert (host["is_full"], supervisor["child_count"], run["epoch"]) == (True, 150, 7)
    assert run["lease_left_seconds"] > 0
    other = await api.http.get("/api/monitoring/actors?first=0")
    assert not other.json()["children"][1]["is_full"]


async def test_a_watch_expires_when_nobody_looks_any_more(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.actor_tree.WATCH_SECONDS", 0.2)
    await api.http.get("/api/monitoring/actors")
    until_gone = until_async(lambda: _is_unwatched(api), what="the end of the watch")
    await until_gone
    told = ReportActors(boot_id=api.host.boot_id, subtree="", first=0, report=b"{}")
    await api.http.get("/api/monitoring/actors?first=1")  # whoever looks next takes old watches away
    assert not await api.services.writer.write(told)


async def _is_unwatched(api: Api) -> bool:
    return not await watches(api)


async def test_one_actor_is_found_by_its_id_and_others_are_404(api: Api) -> None:
    timekeeper = {
        "key": "timekeeper",
        "kind": "Timekeeper",
        "state": "busy",
        "mailbox_depth": 0,
        "restarts": 0,
    }
    await api.services.writer.write(beat(api, actors=[timekeeper]))
    path = f"/api/monitoring/actors/{api.host.boot_id}.timekeeper?wait_seconds=0"
    found = (await api.http.get(path)).json()
    Actor.model_validate(found)
    assert (found["id"], found["kind"]) == (f"{api.host.boot_id}.timekeeper", "Timekeeper")
    tree = (await api.http.get("/api/monitoring/actors")).json()
    writer = tree["children"][0]["children"][0]
    assert (await api.http.get(f"/api/monitoring/actors/{writer['id']}")).json()["kind"] == "Writer"
    for unknown in (f"{api.host.boot_id}.nope", f"{new_id()}.writer", "api-0", "..", "%00"):
        answer = await api.http.get(f"/api/monitoring/actors/{unknown}?wait_seconds=0")
        assert answer.status_code == 404, unknown


async def test_hosts_are_listed_with_what_their_last_heartbeats_told(api: Api) -> None:
    await api.services.writer.write(beat(api, active_runs=2, rss_bytes=1000, timings={}, actors=[]))
    (host,) = (await api.http.get("/api/monitoring/hosts")).json()
    Host.model_validate(host)
    assert (host["active_runs"], host["figures"]) == (2, {"rss_bytes": 1000})
    path = f"/api/monitoring/hosts/{api.host.boot_id}?wait_seconds=0"
    details = (await api.http.get(path)).json()
    HostDetails.model_validate(details)
    assert (details["workflows"], details["is_full"]) == (["text-report"], False)
    letters = [{"actor": "RunActor", "message": "TaskEnded", "at": "2026-01-02T03:04:05Z"}]
    counts = [*COUNTS[:4], 99, 1, *COUNTS[6:]]
    report = {
        "letters": letters,
        "running": [],
        "timings": {"RunActor": {"counts": counts, "busy_seconds": 2.0}},
    }
    told = ReportActors(boot_id=api.host.boot_id, subtree="host", first=0, report=orjson.dumps(report))
    assert await api.services.writer.write(told)
    details = (await api.http.get(path)).json()
    HostDetails.model_validate(details)
    assert [letter["message"] for letter in details["letters"]] == ["TaskEnded"]
    (times,) = details["handling"]
    assert (times["handled"], times["p50_ms"], times["p99_ms"]) == (100, 0.016, 0.016)
    await api.services.writer.write(api.host.died())
    assert (await api.http.get("/api/monitoring/hosts")).json() == []
    assert len((await api.http.get("/api/monitoring/hosts?with_ended=true")).json()) == 1
    assert (await api.http.get(f"/api/monitoring/hosts/{new_id()}")).status_code == 404


async def test_what_is_asked_of_a_host_waits_for_it_and_is_done_once(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.routes.operators.ANSWER_SECONDS", 0.05)
    boot = api.host.boot_id
    asked = await api.http.post(
        f"/api/monitoring/actors/{boot}.timekeeper/restart", json={"reason": "it is slow"}
    )
    assert asked.status_code == 202
    command = asked.json()
    HostCommand.model_validate(command)
    assert (command["outcome"], command["subject"]) == ("pending", f"{boot}.timekeeper")
    assert (command["reason"], command["requested_by"]) == ("it is slow", "loopback")
    async with api.services.store.readers.connect() as connection:
        (found,) = await list_open_commands(connection, boot_id=boot)
    finish = FinishHostCommand(
        command_id=found.command_id, outcome="done", answer="It is.", now=SystemClock().now()
    )
    assert await api.services.writer.write(finish)
    assert not await api.services.writer.write(finish)
    path = f"/api/monitoring/commands/{found.command_id}"
    answer = (await api.http.get(path)).json()
    HostCommand.model_validate(answer)
    assert (answer["outcome"], answer["answer"]) == ("done", "It is.")
    other = (await api.http.post(f"/api/monitoring/hosts/{boot}/drain")).json()
    await api.services.writer.write(api.host.died())
    lost = (await api.http.get(f"/api/monitoring/commands/{other['command_id']}")).json()
    assert (lost["outcome"], lost["done_at"]) == ("lost", None)
    assert (await api.http.get(f"/api/monitoring/commands/{new_id()}")).status_code == 404


async def test_nobody_is_asked_who_is_not_there(api: Api) -> None:
    tree = (await api.http.get("/api/monitoring/actors")).json()
    own = tree["children"][0]["children"][0]["id"]
    for path, status in (
        (f"hosts/{new_id()}/drain", 404),
        (f"actors/{new_id()}.writer/restart", 404),
        (f"actors/{own}/restart", 409),
        ("actors/nonsense/stop", 422),
    ):
        answer = await api.http.post(f"/api/monitoring/{path}")
        assert answer.status_code == status, answer.text
    await api.services.writer.write(api.host.died())
    assert (await api.http.post(f"/api/monitoring/hosts/{api.host.boot_id}/drain")).status_code == 409


async def test_each_thing_that_is_stuck_has_a_reason_and_a_command(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await stuck(api) == {"is_red": False, "counts": {}, "things": []}
    await api.host.publish(workflow(), workflow("other", is_default=False))
    run = await api.begin()
    bad = await api.create()
    await api.create(workflow="other")
    await api.http.post(f"/api/runs/{bad}/quarantine", json={"reason": "it kills"})
    await api.services.writer.write(api.host.died())
    second = CommittingHost(api.services.writer)
    await second.publish(workflow())
    await api.services.writer.write(
        RenewLease(boot_id=second.boot_id, lease_seconds=60.0, report=b'{"blocked_loops":1}')
    )
    monkeypatch.setattr("api.stuck.LONG_QUEUED_SECONDS", 0.0)
    waits = await api.create()
    found = await stuck(api)
    assert found["is_red"]
    things = {thing["kind"]: thing for thing in found["things"]}
    assert found["counts"] == dict.fromkeys(things, 1)
    assert things["stranded"]["command"] == f"fastgraph runs release {run.run_id}"
    assert "no living one has it" in things["no_workflow"]["reason"]
    assert things["no_workflow"]["command"].endswith(" fastgraph host")
    assert things["blocked_loop"]["command"] == f"fastgraph hosts drain {second.boot_id}"
    assert things["quarantined"]["reason"] == "it kills"
    assert things["queued_too_long"]["run_id"] == waits
    released = await api.http.post(f"/api/runs/{run.run_id}/release")
    assert released.status_code == 202
    assert run.run_id in [claimed.run_id for claimed in await second.claim()]
    assert not (await stuck(api))["is_red"]


async def test_what_operators_do_is_done_once_for_a_key_and_written_down(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.routes.operators.ANSWER_SECONDS", 0.0)
    run = await api.begin()
    boot, key = api.host.boot_id, {"idempotency-key": "once"}
    path = f"/api/monitoring/hosts/{boot}/drain"
    first = await api.http.post(path, json={"reason": "new cables"}, headers=key)
    again = await api.http.post(path, json={"reason": "new cables"}, headers=key)
    assert first.json()["command_id"] == again.json()["command_id"]
    async with api.services.store.readers.connect() as connection:
        assert len(await list_open_commands(connection, boot_id=boot)) == 1
    other = await api.http.post(f"/api/runs/{run.run_id}/release", headers=key)
    assert other.status_code == 409
    await api.http.post(f"/api/runs/{run.run_id}/release")
    await api.http.post(f"/api/runs/{run.run_id}/quarantine", json={"reason": "bad"})
    entries = (await api.http.get("/api/monitoring/audit")).json()
    assert [(entry["action"], entry["subject"], entry["reason"]) for entry in reversed(entries)] == [
        ("drain", f"host {boot}", "new cables"),
        ("release", f"run {run.run_id}", None),
        ("release", f"run {run.run_id}", None),
        ("quarantine", f"run {run.run_id}", "bad"),
    ]
    (thing,) = (await stuck(api))["things"]
    assert thing["kind"] == "quarantined"
    await api.http.post(f"/api/runs/{run.run_id}/discard")
    assert (await stuck(api))["things"] == []


async def test_a_run_is_taken_from_a_living_host_and_its_old_owner_writes_nothing_more(api: Api) -> None:
    run = await api.begin()
    assert (await api.http.post(f"/api/runs/{run.run_id}/release")).status_code == 202
    with pytest.raises(LostOwnershipError):
        await run.log("too late")
    assert api.services.store.fenced_writes == 1
    (again,) = await api.host.claim()
    assert (again.run_id, again.claimed.deaths) == (run.run_id, 0)
    await api.http.post(f"/api/runs/{run.run_id}/quarantine")
    for action in ("release", "quarantine"):
        assert (await api.http.post(f"/api/runs/{run.run_id}/{action}")).status_code == 409
        assert (await api.http.post(f"/api/runs/{new_id()}/{action}")).status_code == 404


@pytest.mark.parametrize("path", ["/metrics", "/api/monitoring/metrics"])
async def test_metrics_are_what_prometheus_reads(api: Api, path: str) -> None:
    counts = [*COUNTS[:6], 10, *COUNTS[7:]]
    timings = {"RunActor": {"counts": counts, "busy_seconds": 0.5}}
    actor = {"key": "supervisor", "kind": "RunSupervisor", "mailbox_depth": 4, "restarts": 2, "children": []}
    figures = {"loop_lag_seconds": 0.25, "fenced_writes": 3, "is_draining": True}
    await api.services.writer.write(beat(api, timings=timings, actors=[actor], **figures))
    await api.create()
    answer = await api.http.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    boot = ("boot", api.host.boot_id)
    assert samples["fastgraph_runs", (("status", "queued"),)] == 1
    assert samples["fastgraph_stranded_runs", ()] == 0
    assert samples["fastgraph_host_loop_lag_seconds", (boot,)] == 0.25
    assert samples["fastgraph_host_fenced_writes_total", (boot,)] == 3
    assert samples["fastgraph_host_is_draining", (boot,)] == 1
    assert samples["fastgraph_mailbox_depth", (("actor", "supervisor"), boot)] == 4
    assert samples["fastgraph_handling_seconds_count", (boot, ("kind", "RunActor"))] == 10
    assert samples["fastgraph_handling_seconds_sum", (boot, ("kind", "RunActor"))] == 0.5
    assert all(name.startswith("fastgraph_") for name, _ in samples)
    open_metrics = await api.http.get(path, headers={"accept": "application/openmetrics-text"})
    assert open_metrics.text.endswith("# EOF\n")
