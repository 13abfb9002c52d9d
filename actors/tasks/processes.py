"""Processes for nodes that ask for one: warm, one task at a time, killed when their task is not wanted any more.

A node with `executor="process"` can be stopped at any line, may hold the GIL for hours, and takes nobody with it when it
dies. A process is used again after a task that ended by itself; a killed or dead one is replaced when the next task comes.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
from contextlib import suppress

import structlog

from actors.host.keeper import host_command, host_environment
from actors.tasks.channel import Channel, ChannelClosedError, Message
from fastgraph.errors import FastGraphError
from fastgraph.settings import Settings

__all__ = ["ProcessPool", "TaskProcess", "TaskProcessStartError"]

START_SECONDS = 120.0
END_SECONDS = 2.0

log = structlog.get_logger(__name__)


class TaskProcessStartError(FastGraphError):
    """A task process could not be started, or could not load the workflows."""


class TaskProcess:
    """One process. One thread at a time uses it; `kill` may be called from any."""

    def __init__(self, settings: Settings) -> None:
        ours, theirs = socket.socketpair()
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own boot file, no shell
                host_command("--task-fd", str(theirs.fileno())),
                env=host_environment(settings),
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self.channel = Channel(ours)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def wait_ready(self) -> None:
        """Wait until the workflows are loaded there. Raises TaskProcessStartError."""
        try:
            message = self.channel.receive(START_SECONDS)
        except (ChannelClosedError, TimeoutError) as error:
            self.kill()
            raise TaskProcessStartError(
                f"A task process {self.how_it_ended() if isinstance(error, ChannelClosedError) else 'did not get ready'} "
                f"before it had loaded the workflows."
            ) from error
        if message.word != "ready":
            self.kill()
            raise TaskProcessStartError(str(message.facts.get("reason")))

    def how_it_ended(self) -> str:
        """Say how the process ended, for people; waits a moment for the end itself."""
        try:
            code = self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            return "closed its wire"
        if code >= 0:
            return f"ended with exit code {code}"
        with suppress(ValueError):
            return f"was ended by {signal.Signals(-code).name}"
        return f"was ended by signal {-code}"

    def kill(self) -> None:
        """End the process and whatever it has started, at once."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Let an idle process end by itself; a killed one is gone already."""
        with suppress(ChannelClosedError):
            self.channel.send(Message("end"))
        self.channel.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()


class ProcessPool:
    """At most `settings.max_processes` at once; who asks for one more waits in its thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._slots = threading.BoundedSemaphore(settings.max_processes)
        self._idle: list[TaskProcess] = []
        self._busy: set[TaskProcess] = set()
        self._lock = threading.Lock()
        self._is_stopped = False

    @property
    def busy(self) -> int:
        """How many processes execute a task."""
        return len(self._busy)

    def take(self) -> TaskProcess:
        """Return a process that is ready. Raises TaskProcessStartError; blocks while all are taken."""
        self._slots.acquire()
        try:
            process = self._find_idle()
            if process is None:
                process = TaskProcess(self._settings)
                with self._lock:
                    self._busy.add(process)
                process.wait_ready()
                log.info("task process started", task_pid=process.pid)
        except BaseException:
            if process is not None:
                self._forget(process)
            self._slots.release()
            raise
        return process

    def give_back(self, process: TaskProcess, *, is_usable: bool) -> None:
        """Return a process after its task; one that is not usable any more is ended."""
        with self._lock:
            self._busy.discard(process)
            is_kept = is_usable and process.is_alive and not self._is_stopped
            if is_kept:
                self._idle.append(process)
        if not is_kept:
            process.kill()
            process.close()
        self._slots.release()

    def stop(self) -> None:
        """End all processes at once; tasks that run there are lost, as their threads' are."""
        with self._lock:
            self._is_stopped = True
            idle, busy = list(self._idle), list(self._busy)
            self._idle.clear()
        for process in (*idle, *busy):
            process.kill()
        for process in idle:
            process.close()

    def _find_idle(self) -> TaskProcess | None:
        with self._lock:
            while self._idle:
                process = self._idle.pop()
                if process.is_alive:
                    self._busy.add(process)
                    return process
                process.close()
        return None

    def _forget(self, process: TaskProcess) -> None:
        with self._lock:
            self._busy.discard(process)
        process.kill()
        process.close()
