"""The task process: loads the workflows once, then executes one task after another that its host sends.

Ends when its host does: the reader hears the end of the wire in a thread of its own, whatever the node does. Whatever the
node does to this process (a segfault, `os._exit`, all memory) is the end of this process alone.
"""

from __future__ import annotations

import asyncio
import os
import queue
import socket
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace

from actors.host.loading import LoadingError, Workflows, load_workflows
from actors.host.logs import configure_logs
from actors.host.output import capture_output
from actors.tasks.channel import Channel, ChannelClosedError, Message
from actors.tasks.encoding import decode_call, encode_ending
from actors.tasks.remote_store import RemoteStore
from actors.tasks.services import ProcessTaskServices
from fastgraph.blobs.files import FileBlobs
from fastgraph.blobs.spill import Spill
from fastgraph.clock import SystemClock
from fastgraph.errors import SettingsError
from fastgraph.execution.tasks import TaskEnding, TaskFailed
from fastgraph.graph.failures import record_error
from fastgraph.graph.strictness import strict_values
from fastgraph.graph.task_call import run_task, run_task_async
from fastgraph.settings import Settings
from fastgraph.targets import split_targets

__all__ = ["main"]


def main(arguments: Sequence[str]) -> int:
    """Serve tasks on the descriptor that the arguments name; returns when no more is wanted."""
    channel = Channel(socket.socket(fileno=int(arguments[0])))
    try:
        settings = Settings.read()
        configure_logs(settings)
        if settings.capture_output:
            capture_output()
        with strict_values(settings.strict_values):
            workflows = load_workflows(split_targets(settings.targets))
    except (LoadingError, SettingsError) as error:
        channel.send(Message("unfit", {"reason": str(error)}))
        return 2
    _Program(channel, settings, workflows).run()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # threads that a node left behind end with the process


class _Program:
    def __init__(self, channel: Channel, settings: Settings, workflows: Workflows) -> None:
        self._channel = channel
        self._workflows = workflows
        self._settings = settings
        self._files = FileBlobs(settings.data_dir / "artifacts")
        self._spill = Spill(
            states=FileBlobs(settings.data_dir / "states"),
            snapshots=FileBlobs(settings.data_dir / "checkpoints"),
            spill_bytes=settings.spill_bytes,
        )
        self._tasks: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._services: ProcessTaskServices | None = None

    def run(self) -> None:
        self._channel.send(Message("ready"))
        threading.Thread(target=self._read, daemon=True, name="fastgraph-task-reader").start()
        while (message := self._tasks.get()).word == "task":
            self._execute(message)

    def _read(self) -> None:
        """Take what the host sends; its end is this process's."""
        while True:
            try:
                message = self._channel.receive()
            except ChannelClosedError:
                os._exit(0)
            services = self._services
            if message.word in ("task", "end"):
                self._tasks.put(message)
            elif services is None:
                continue  # about a task that is done
            elif message.word == "cancel":
                services.cancel()
            else:
                services.take_answer(message)

    def _execute(self, message: Message) -> None:
        name, node = message.facts["task"][:2]
        services = ProcessTaskServices(
            run_id=message.facts["run_id"],
            node=node,
            channel=self._channel,
            files=self._files,
            spill=self._spill,
            spill_bytes=self._settings.spill_bytes,
            clock=SystemClock(),
        )
        self._services = services
        try:
            ending = self._run(message, services)
            answer = encode_ending(ending)
        except BaseException as error:  # noqa: BLE001 - the border, as in `task_call`: nothing but endings leaves here
            failed = TaskFailed(
                task_id=name, error=record_error(error, node=node, attempt=message.facts["attempt"])
            )
            answer = encode_ending(failed)
        self._services = None
        facts = {**answer.facts, "artifacts": services.artifact_facts}
        self._channel.send(Message(answer.word, facts, answer.parts))

    def _run(self, message: Message, services: ProcessTaskServices) -> TaskEnding:
        graph = self._workflows[message.facts["workflow"]]
        call = replace(decode_call(message, graph, services), store=RemoteStore(services.ask_store))
        is_async = graph.needs_loop(call.task.node)
        ending = asyncio.run(run_task_async(call)) if is_async else run_task(call)
        if call.control is not None and call.control.drain_requested:
            self._channel.send(Message("drain", {"reason": call.control.drain_reason}))
        return ending
