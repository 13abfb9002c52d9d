"""Middleware, each around the smallest application that shows what it does."""

import json
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

import httpx
import pytest
import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from api.middleware.access_log import AccessLog
from api.middleware.body_limit import BodyLimit
from api.middleware.callers import CallerCheck, split_host
from api.middleware.rate_limit import RateLimit, parse_rate
from api.middleware.trailing_slash import TrailingSlash
from api.problems import problem_response
from fastgraph.clock import SystemClock
from fastgraph.errors import RunNotFoundError, SettingsError

pytestmark = pytest.mark.anyio

App = Callable[[Scope, Receive, Send], Awaitable[None]]


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    await PlainTextResponse(f"{scope['path']} {len(body)}")(scope, receive, send)


async def failing(scope: Scope, receive: Receive, send: Send) -> None:
    raise ZeroDivisionError("the inside")


def client(
    app: Any, *, address: str = "127.0.0.1", base_url: str = "http://127.0.0.1:8000"
) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(address, 5000))
    return httpx.AsyncClient(transport=transport, base_url=base_url)


@pytest.fixture
def lines() -> Iterator[list[MutableMapping[str, Any]]]:
    with structlog.testing.capture_logs() as captured:
        yield captured


async def test_a_request_is_one_line_with_its_id(lines: list[MutableMapping[str, Any]]) -> None:
    async with client(AccessLog(echo, clock=SystemClock())) as http:
        answer = await http.get("/here", headers={"X-Request-ID": "abc-1"})
    assert answer.headers["x-request-id"] == "abc-1"
    (line,) = lines
    assert line["event"] == "request"
    assert (line["request_id"], line["method"], line["path"], line["status"]) == (
        "abc-1",
        "GET",
        "/here",
        200,
    )
    assert line["duration_ms"] >= 0
    assert line["bytes"] == len(answer.content)
    assert line["client"] == "127.0.0.1"


@pytest.mark.parametrize("sent", ["", "a b", "x" * 129, "ä", 'a"b'])
async def test_an_id_that_could_harm_a_log_is_replaced(
    sent: str, lines: list[MutableMapping[str, Any]]
) -> None:
    async with client(AccessLog(echo, clock=SystemClock())) as http:
        answer = await http.get("/", headers={"X-Request-ID": sent.encode()})  # type: ignore[dict-item]
    assert answer.headers["x-request-id"] not in {"", sent}
    assert lines[0]["request_id"] == answer.headers["x-request-id"]


async def test_what_nobody_expected_is_a_problem_without_its_inside(
    lines: list[MutableMapping[str, Any]],
) -> None:
    async with client(AccessLog(failing, clock=SystemClock())) as http:
        answer = await http.get("/here")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "the inside" not in answer.text
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert [line["event"] for line in lines] == ["request failed", "request"]
    assert lines[1]["status"] == 500


@pytest.mark.parametrize(
    ("host", "is_served"),
    [
        ("localhost", True),
        ("localhost:8000", True),
        ("127.0.0.1:1", True),
        ("[::1]:8000", True),
        ("LOCALHOST", True),
        ("fast.example", True),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("", False),
        ("[", False),
        ("10.0.0.7", False),
    ],
)
async def test_a_host_that_is_not_ours_is_refused(host: str, is_served: bool) -> None:
    app = CallerCheck(echo, names=["", "fast.example"])
    async with client(app) as http:
        answer = await http.get("/", headers={"Host": host})
    assert answer.status_code == (200 if is_served else 403)
    if not is_served:
        assert answer.json()["type"] == "urn:fastgraph:problem:foreign-caller"


@pytest.mark.parametrize(
    ("method", "origin", "is_served"),
    [
        ("GET", "https://evil.example", True),
        ("POST", "https://evil.example", False),
        ("DELETE", "https://evil.example", False),
        ("POST", "null", False),
        ("POST", "http://127.0.0.1:8001", False),
        ("POST", "http://127.0.0.1:99999", False),
        ("POST", "http://127.0.0.1:8000", True),
        ("POST", "https://fast.example", True),
        ("POST", None, True),
    ],
)
async def test_a_page_from_elsewhere_may_look_and_not_touch(
    method: str, origin: str | None, is_served: bool
) -> None:
    app = CallerCheck(echo, names=["fast.example"])
    async with client(app) as http:
        answer = await http.request(method, "/", headers={} if origin is None else {"Origin": origin})
    assert answer.status_code == (200 if is_served else 403)


