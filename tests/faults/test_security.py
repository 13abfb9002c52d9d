"""Strangers: a client that tries each sentence of the security promises (docs/security.md), against a real server."""

import base64
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from support.keyed_server import OPERATE, READ, RUN, KeyedServer
from support.programs import ProgramStarter

PASSWORD = "correct-horse-battery-staple"
EVIL = "https://evil.example"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeyedServer]:
    folder = tmp_path_factory.mktemp("strangers")
    starter = ProgramStarter(folder)
    running = KeyedServer(starter, folder)
    running.wait_until_well()
    yield running
    starter.end_all()


# -- keys -------------------------------------------------------------------------------------------------------


def test_without_a_key_nothing_is_shown_and_nothing_is_done(server: KeyedServer) -> None:
    with server.client() as stranger:
        assert stranger.get("/api/monitoring/health/live").status_code == 200
        for path in (
            "/api/runs/",
            "/api/artifacts",
            "/api/keys/me",
            "/api/workflows",
            "/api/monitoring/health",
            "/metrics",
        ):
            answer = stranger.get(path)
            assert (answer.status_code, answer.headers["content-type"]) == (
                401,
                "application/problem+json",
            ), path
        assert stranger.post("/api/runs/", json={"name": "x"}).status_code == 401
        assert stranger.post("/api/artifacts?name=a", content=b"x").status_code == 401
        events = stranger.get(
            f"/api/runs/{'0' * 8}-0000-7000-8000-{'0' * 12}/events", headers={"Accept": "text/event-stream"}
        )
        assert events.status_code == 401


def test_a_key_in_the_address_is_not_taken(server: KeyedServer) -> None:
    with server.client() as stranger:
        for name in ("key", "api_key", "apikey", "token", "access_token", "authorization"):
            assert stranger.get("/api/runs/", params={name: OPERATE}).status_code == 401
    assert close_code(server, f"?key={OPERATE}", first={"type": "hello"}) == 4401


def test_a_role_does_what_it_says_and_no_more(server: KeyedServer) -> None:
    with server.client(READ) as reader, server.client(RUN) as runner, server.client(OPERATE) as operator:
        assert reader.get("/api/runs/").status_code == 200
        assert reader.post("/api/runs/", json={"name": "x"}).status_code == 403
        run_id = server.run_to_end({"user": "ann", "password": PASSWORD})
        assert reader.delete(f"/api/runs/{run_id}").status_code == 403
        assert runner.delete(f"/api/runs/{run_id}").status_code == 403
        assert runner.post("/api/keys", json={"name": "x"}).status_code == 403
        assert operator.delete(f"/api/runs/{run_id}").status_code == 204


def test_a_key_that_is_revoked_ends_with_its_feeds(server: KeyedServer) -> None:
    with server.client(OPERATE) as operator:
        made = operator.post("/api/keys", json={"name": "guest", "role": "read"}).json()
        with (
            socket_of(server, subprotocols=protocols(made["key"])) as feed,
            server.client(made["key"]) as guest,
        ):
            assert guest.get("/api/runs/").status_code == 200
            assert operator.delete(f"/api/keys/{made['key_id']}").status_code == 204
            assert guest.get("/api/runs/").status_code == 401
            assert code_of(feed) == 4401


def test_the_command_line_sends_its_key(server: KeyedServer) -> None:
    assert command_line(server, "runs", "list").returncode == 4
    assert command_line(server, "runs", "list", "--api-key", READ).returncode == 0
    assert command_line(server, "runs", "list", FASTGRAPH_API_KEY=READ).returncode == 0
    refused = command_line(server, "keys", "create", "x", FASTGRAPH_API_KEY=READ)
    assert (refused.returncode, "needs operate" in refused.stderr) == (4, True)
    made = command_line(server, "keys", "create", "by-hand", "--role", "run", FASTGRAPH_API_KEY=OPERATE)
    with server.client(made.stdout.strip()) as client:
        assert client.get("/api/keys/me").json()["name"] == "by-hand"
    assert command_line(server, "keys", "revoke", "by-hand", FASTGRAPH_API_KEY=OPERATE).returncode == 0


