"""One OpenTelemetry trace a run, across restarts: a span for the run, one for each epoch, one for each attempt of a task.

Spans are made when what they stand for is over, with the times that it had. An epoch that was killed leaves none of its
own, but its tasks' spans, and the next epoch links to it. Nothing of a payload or a result is told: names, numbers and
the message of an error. The SDK sends from a thread of its own and drops what it can't send.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.trace.propagation import set_span_in_context

from actors.executors.executor import Job
from actors.tracing.trace_ids import attempt_span_id, created_ns, epoch_span_id, run_span_id, trace_id
from fastgraph.database.records import ClaimedRun
from fastgraph.execution.tasks import TaskEnding, TaskFailed, TaskInterrupted
from fastgraph.version import __version__

__all__ = ["RunTrace", "RunTraces"]

STOP_MILLISECONDS = 2_000
_ENDS_WELL = {"completed", "cancelled"}

Attributes = Mapping[str, str | int]


class RunTraces:
    """One a host: makes the traces of its runs. All but `stop` belong to the actors' loop."""

    def __init__(self, exporter: SpanExporter, *, boot_id: str, is_batched: bool = True) -> None:
        self._ids = _GivenIds()
        self._provider = TracerProvider(
            sampler=ALWAYS_ON,
            id_generator=self._ids,
            resource=Resource.create(
                {
                    "service.name": "fastgraph",
                    "service.version": __version__,
                    "service.instance.id": boot_id,
                }
            ),
            shutdown_on_exit=False,
        )
        kind = BatchSpanProcessor if is_batched else SimpleSpanProcessor
        self._provider.add_span_processor(kind(exporter))
        self._tracer = self._provider.get_tracer("fastgraph", __version__)
        self._boot_id = boot_id

    def begin(self, claimed: ClaimedRun) -> RunTrace:
        """Begin the part of a run's trace that an actor makes."""
        return RunTrace(self, claimed, self._boot_id)

    def stop(self) -> None:
        """Send what is left, for two seconds at most. Blocks."""
        self._provider.force_flush(STOP_MILLISECONDS)
        self._provider.shutdown()

    def add(
        self,
        name: str,
        *,
        trace: int,
        span: int,
        parent: int | None,
        begun_ns: int,
        attributes: Attributes,
        links: tuple[int, ...] = (),
        failure: str | None = None,
    ) -> None:
        """Make one span that is over now."""
        context = set_span_in_context(NonRecordingSpan(_context(trace, parent))) if parent else None
        self._ids.give(trace, span)
        made = self._tracer.start_span(
            name,
            context=context,
            kind=SpanKind.INTERNAL,
            attributes=attributes,
            links=[Link(_context(trace, linked)) for linked in links],
            start_time=begun_ns,
        )
        if failure is not None:
            made.set_status(Status(StatusCode.ERROR, failure))
        made.end()


class RunTrace:
    """What one actor tells of its run."""

    __slots__ = ("_begun_ns", "_boot_id", "_claimed", "_span", "_trace", "_traces")

    def __init__(self, traces: RunTraces, claimed: ClaimedRun, boot_id: str) -> None:
        self._traces = traces
        self._claimed = claimed
        self._boot_id = boot_id
        self._begun_ns = time.time_ns()
        self._trace = trace_id(claimed.run_id)
        self._span = epoch_span_id(claimed.run_id, claimed.epoch)

    def task_ended(self, job: Job, ending: TaskEnding, *, lasted_seconds: float) -> None:
        """An attempt of a task is over, in whatever way."""
        task, run = job.call.task, self._claimed
        failure = ending.error.message if isinstance(ending, TaskFailed) else None
        attributes: dict[str, str | int] = {
            "fastgraph.node": task.node,
            "fastgraph.task_id": task.id,
            "fastgraph.attempt": job.call.attempt,
            "fastgraph.is_interrupted": int(isinstance(ending, TaskInterrupted)),
        }
        if isinstance(ending, TaskFailed):
            attributes["error.type"] = ending.error.type
        self._traces.add(
            task.node,
            trace=self._trace,
            span=attempt_span_id(run.run_id, run.epoch, task.id, job.call.attempt),
            parent=self._span,
            begun_ns=time.time_ns() - round(lasted_seconds * 1e9),
            attributes=attributes,
            failure=failure,
        )

    def left(self, reason: str, status: str | None) -> None:
        """The actor leaves its run; `status` is the run's where it has ended."""
        run = self._claimed
        facts = self._facts()
        # A claim raises the epoch, and so does whoever takes a run from its owner before.
        former = run.epoch - (2 if run.recovered_from is not None else 1)
        before = (epoch_span_id(run.run_id, former),) if former > 0 else ()
        self._traces.add(
            f"epoch {run.epoch}",
            trace=self._trace,
            span=self._span,
            parent=run_span_id(run.run_id),
            begun_ns=self._begun_ns,
            attributes=facts
            | {"fastgraph.epoch": run.epoch, "fastgraph.boot": self._boot_id, "fastgraph.left": reason},
            links=before,
        )
        if status is None:
            return
        self._traces.add(
            f"run {run.workflow}",
            trace=self._trace,
            span=run_span_id(run.run_id),
            parent=None,
            begun_ns=created_ns(run.run_id, default_ns=self._begun_ns),
            attributes=facts | {"fastgraph.status": status},
            failure=None if status in _ENDS_WELL else status,
        )

    def _facts(self) -> dict[str, str | int]:
        run = self._claimed
        return {
            "fastgraph.run_id": run.run_id,
            "fastgraph.thread_id": run.thread_id,
            "fastgraph.workflow": run.workflow,
            "fastgraph.run_name": run.name,
        }


class _GivenIds(IdGenerator):
    """Hands the SDK the ids of the span that is made next; one loop makes all of them."""

    def __init__(self) -> None:
        self._trace = self._span = 1

    def give(self, trace: int, span: int) -> None:
        self._trace, self._span = trace, span

    def generate_trace_id(self) -> int:
        return self._trace

    def generate_span_id(self) -> int:
        return self._span


def _context(trace: int, span: int) -> SpanContext:
    return SpanContext(trace, span, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