async def test_the_address_that_a_client_reached_is_its_servers_name() -> None:
    app = CallerCheck(echo, names=[])
    async with client(app, base_url="http://10.1.2.3:8000") as http:
        assert (await http.get("/")).status_code == 200
        assert (await http.get("/", headers={"Host": "10.1.2.4"})).status_code == 403


def test_a_test_client_in_the_same_process_is_served() -> None:
    app = CallerCheck(RateLimit(echo, rate="", clock=SystemClock()), names=[])
    assert TestClient(app).get("/api/runs/").text == "/api/runs/ 0"


def test_a_host_header_is_split_whatever_it_holds() -> None:
    assert split_host("Example:80") == ("example", 80)
    assert split_host("[::1]:80") == ("::1", 80)
    assert split_host("a:b:c") == ("", None)


async def test_a_body_over_its_limit_is_refused_by_its_length_and_while_it_streams() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await echo(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - as the exception handlers of the application do
            await problem_response(scope, error)(scope, receive, send)

    async def chunks() -> Any:
        for _ in range(5):
            yield b"x" * 30

    limited = BodyLimit(app, max_body_bytes=100, max_upload_bytes=1000)
    async with client(limited) as http:
        assert (await http.post("/api/runs/", content=b"x" * 100)).text == "/api/runs/ 100"
        for answer in (
            await http.post("/api/runs/", content=b"x" * 101),
            await http.post("/api/runs/", content=chunks()),
            await http.post("/api/artifacts/", content=b"x" * 1001),
        ):
            assert answer.status_code == 413
            assert answer.headers["connection"] == "close"
        assert "FASTGRAPH_MAX_UPLOAD_BYTES" in answer.json()["detail"]
        assert (await http.post("/api/artifacts/", content=chunks())).status_code == 200


async def test_a_client_over_its_rate_hears_when_to_come_again() -> None:
    app = RateLimit(echo, rate="2/minute", clock=SystemClock())
    async with client(app) as http, client(app, address="10.0.0.2") as other:
        assert [(await http.get("/api/runs/")).status_code for _ in range(3)] == [200, 200, 429]
        refused = await http.get("/api/runs/")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.json()["type"] == "urn:fastgraph:problem:too-many-requests"
        assert (await other.get("/api/runs/")).status_code == 200
        assert (await http.get("/api/monitoring/health/live")).status_code == 200
        assert (await http.get("/assets/main.js")).status_code == 200


async def test_a_laptop_is_not_limited_unless_a_rate_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.middleware.rate_limit.DEFAULT_RATE", "1/minute")
    app = RateLimit(echo, rate="", clock=SystemClock())
    async with client(app) as http, client(app, address="10.0.0.2") as other:
        assert [(await http.get("/api/runs/")).status_code for _ in range(3)] == [200, 200, 200]
        assert [(await other.get("/api/runs/")).status_code for _ in range(2)] == [200, 429]


async def test_below_a_root_path_the_limits_are_the_same() -> None:
    limited = BodyLimit(echo, max_body_bytes=1, max_upload_bytes=1000)
    app = RateLimit(limited, rate="2/minute", clock=SystemClock())
    transport = httpx.ASGITransport(app, root_path="/x", client=("10.0.0.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        codes = [(await http.post("/x/api/artifacts", content=b"long")).status_code for _ in range(3)]
    assert codes == [200, 200, 429]


def test_a_rate_that_is_none_is_named() -> None:
    with pytest.raises(SettingsError, match="FASTGRAPH_RATE_LIMIT: 'often' is no rate"):
        parse_rate("often")


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ("/api/runs", "/api/runs/"),
        ("/api/runs/", "/api/runs/"),
        ("/api/runs/x/", "/api/runs/x"),
        ("/api/ws/", "/api/ws"),
        ("/docs/", "/docs/"),
        ("/", "/"),
        ("/apiary/", "/apiary/"),
    ],
)
async def test_paths_of_the_api_are_brought_to_their_declared_form(asked: str, seen: str) -> None:
    async with client(TrailingSlash(echo)) as http:
        assert (await http.get(asked)).text == f"{seen} 0"


def test_a_problem_can_be_told_of_a_path_that_is_no_text() -> None:
    answer = problem_response({"type": "http", "path": "/api/\udcff"}, RunNotFoundError("x"))
    assert json.loads(bytes(answer.body))["instance"] == "/api/\\udcff"
