"""The application as a whole: its document, its pages, its policy, its beginning and its end."""

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from httpx import ASGITransport, AsyncClient
from starlette.applications import Starlette
from websockets.asyncio.client import connect

from api.dashboard import dashboard_routes
from api.main import create_app
from fastgraph.settings import Settings
from support.ports import free_port
from support.programs import ProgramStarter
from support.served_api import Api, calling

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]

OPERATIONS = {
    "create_run": "POST /api/runs/",
    "list_runs": "GET /api/runs/",
    "get_run": "GET /api/runs/{run_id}",
    "delete_run": "DELETE /api/runs/{run_id}",
    "cancel_run": "POST /api/runs/{run_id}/cancel",
    "resume_run": "POST /api/runs/{run_id}/resume",
    "send_signal": "POST /api/runs/{run_id}/signals/{name}",
    "list_events": "GET /api/runs/{run_id}/events",
    "get_event_update": "GET /api/runs/{run_id}/events/{seq}/update",
    "get_run_state": "GET /api/runs/{run_id}/state",
    "list_checkpoints": "GET /api/runs/{run_id}/checkpoints",
    "get_thread_state": "GET /api/threads/{thread_id}/state",
    "update_thread_state": "POST /api/threads/{thread_id}/state",
    "list_thread_history": "GET /api/threads/{thread_id}/history",
    "list_thread_runs": "GET /api/threads/{thread_id}/runs",
    "list_interrupts": "GET /api/interrupts",
    "list_run_artifacts": "GET /api/runs/{run_id}/artifacts",
    "upload_artifact": "POST /api/artifacts",
    "list_artifacts": "GET /api/artifacts",
    "download_artifact": "GET /api/artifacts/{artifact_id}",
    "put_item": "PUT /api/store/items",
    "get_item": "GET /api/store/items",
    "delete_item": "DELETE /api/store/items",
    "search_items": "POST /api/store/items/search",
    "list_namespaces": "POST /api/store/namespaces",
    "list_workflows": "GET /api/workflows",
    "get_workflow": "GET /api/workflows/{name}",
    "clear_cache": "DELETE /api/workflows/{name}/cache",
    "list_versions": "GET /api/workflows/{name}/versions",
    "check_published_version": "GET /api/workflows/{name}/check",
    "check_version": "POST /api/workflows/{name}/check",
    "migrate_runs": "POST /api/workflows/{name}/migrate",
    "get_health": "GET /api/monitoring/health",
    "get_liveness": "GET /api/monitoring/health/live",
    "get_actors": "GET /api/monitoring/actors",
    "pause_run": "POST /api/runs/{run_id}/pause",
    "unpause_run": "POST /api/runs/{run_id}/unpause",
    "terminate_run": "POST /api/runs/{run_id}/terminate",
    "discard_run": "POST /api/runs/{run_id}/discard",
    "retry_run": "POST /api/runs/{run_id}/retry",
    "fork_run": "POST /api/runs/{run_id}/fork",
    "keep_run": "POST /api/runs/{run_id}/keep",
    "unkeep_run": "POST /api/runs/{run_id}/unkeep",
    "link_artifact": "POST /api/artifacts/{artifact_id}/link",
    "pause_workflow": "POST /api/workflows/{name}/pause",
    "unpause_workflow": "POST /api/workflows/{name}/unpause",
    "pause_server": "POST /api/monitoring/pause",
    "unpause_server": "POST /api/monitoring/unpause",
    "list_paused": "GET /api/monitoring/pauses",
    "list_commands": "GET /api/monitoring/audit",
    "get_caller": "GET /api/keys/me",
    "list_api_keys": "GET /api/keys",
    "create_api_key": "POST /api/keys",
    "revoke_api_key": "DELETE /api/keys/{key_id}",
    "get_readiness": "GET /api/monitoring/health/ready",
    "get_actor": "GET /api/monitoring/actors/{actor_id}",
    "list_hosts": "GET /api/monitoring/hosts",
    "get_host": "GET /api/monitoring/hosts/{boot_id}",
    "get_stuck": "GET /api/monitoring/stuck",
    "get_host_command": "GET /api/monitoring/commands/{command_id}",
    "get_metrics": "GET /api/monitoring/metrics",
    "restart_actor": "POST /api/monitoring/actors/{actor_id}/restart",
    "stop_actor": "POST /api/monitoring/actors/{actor_id}/stop",
    "dump_stack": "POST /api/monitoring/actors/{actor_id}/dump-stack",
    "drain_host": "POST /api/monitoring/hosts/{boot_id}/drain",
    "quarantine_run": "POST /api/runs/{run_id}/quarantine",
    "release_run": "POST /api/runs/{run_id}/release",
}


