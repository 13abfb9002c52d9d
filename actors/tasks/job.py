"""One task in a process, seen from the host: sent, listened to, stopped, read. Runs in a thread of the host that waits.

What the node says while it runs is passed on as if it ran here. A process that ends before its task has is the failure of
that task, with the way it ended; the node's retry policies are asked as for any error.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Literal

from actors.executors.executor import Job
from actors.runs.task_services import HostTaskServices
from actors.tasks.channel import ChannelClosedError, Message
from actors.tasks.encoding import decode_ending, encode_call
from actors.tasks.nested_wire import decode_items
from actors.tasks.processes import ProcessPool, TaskProcess
from actors.tasks.questions import answer_question
from actors.tasks.remote_store import answer_store
from fastgraph.database.records import ArtifactRow
from fastgraph.errors import NodeTimeoutError, TaskProcessDiedError
from fastgraph.events import EventKind
from fastgraph.execution.tasks import TaskEnding, TaskResult, TimeLimits
from fastgraph.graph.caching import look_up
from fastgraph.graph.task_call import read_error

__all__ = ["ProcessJob"]

_ENDINGS = frozenset({"result", "interrupted", "failed"})


class _Deadlines:
    """When a process must have ended its task, by the node's limits."""

    def __init__(self, limits: TimeLimits | None) -> None:
        self._limits = limits or TimeLimits(None, None, "auto")
        self._began = self._progress_at = time.monotonic()

    def note(self, message: Message) -> None:
        """Whatever the node sends is progress, unless only heartbeats count."""
        if self._limits.refresh_on == "auto" or message.word == "heartbeat":
            self._progress_at = time.monotonic()

    def seconds_left(self) -> float | None:
        """How long to wait for the next message; None is for ever."""
        run, idle = self._limits.run_seconds, self._limits.idle_seconds
        ends = [self._began + run] if run is not None else []
        ends += [self._progress_at + idle] if idle is not None else []
        return max(0.001, min(ends) - time.monotonic()) if ends else None

    def error(self, node: str) -> NodeTimeoutError:
        """What is to be raised where no message came in time."""
        run, idle = self._limits.run_seconds, self._limits.idle_seconds
        elapsed = time.monotonic() - self._began
        kind: Literal["run", "idle"] = "run" if run is not None and elapsed >= run else "idle"
        return NodeTimeoutError(node, elapsed, kind=kind, run_timeout=run, idle_timeout=idle)


class ProcessJob:
    """What a thread does for a job whose node runs in a process. `run` delivers the job's ending and never raises."""

    def __init__(self, job: Job, pool: ProcessPool, workflow: str) -> None:
        self.thread_id: int | None = None
        self._job = job
        self._pool = pool
        self._workflow = workflow
        self._process: TaskProcess | None = None
        self._is_killed = False

    @property
    def is_over(self) -> bool:
        return self._job.is_over

    def kill(self) -> None:
        """End the process, whatever the node does. The thread is free a moment later."""
        self._is_killed = True
        process = self._process
        if process is not None:
            process.kill()

    def run(self) -> None:
        """Execute the task and deliver its ending."""
        call = self._job.call
        try:
            entry, kept = look_up(call)
            ending = kept or self._execute()
            if entry is not None and kept is None and isinstance(ending, TaskResult):
                ending = replace(ending, cache=entry)
        except BaseException as error:  # noqa: BLE001 - a border: whatever goes wrong here is this task's failure
            ending = read_error(call, error)[0]
        self._job.finish(ending)

    def _execute(self) -> TaskEnding:
        message = encode_call(self._job.call, self._workflow)
        process = self._pool.take()
        self._process = process
        is_usable = False
        try:
            if self._is_killed:  # while it waited for a process
                raise TaskProcessDiedError(self._job.call.task.node, "was not wanted any more")
            self._job.allow_cancel(self._cancel)
            process.channel.send(message)
            ending = self._listen(process)
        except ChannelClosedError:
            raise TaskProcessDiedError(self._job.call.task.node, process.how_it_ended()) from None
        else:
            is_usable = True
            return ending
        finally:
            self._process = None
            self._pool.give_back(process, is_usable=is_usable)

    def _listen(self, process: TaskProcess) -> TaskEnding:
        call = self._job.call
        clock = _Deadlines(call.task.limits or call.graph.nodes[call.task.node].limits)
        while True:
            try:
                message = process.channel.receive(clock.seconds_left())
            except TimeoutError:
                process.kill()
                raise clock.error(call.task.node) from None
            if message.word in _ENDINGS:
                self._take_artifacts(message)
                return decode_ending(message, call.graph)
            clock.note(message)
            self._serve(process, message)

    def _serve(self, process: TaskProcess, message: Message) -> None:
        services = self._services
        if message.word == "event":
            kind, data = EventKind(message.facts["kind"]), message.parts[0]
            if "node" in message.facts:
                services.emit_nested(message.facts["namespace"], message.facts["node"], kind, data)
            else:
                services.emit(kind, data)
        elif message.word == "nested":
            services.outbox.add(*decode_items(message.facts, message.parts))
        elif message.word == "drain":
            control = self._job.call.control
            if control is not None:
                control.request_drain(message.facts["reason"])
        elif message.word == "store":
            self._answer(process, message, [answer_store(self._job.call.store, message.parts[0])])
        else:
            self._answer(process, message, answer_question(services, message))

    def _answer(self, process: TaskProcess, message: Message, answer: Sequence[bytes]) -> None:
        process.channel.send(Message("answer", {"number": message.facts["number"]}, answer))

    def _take_artifacts(self, message: Message) -> None:
        for facts in message.facts.get("artifacts", ()):
            self._services.artifacts.append(ArtifactRow(**facts))

    @property
    def _services(self) -> HostTaskServices:
        services = self._job.call.services
        assert isinstance(services, HostTaskServices), "a host gives its own services"
        return services

    def _cancel(self) -> None:
        """The node may look at `is_cancelled`; who does not is killed when the grace is over."""
        process = self._process
        if process is not None:
            with suppress(ChannelClosedError):
                process.channel.send(Message("cancel"))
