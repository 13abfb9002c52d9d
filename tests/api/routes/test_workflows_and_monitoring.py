"""What can be run, and whether it is well."""

import asyncio

import pytest
from sqlalchemy import insert
from structlog.testing import capture_logs

from api.schemas.monitoring import Actor, Health
from api.schemas.workflows import ClearedCache, Workflow
from fastgraph.database.node_cache import namespace_text
from fastgraph.database.tables import node_cache
from fastgraph.settings import Settings
from support.committed_runs import workflow
from support.served_api import Api, calling

pytestmark = pytest.mark.anyio


async def test_workflows_are_shown_with_schema_graph_and_picture(api: Api) -> None:
    await api.host.publish(workflow(), workflow("other", is_default=False))
    for path in ("/api/workflows", "/api/workflows/"):
        answer = await api.http.get(path)
        assert [found["name"] for found in answer.json()] == ["other", "text-report"]
        assert answer.headers["x-total-count"] == "2"
    for path in ("/api/workflows/text-report", "/api/workflows/text-report/"):
        shown = (await api.http.get(path)).json()
    Workflow.model_validate(shown)
    assert set(shown) == set(Workflow.model_fields)
    assert (shown["is_default"], shown["hosts"]) == (True, 1)
    assert shown["input_schema"]["type"] == "object"
    assert [node["id"] for node in shown["graph"]["nodes"]] == ["parse", "report"]


async def test_the_cache_of_a_workflow_is_cleared(api: Api) -> None:
    assert (await api.http.delete("/api/workflows/nope/cache")).status_code == 404
    row = {"value": b"{}", "created_at": 1}
    with api.services.store.writer.begin() as connection:
        for node, workflow_name in (("a_b", "text-report"), ("b", "text-report"), ("b", "other")):
            place = namespace_text(workflow_name, ("x", node))
            connection.execute(insert(node_cache).values(namespace=place, key="1", **row))
    path = "/api/workflows/text-report/cache"
    answer = await api.http.delete(path, params={"node": "b"})
    assert ClearedCache.model_validate(answer.json()).cleared == 1
    assert (await api.http.delete(path)).json() == {"cleared": 1}
    assert (await api.http.delete(path)).json() == {"cleared": 0}


async def test_an_unknown_workflow_is_404_with_the_names_that_exist(api: Api) -> None:
    answer = await api.http.get("/api/workflows/nope")
    assert answer.status_code == 404
    assert answer.json()["known"] == ["text-report"]


async def test_a_run_that_comes_before_the_first_host_waits_for_it(settings: Settings) -> None:
    async with calling(settings) as api:
        creating = asyncio.create_task(api.create())
        await asyncio.sleep(0)
        await api.host.publish()
        run_id = await creating
        assert (await api.http.get(f"/api/runs/{run_id}")).json()["workflow"] == "text-report"


async def test_a_store_without_hosts_is_503_after_some_patience(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.workflow_registry.PATIENCE_SECONDS", 0.05)
    async with calling(settings) as api:
        answer = await api.http.post("/api/runs/", json={"name": "x"})
        assert answer.status_code == 503
        assert "retry-after" in answer.headers
        assert "fastgraph host" in answer.json()["detail"]
        assert (await api.http.get("/api/workflows/x")).status_code == 404


async def test_without_a_default_the_request_must_name_one(settings: Settings) -> None:
    async with calling(settings) as api:
        await api.host.publish(workflow(is_default=False))
        answer = await api.http.post("/api/runs/", json={"name": "x"})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "workflow"
        assert "text-report" in answer.json()["detail"]


async def test_the_default_of_the_settings_wins(settings: Settings) -> None:
    async with calling(settings.model_copy(update={"default_workflow": "other"})) as api:
        await api.host.publish(workflow(), workflow("other", is_default=False))
        run_id = await api.create()
        assert (await api.http.get(f"/api/runs/{run_id}")).json()["workflow"] == "other"


async def test_health_is_failing_until_a_host_has_published_and_then_ok(settings: Settings) -> None:
    async with calling(settings) as api:
        answer = await api.http.get("/api/monitoring/health")
        assert answer.status_code == 503
        assert answer.json()["status"] == "failing"
        assert (await api.http.get("/api/monitoring/health/live/")).status_code == 200
        await api.host.publish()
        await api.create()
        answer = await api.http.get("/api/monitoring/health/")
    assert answer.status_code == 200
    health = answer.json()
    Health.model_validate(health)
    assert (health["status"], health["reasons"]) == ("ok", [])
    assert health["store"]["is_writable"]
    assert health["runs"]["queued"] == 1
    assert health["oldest_queued_seconds"] >= 0
    (host,) = health["hosts"]
    assert (host["boot_id"], host["is_alive"], host["active_runs"]) == (api.host.boot_id, True, 0)
    assert health["version"]


async def test_health_is_degraded_while_a_run_has_no_living_host(settings: Settings) -> None:
    async with calling(settings) as api:
        await api.host.publish()
        await api.begin()
        await api.services.writer.write(api.host.died())
        health = (await api.http.get("/api/monitoring/health")).json()
        assert health["status"] == "degraded"
        assert any("No host is alive" in reason for reason in health["reasons"])


async def test_health_is_failing_when_the_store_can_not_be_written(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.store_health.PROBE_SECONDS", 0.05)
    async with calling(settings) as api:
        await api.host.publish()
        await asyncio.to_thread(api.services.writer_ref.stop, block=True)
        answer = await api.http.get("/api/monitoring/health")
        assert answer.status_code == 503
        assert not answer.json()["store"]["is_writable"]
        created = await api.http.post("/api/runs/", json={"name": "x"})
        assert created.status_code == 503


@pytest.mark.parametrize("table", ["workflows", "runs"])
async def test_health_tells_of_a_store_that_can_be_written_and_not_read(
    settings: Settings, table: str
) -> None:
    async with calling(settings) as api:
        await api.host.publish()
        with api.services.store.writer.begin() as connection:
            connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO elsewhere")
        answer = await api.http.get("/api/monitoring/health")
        health = answer.json()
        Health.model_validate(health)
        assert (answer.status_code, health["status"]) == (503, "failing")
        assert health["reasons"] == ["The store can't be read: OperationalError"]
        assert health["store"]["is_writable"]


async def test_what_the_store_said_is_in_the_log_and_not_in_the_answer(settings: Settings) -> None:
    async with calling(settings) as api:
        with api.services.store.writer.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE runs RENAME TO elsewhere")
        with capture_logs() as logs:
            answer = await api.http.get("/api/runs/")
        assert answer.status_code == 503
        assert "no such table" not in answer.text
        [said] = [entry for entry in logs if entry["event"] == "store did not answer as it should"]
        assert "no such table: runs" in said["error"]
        assert said["request_id"] == answer.json()["request_id"]


async def test_the_tree_of_actors_holds_this_process_and_its_hosts(api: Api) -> None:
    tree = (await api.http.get("/api/monitoring/actors/")).json()
    Actor.model_validate(tree)
    process, host = tree["children"]
    assert process["kind"] == "ApiProcess"
    assert [child["key"] for child in process["children"]] == ["writer", "broadcaster"]
    assert (host["key"], host["kind"]) == (api.host.boot_id, "Host")