def test_operation_ids_stand_still_for_generated_clients() -> None:
    document = create_app(Settings(hosts=0)).openapi()
    found = {
        operation["operationId"]: f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    assert found == OPERATIONS


def test_every_operation_answers_its_errors_as_problems_and_every_reference_leads_somewhere() -> None:
    document = create_app(Settings(hosts=0)).openapi()
    for operations in document["paths"].values():
        for operation in operations.values():
            assert "422" not in operation["responses"]
            assert "application/problem+json" in operation["responses"]["default"]["content"]
    text = json.dumps(document)
    for name in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert name in document["components"]["schemas"], name
    body = document["paths"]["/api/runs/"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/CreateRun"}


def test_the_dashboards_copy_of_the_document_is_this_one() -> None:
    written = subprocess.run([sys.executable, "-m", "api.openapi"], cwd=ROOT, capture_output=True, check=True)
    assert json.loads(written.stdout) == json.loads((ROOT / "frontend" / "openapi.json").read_text())


def test_importing_the_application_opens_nothing_and_reads_no_setting(tmp_path: Path) -> None:
    code = "import api.main, sys; assert 'app' not in vars(api.main); from api.main import app; print(type(app).__name__)"
    environment = {"FASTGRAPH_PORT": "no number", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert "FASTGRAPH_PORT" in done.stderr
    environment = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "FastAPI\n", done.stderr
    assert list(tmp_path.iterdir()) == []


async def test_an_unknown_path_of_the_api_is_a_problem_and_never_the_dashboard(api: Api) -> None:
    for path in ("/api", "/api/", "/api/nope", "/api/runs/x/y/z", "/api/v2/runs/"):
        answer = await api.http.get(path)
        assert answer.status_code == 404, path
        assert answer.headers["content-type"] == "application/problem+json"
    answer = await api.http.put("/api/runs/")
    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/problem+json"
    assert "allow" in answer.headers


async def test_both_pages_of_documentation_work_without_a_cdn(api: Api) -> None:
    for page, library in (("/docs", "swagger-ui-bundle.js"), ("/redoc", "redoc.standalone.js")):
        answer = await api.http.get(page)
        assert answer.status_code == 200
        assert "https://" not in answer.text
        assert "http://" not in answer.text
        assert (
            "'unsafe-inline'"
            not in answer.headers["content-security-policy"].split("script-src")[1].split(";")[0]
        )
        assert "<script>" not in answer.text
        assert library in answer.text
        for name in (library, "start-swagger.js", "start-redoc.js", "swagger-ui.css"):
            file = await api.http.get(f"/docs/files/{name}")
            assert file.status_code == 200
            assert file.content
            assert b"//cdn." not in file.content
    assert (await api.http.get("/docs/files/..%2f__init__.py")).status_code == 404
    assert (await api.http.get("/openapi.json")).json()["openapi"].startswith("3.1")


async def test_a_foreign_host_and_a_foreign_page_are_403(api: Api) -> None:
    assert (await api.http.get("/", headers={"Host": "evil.example"})).status_code == 403
    refused = await api.http.post(
        "/api/runs/", json={"name": "x"}, headers={"Origin": "https://evil.example"}
    )
    assert refused.status_code == 403
    assert (await api.http.get("/api/runs/")).json() == []


async def test_every_answer_has_a_request_id(api: Api) -> None:
    for path in ("/", "/api/runs/", "/api/nope", "/docs"):
        answer = await api.http.get(path, headers={"X-Request-ID": "mine"})
        assert answer.headers["x-request-id"] == "mine"


async def dashboard(folder: Path, path: str, **options: str) -> tuple[int, str, dict[str, str]]:
    app = Starlette(routes=dashboard_routes(folder))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://127.0.0.1") as http:
        answer = await http.get(path)
    return answer.status_code, answer.text, dict(answer.headers)


async def test_the_dashboard_answers_every_path_that_is_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "dashboard"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<html>page</html>")
    (folder / "assets" / "main-1a2b.js").write_text("code")
    (tmp_path / "secret.txt").write_text("secret")
    for path in ("/", "/runs", "/runs/123?x=1", "/index.html", "/runs/a%00b"):
        status, text, headers = await dashboard(folder, path)
        assert (status, text) == (200, "<html>page</html>"), path
        assert headers["cache-control"] == "no-cache"
        policy = headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
    status, text, headers = await dashboard(folder, "/assets/main-1a2b.js")
    assert (status, text, headers["content-type"]) == (200, "code", "text/javascript; charset=utf-8")
    assert "immutable" in headers["cache-control"]
    for path in (
        "/assets/old.js",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/api/x",
        "/" + "x" * 5000 + ".js",
    ):
        status, text, _ = await dashboard(folder, path)
        assert "secret" not in text
        assert status == 404, path


async def test_without_a_dashboard_a_page_says_how_to_get_it(tmp_path: Path) -> None:
    status, text, _ = await dashboard(tmp_path, "/")
    assert status == 200
    assert "npm run build" in text
    assert (await dashboard(tmp_path, "/runs"))[0] == 404


async def test_the_store_outlives_the_server(settings: Settings) -> None:
    async with calling(settings) as api:
        await api.host.publish()
        run_id = await api.create()
    async with calling(settings) as api:
        assert (await api.http.get(f"/api/runs/{run_id}")).json()["status"] == "queued"
        assert await api.create()


async def test_an_open_stream_does_not_hold_up_the_end_under_plain_uvicorn(
    start_program: ProgramStarter, settings: Settings, tmp_path: Path
) -> None:
    """uvicorn without a limit of its own waits for open answers for ever; ours end at the signal."""
    async with calling(settings) as api:
        await api.host.publish()
        run_id = await api.create()
    port = free_port()
    server = start_program(
        "-P", "-m", "uvicorn", "api.main:app", "--port", str(port),
        environment={"FASTGRAPH_HOSTS": "0", "FASTGRAPH_DATA_DIR": str(settings.data_dir)},
    )  # fmt: skip
    await asyncio.to_thread(server.wait_for_http, f"http://127.0.0.1:{port}/api/monitoring/health")
    async with AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        request = http.build_request(
            "GET", f"/api/runs/{run_id}/events", headers={"Accept": "text/event-stream"}
        )
        stream = await http.send(request, stream=True)
        lines = stream.aiter_lines()
        assert await anext(lines) == "retry: 1000"
        async with connect(f"ws://127.0.0.1:{port}/api/ws/{run_id}") as watcher:
            assert json.loads(await watcher.recv())["event"] == "queued"
            server.signal(signal.SIGTERM)
            assert [line async for line in lines][-1] == ""
        await asyncio.to_thread(server.wait_for_exit)
    requests = [json.loads(line) for line in server.lines if line.startswith("{")]
    assert any(line["event"] == "request" and line["path"].endswith("/events") for line in requests)


async def test_a_store_newer_than_the_program_is_refused_at_start(settings: Settings) -> None:
    async with calling(settings) as api:
        engine = api.services.store.writer
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Exception, match="9999"):
        async with calling(settings):
            raise AssertionError
