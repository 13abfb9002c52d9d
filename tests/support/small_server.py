"""A small real HTTP server that speaks the part of our interface which the command line uses.

It lets a test decide what a real server decides by itself: when a feed is cut, when nobody answers, what is refused.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

RUN = "0198c0de-0000-7000-8000-000000000001"
ARTIFACT = "0198c0de-0000-7000-8000-0000000000aa"
AT = "2026-01-02T03:04:05.000000Z"

Event = dict[str, Any]


def events_of(*kinds: str, node: str | None = None) -> list[Event]:
    """Number events 1, 2, 3 … of the given kinds; `kind:node` names a node."""
    made = []
    for seq, kind in enumerate(kinds, start=1):
        word, _, name = kind.partition(":")
        event: Event = {"event": word, "run_id": RUN, "seq": seq, "at": AT}
        if name or node:
            event["node"] = name or node
        made.append(event)
    return made


class SmallServer:
    """Serves one run, `RUN`, whose `events` the test sets; `cut_after` ends a feed after so many events."""

    def __init__(self, port: int = 0) -> None:
        self.events: list[Event] = []
        self.status = "completed"
        self.error: dict[str, Any] | None = None
        self.cut_after: int | None = None
        self.doubles = False
        self.answers_503 = 0
        self.is_html = False
        self.health: dict[str, Any] = {}
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.feeds_opened_after: list[int] = []
        self.may_go_on = threading.Event()
        self.is_held = threading.Event()
        self.hold_after: int | None = None
        self._http = _Http(("127.0.0.1", port), self)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return self._http.server_port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self) -> dict[str, Any]:
        return {
            "run_id": RUN,
            "name": "a run",
            "workflow": "text-report",
            "thread_id": RUN,
            "status": self.status,
            "payload": {"input": "hello"},
            "result": {"words": 2} if self.status == "completed" else None,
            "error": self.error,
            "tags": [],
            "created_at": AT,
            "started_at": AT,
            "finished_at": AT,
            "waiting_for": None,
            "last_seq": len(self.events),
        }

    def close(self) -> None:
        self.may_go_on.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], world: SmallServer) -> None:
        self.world = world
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        return

    @property
    def world(self) -> SmallServer:
        server = self.server
        assert isinstance(server, _Http)
        return server.world

    def do_GET(self) -> None:
        self._take(b"")
        place = urlsplit(self.path)
        query = parse_qs(place.query)
        match place.path.strip("/").split("/"):
            case _ if self.world.is_html:
                self._send(200, b"<html>", kind="text/html")
            case ["api", "runs"]:
                self._json([self.world.run()], headers={"X-Total-Count": "7"})
            case ["api", "runs", run_id] if run_id == RUN:
                self._json(self.world.run())
            case ["api", "runs", run_id, "events"] if run_id == RUN:
                after = int(query.get("after", ["0"])[0])
                if "text/event-stream" in self.headers.get("Accept", ""):
                    self._feed(after)
                else:
                    self._json([event for event in self.world.events if event["seq"] > after])
            case ["api", "monitoring", "health"]:
                self._json(
                    self.world.health, status=503 if self.world.health.get("status") == "failing" else 200
                )
            case ["api", "artifacts"]:
                self._json([_artifact()])
            case ["api", "artifacts", _]:
                self._send(
                    200,
                    b"# A report\n",
                    kind="text/markdown",
                    headers={
                        "Content-Disposition": "attachment; filename=\"x\"; filename*=UTF-8''..%2F..%2Freport.md"
                    },
                )
            case ["api", "workflows"]:
                self._json([{"name": "text-report", "description": "Reports.\nMore.", "is_default": True}])
            case _:
                self._problem(404, "There is no such thing.")

    def do_POST(self) -> None:
        body = self._body()
        self._take(body)
        match urlsplit(self.path).path.strip("/").split("/"):
            case ["api", "runs"] if json.loads(body).get("workflow") == "unknown":
                self._problem(404, "There is no workflow 'unknown'. Those that exist: text-report.")
            case ["api", "runs"] if json.loads(body).get("payload") == {"bad": 1}:
                self._problem(
                    422,
                    "The payload does not fit.",
                    errors=[{"field": "payload.bad", "message": "is not known"}],
                )
            case ["api", "runs"]:
                self._json({"run_id": RUN})
            case ["api", "runs", _, "cancel" | "resume"] | ["api", "runs", _, "signals", _]:
                self._json(self.world.run(), status=202)
            case ["api", "artifacts"]:
                self._json(_artifact())
            case _:
                self._problem(404, "There is no such thing.")

    def do_DELETE(self) -> None:
        self._take(b"")
        if self.path.endswith(RUN):
            self._send(204, b"", kind="application/json")
        else:
            self._problem(409, "The run is running; only an ended one can be deleted. Cancel it first.")

    def _feed(self, after: int) -> None:
        self.world.feeds_opened_after.append(after)
        if self.world.answers_503 > 0:
            self.world.answers_503 -= 1
            self._problem(503, "The store is away.")
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        start = max(0, after - 1) if self.world.doubles else after
        for sent, event in enumerate(self.world.events[start:]):
            if self.world.hold_after is not None and event["seq"] > self.world.hold_after:
                self.world.is_held.set()
                self.world.may_go_on.wait()
            if self.world.cut_after is not None and sent >= self.world.cut_after:
                self.wfile.write(b"id: 99\nda")  # in the middle of a message
                return
            self.wfile.write(b": a comment\n\n")
            self.wfile.write(
                f"id: {event['seq']}\nevent: {event['event']}\ndata: {json.dumps(event)}\n\n".encode()
            )
            self.wfile.flush()

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            pieces = []
            while size := int(self.rfile.readline(), 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            return b"".join(pieces)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _take(self, body: bytes) -> None:
        self.world.requests.append((self.command, self.path, dict(self.headers), body))

    def _json(self, value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(value).encode(), kind="application/json", headers=headers)

    def _problem(self, status: int, detail: str, **more: Any) -> None:
        body = {"type": "about:blank", "title": "No", "status": status, "detail": detail, **more}
        self._send(status, json.dumps(body).encode(), kind="application/problem+json")

    def _send(self, status: int, body: bytes, *, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _artifact() -> dict[str, Any]:
    return {
        "artifact_id": ARTIFACT,
        "run_id": RUN,
        "name": "report.md",
        "media_type": "text/markdown",
        "size": 11,
        "sha256": "0" * 64,
        "created_at": AT,
    }
