"""Traces are made where an endpoint is set; only then is OpenTelemetry imported, which is an extra of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastgraph.errors import SettingsError
from fastgraph.settings import Settings

if TYPE_CHECKING:
    from actors.tracing.run_traces import RunTraces

__all__ = ["check_traces", "open_traces"]

TRACES_PATH = "/v1/traces"


def check_traces(settings: Settings) -> None:
    """Raise SettingsError where traces are wanted and can't be made here."""
    if not settings.otlp_endpoint:
        return
    try:
        import opentelemetry.exporter.otlp.proto.http.trace_exporter  # noqa: F401 - only whether it is there
    except ImportError as error:
        raise SettingsError(
            f"FASTGRAPH_OTLP_ENDPOINT is set, but OpenTelemetry can't be imported ({error}). "
            "Install the extra: pip install 'fastgraph-server[otel]'"
        ) from error


def open_traces(settings: Settings, *, boot_id: str) -> RunTraces | None:
    """Return what makes traces and sends them by OTLP over HTTP; None where no endpoint is set."""
    if not settings.otlp_endpoint:
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    from actors.tracing.run_traces import RunTraces

    endpoint = settings.otlp_endpoint.rstrip("/")
    if not endpoint.endswith(TRACES_PATH):
        endpoint += TRACES_PATH
    return RunTraces(OTLPSpanExporter(endpoint=endpoint), boot_id=boot_id)