# -- the start --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_without_keys_it_refuses_every_address_but_loopback(
    start_program: ProgramStarter, tmp_path: Path, host: str
) -> None:
    command = serve("--host", host)
    program = start_program(*command, cwd=tmp_path)
    assert program.wait_for_exit(within_seconds=60) != 0
    assert "no API keys" in program.output
    assert "Traceback" not in program.output


def test_with_a_key_in_its_store_it_serves_any_address(start_program: ProgramStarter, tmp_path: Path) -> None:
    made = run_program("keys", "create", "mine", "--in-store", "--data-dir", "d", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    command = serve("--host", "0.0.0.0")
    program = start_program(*command, cwd=tmp_path)
    port = program.wait_for_line(r"serves on http://127\.0\.0\.1:(\d+)", within_seconds=60)[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        assert client.get("/api/runs/").status_code == 401
        key = {"Authorization": f"Bearer {made.stdout.strip()}"}
        assert client.get("/api/runs/", headers=key).status_code == 200


def test_who_makes_the_first_key_on_loopback_is_not_locked_out(
    start_program: ProgramStarter, tmp_path: Path
) -> None:
    command = serve()
    program = start_program(*command, cwd=tmp_path)
    port = program.wait_for_line(r"serves on http://127\.0\.0\.1:(\d+)", within_seconds=60)[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        made = client.post("/api/keys", json={"name": "first"})
        assert made.status_code == 200
        assert client.get("/api/runs/").status_code == 200
        key = {"Authorization": f"Bearer {made.json()['key']}"}
        assert client.get("/api/keys/me", headers=key).json()["name"] == "first"
        # A proxy on this machine says for whom it asks, and that is no loopback.
        assert client.get("/api/runs/", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 401


# -- WebSockets -------------------------------------------------------------------------------------------------


def test_a_socket_needs_a_key_by_header_subprotocol_or_first_message(server: KeyedServer) -> None:
    header = {"Authorization": f"Bearer {READ}"}
    with socket_of(server, additional_headers=header) as feed:
        feed.ping().wait(5)
    with socket_of(server, subprotocols=protocols(READ)) as feed:
        assert feed.subprotocol == "fastgraph", "the key itself is never sent back"
        feed.ping().wait(5)
    with socket_of(server) as feed:
        feed.send(json.dumps({"type": "authenticate", "key": READ}))
        feed.ping().wait(5)
    assert close_code(server, subprotocols=protocols("wrong")) == 4401
    assert close_code(server, subprotocols=["fastgraph", "fastgraph.key.!!!"]) == 4401
    assert close_code(server, first={"type": "authenticate", "key": "wrong"}) == 4401
    assert close_code(server, first=["authenticate", READ]) == 4401
    assert close_code(server, first="x" * 100_000) in {1009, 4401}


# -- pages of others --------------------------------------------------------------------------------------------


def test_a_name_that_leads_here_by_rebinding_is_refused(server: KeyedServer) -> None:
    with server.client(OPERATE) as client:
        for host in ("evil.example", f"evil.example:{server.port}", "127.0.0.1.evil.example", ""):
            assert client.get("/api/runs/", headers={"Host": host}).status_code in {400, 403}, host
    with (
        pytest.raises(InvalidStatus) as caught,
        socket_of(server, additional_headers={"Host": "evil.example"}),
    ):
        raise AssertionError
    assert caught.value.response.status_code == 403


def test_a_page_of_another_origin_can_change_nothing_and_watch_nothing(server: KeyedServer) -> None:
    with server.client(OPERATE) as client:
        refused = client.post("/api/runs/", json={"name": "x"}, headers={"Origin": EVIL})
        assert refused.status_code == 403
        assert "access-control-allow-origin" not in refused.headers
        asked = client.options(
            "/api/runs/", headers={"Origin": EVIL, "Access-Control-Request-Method": "POST"}
        )
        assert "access-control-allow-origin" not in asked.headers
        assert "access-control-allow-origin" not in client.get("/api/runs/", headers={"Origin": EVIL}).headers
    assert close_code(server, origin=EVIL, subprotocols=protocols(OPERATE)) == 4403


# -- what comes in ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"name":"x","payload":' + b"[" * 101 + b"]" * 101 + b"}", 422),
        (b'{"name":"x","payload":{"a":NaN}}', 422),
        (b'{"name":"x","payload":{"a":1e999}}', 422),
        (b'{"name":"x","payload":{"a":' + b"9" * 5000 + b"}}", 422),
        (b'{"name":"x","payload":{"a":1,"a":2}}', 422),
        (b'{"name":"x","payload":{"a":"\\ud800"}}', 422),
        (b'{"name":"x\\u0000"}', 422),
        (b'{"name":"' + b"x" * (9 * 1024 * 1024) + b'"}', 413),
    ],
    ids=["depth", "nan", "infinity", "digits", "twice", "surrogate", "control", "size"],
)
def test_a_body_over_its_limits_is_refused(server: KeyedServer, body: bytes, status: int) -> None:
    with server.client(RUN) as client:
        assert client.post("/api/runs/", content=body).status_code == status
        chunked = client.post("/api/runs/", content=iter([body[:1000], body[1000:]]))
        assert chunked.status_code == status


def test_headers_over_their_limits_are_refused(server: KeyedServer) -> None:
    with server.client(READ) as client:
        assert client.get("/api/runs/", headers={"X-Long": "x" * 70_000}).status_code == 431
        assert client.get("/api/runs/", headers={f"X-{n}": "x" for n in range(300)}).status_code == 431
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        line.sendall(b"GET /api/runs/?name=" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert line.recv(1000).split()[1] in {b"400", b"431"}


def test_a_header_that_never_ends_is_cut_off(server: KeyedServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        line.sendall(b"GET /api/runs/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Endless: ")
        sent = 0
        with suppress(OSError):  # the other end has closed
            while sent < 50_000_000:
                line.sendall(b"x" * 65_536)
                sent += 65_536
        assert sent < 20_000_000


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "..\\boot.ini",
        "/etc/passwd",
        "a\x00b",
        "CON",
        "nul.txt",
        "\uff0e\uff0e\uff0fetc",
        "..\u2215etc",
        "a\u202egnp.exe",
    ],
    ids=range(9),
)
def test_a_name_of_an_artifact_can_not_escape(server: KeyedServer, name: str) -> None:
    with server.client(RUN) as client:
        refused = client.post("/api/artifacts", params={"name": name}, content=b"x")
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "name")
        for folder in ("/api/artifacts/", "/", "/assets/", "/docs/files/"):
            answer = client.get(httpx.URL(server.url, path=folder + name.replace("\x00", "%00")))
            assert answer.status_code < 500
            assert "root:" not in answer.text
            # What is no file is a path of the dashboard, whose page it gets.
            assert answer.status_code != 200 or "<html" in answer.text


# -- what goes out ----------------------------------------------------------------------------------------------


def test_an_artifact_can_do_nothing_in_a_browser(server: KeyedServer) -> None:
    page = b"<script>fetch('/api/keys')</script>"
    with server.client(RUN) as client:
        for name in ("page.html", "picture.svg", "page.xhtml", "data.xml", "script.js", "paper.pdf"):
            stored = client.post("/api/artifacts", params={"name": name}, content=page).json()
            answer = client.get(f"/api/artifacts/{stored['artifact_id']}")
            assert answer.headers["content-disposition"].startswith("attachment"), name
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in answer.headers["content-security-policy"]
            assert "default-src 'none'" in answer.headers["content-security-policy"]
        stored = client.post("/api/artifacts", params={"name": "a.png"}, content=b"x").json()
        assert (
            client.get(f"/api/artifacts/{stored['artifact_id']}")
            .headers["content-disposition"]
            .startswith("inline")
        )


def test_a_download_goes_by_a_link_that_ends(server: KeyedServer) -> None:
    with server.client(RUN) as client, server.client() as browser:
        ids = [
            client.post("/api/artifacts?name=a.txt", content=b"hello").json()["artifact_id"] for _ in range(2)
        ]
        link = client.post(f"/api/artifacts/{ids[0]}/link").json()["url"]
        assert browser.get(link).text == "hello"
        assert browser.get(link.replace(ids[0], ids[1])).status_code == 401, "it is for one artifact"
        assert browser.get(link.replace("expires=", "expires=9")).status_code == 401
        assert browser.get(link[:-1] + ("A" if link[-1] != "A" else "B")).status_code == 401
        assert browser.delete(link).status_code in {401, 405}
        assert browser.post(f"/api/artifacts/{ids[0]}/link").status_code == 401
        assert OPERATE not in link


def test_pages_have_a_strict_policy(server: KeyedServer) -> None:
    with server.client() as browser:
        for path in ("/", "/runs", "/docs", "/redoc"):
            answer = browser.get(path)
            if answer.status_code == 404:
                continue  # the dashboard is not built here; `/` always answers
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "script-src 'self'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe-eval" not in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
        assert "content-security-policy" in browser.get("/").headers


def test_a_secret_is_used_and_shown_to_nobody(server: KeyedServer) -> None:
    run_id = server.run_to_end({"user": "ann", "password": PASSWORD, "spare": [PASSWORD]})
    with server.client(READ) as reader:
        run = reader.get(f"/api/runs/{run_id}")
        assert run.json()["status"] == "completed", run.text
        assert run.json()["result"]["length"] == len(PASSWORD), "the node had the secret itself"
        thread = run.json()["thread_id"]
        pages = [f"/api/runs/{run_id}", "/api/runs/", "/api/interrupts", "/api/monitoring/health"]
        pages += [f"/api/runs/{run_id}/{part}" for part in ("events", "state", "checkpoints")]
        pages += [f"/api/threads/{thread}/{part}" for part in ("state", "history")]
        for path in pages:
            answer = reader.get(path)
            assert answer.status_code == 200, path
            assert PASSWORD not in answer.text, path
        assert "**********" in reader.get(f"/api/runs/{run_id}/state").text
    with socket_of(server, f"/{run_id}", subprotocols=protocols(READ)) as feed:
        for message in feed:
            assert PASSWORD not in str(message)
    refused = httpx.post(
        f"{server.url}/api/runs/",
        json={"name": "x", "payload": {"user": 1, "password": PASSWORD}},
        headers={"Authorization": f"Bearer {RUN}"},
        trust_env=False,
    )
    assert refused.status_code == 422
    for secret in (PASSWORD, READ, RUN, OPERATE):
        assert secret not in server.program.output


# -- with it ----------------------------------------------------------------------------------------------------


def socket_of(server: KeyedServer, path: str = "", **options: Any) -> ClientConnection:
    feed: ClientConnection = connect(
        f"ws://127.0.0.1:{server.port}/api/ws{path}", proxy=None, open_timeout=20, **options
    )
    return feed


def protocols(key: str) -> list[Any]:
    encoded = base64.urlsafe_b64encode(key.encode()).rstrip(b"=").decode()
    return ["fastgraph", f"fastgraph.key.{encoded}"]


def close_code(server: KeyedServer, path: str = "", *, first: Any = None, **options: Any) -> int:
    with socket_of(server, path, **options) as feed:
        if first is not None:
            feed.send(first if isinstance(first, str) else json.dumps(first))
        return code_of(feed)


def code_of(feed: ClientConnection) -> int:
    """Return the code that a feed is closed with; what comes before it is read over."""
    with suppress(ConnectionClosed):
        while True:
            feed.recv(timeout=20)
    assert feed.close_code is not None
    return feed.close_code


def command_line(
    server: KeyedServer, *arguments: str, **variables: str
) -> "subprocess.CompletedProcess[str]":
    return run_program(*arguments, cwd=server.data.parent, FASTGRAPH_URL=server.url, **variables)


def serve(*arguments: str) -> list[str]:
    free = ["--port", "0", "--hosts", "0", "--data-dir", "d"]
    return ["-m", "api.cli.main", "serve", *free, *arguments]


def run_program(*arguments: str, cwd: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "api.cli.main", *arguments]
    environment = {"PATH": "/usr/bin:/bin", **variables}
    return subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
