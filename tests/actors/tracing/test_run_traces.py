"""One trace a run: its ids follow from the run, its spans from epochs and attempts, and a restart stays in it."""

import gzip
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from actors.tracing.opening import check_traces, open_traces
from actors.tracing.trace_ids import attempt_span_id, epoch_span_id, run_span_id, trace_id
from fastgraph.errors import SettingsError
from fastgraph.ids import new_id
from fastgraph.settings import Settings
from support.programs import ProgramStarter
from support.serving import Serving
from support.waiting import until


class Collector(BaseHTTPRequestHandler):
    """Takes what an OTLP exporter sends over HTTP."""

    received: list[Any]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        assert self.path == "/v1/traces"
        self.received.extend(
            span
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        )
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[tuple[str, list[Any]]]:
    received: list[Any] = []
    handler = type("Handler", (Collector,), {"received": received})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", received
    server.shutdown()
    server.server_close()


def test_a_trace_is_the_run_id_and_spans_of_one_run_differ() -> None:
    run_id = new_id()
    assert trace_id(run_id) == uuid.UUID(run_id).int
    spans = {
        run_span_id(run_id),
        *(epoch_span_id(run_id, epoch) for epoch in (1, 2)),
        *(attempt_span_id(run_id, 1, task, attempt) for task in ("a", "b") for attempt in (1, 2)),
    }
    assert len(spans) == 7
    assert epoch_span_id(run_id, 2) == epoch_span_id(run_id, 2)


def test_without_an_endpoint_there_are_no_traces() -> None:
    settings = Settings(otlp_endpoint="")
    check_traces(settings)
    assert open_traces(settings, boot_id=new_id()) is None


def test_an_endpoint_without_the_extra_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        __import__("sys").modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None
    )
    with pytest.raises(SettingsError, match=r"fastgraph-server\[otel\]"):
        check_traces(Settings(otlp_endpoint="http://127.0.0.1:4318"))


def test_a_run_that_is_taken_up_again_stays_in_its_trace(
    start_program: ProgramStarter, tmp_path: Path, collector: tuple[str, list[Any]]
) -> None:
    endpoint, received = collector
    server = Serving(
        start_program,
        tmp_path,
        FASTGRAPH_OTLP_ENDPOINT=endpoint,
        OTEL_BSP_SCHEDULE_DELAY="100",
    )
    server.start()
    with server.client as client:
        run_id = client.create_run(workflow="walk", payload={"steps": 40, "pause_seconds": 0.1})
        until(lambda: any(span.name == "step" for span in received), what="a task's span")
        server.kill_host()
        assert client.wait_until_ended(run_id, within_seconds=60)["status"] == "completed"
        until(lambda: any(span.name == "run walk" for span in received), what="the run's span")
    trace = uuid.UUID(run_id).bytes
    assert {span.trace_id for span in received} == {trace}
    by_name: dict[str, list[Any]] = {}
    for span in received:
        by_name.setdefault(span.name, []).append(span)
    (root,) = by_name["run walk"]
    assert root.parent_span_id == b""
    (second,) = [span for span in received if span.name.startswith("epoch ")]
    assert second.parent_span_id == root.span_id
    (link,) = second.links
    # The first epoch was killed before it could tell of itself, but its tasks have, and the next epoch links to it.
    assert {span.parent_span_id for span in by_name["step"]} == {second.span_id, link.span_id}
    assert len({span.span_id for span in received}) == len(received)
