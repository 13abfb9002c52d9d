"""Starts a program as a real process, reads its output line by line, kills it, and never leaves it behind.

The fixture `start_program` hands it to a test and ends everything at the test's end, by process id, children and
orphans included. Output of both streams is kept in `lines` and is part of each failure's message.

    server = start_program("-m", "api.cli.main", "serve", "--port", str(port), cwd=tmp_path)
    server.wait_for_http(f"http://127.0.0.1:{port}/api/monitoring/health")
    server.kill()
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from support.process_tree import MARK_VARIABLE, kill_tree, marked_processes
from support.waiting import WITHIN_SECONDS, until

TAIL_LINES = 40


class Program:
    """One started process and what it printed. Methods may be called from any thread."""

    def __init__(self, command: Sequence[str], *, cwd: Path, environment: Mapping[str, str]) -> None:
        self.command = list(command)
        self.mark = uuid.uuid4().hex
        self.lines: list[str] = []
        self._news = threading.Condition()
        self._is_closed = False
        self._process = subprocess.Popen(
            self.command,
            cwd=cwd,
            env={**environment, MARK_VARIABLE: self.mark},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, name=f"output of {self.pid}", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def output(self) -> str:
        """All lines so far, as one text."""
        return "\n".join(self.lines)

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def processes(self) -> list[int]:
        """List the ids of this process and of all that it started and that still live (Linux; else itself alone)."""
        return marked_processes(self.mark) or ([self.pid] if self.is_running else [])

    def wait_for_line(
        self, pattern: str, *, after: int = 0, within_seconds: float = WITHIN_SECONDS
    ) -> re.Match[str]:
        """Wait for a line that the regular expression is found in, from line number `after` on; answer the match.

        Fails at once when the output has ended without it.
        """
        expression = re.compile(pattern)
        deadline = time.monotonic() + within_seconds
        with self._news:
            while True:
                for line in self.lines[after:]:
                    if found := expression.search(line):
                        return found
                after = len(self.lines)
                if self._is_closed or not self._news.wait(max(0.0, deadline - time.monotonic())):
                    raise AssertionError(self._sentence(f"printed no line like {pattern!r}", within_seconds))

    def wait_for_http(self, url: str, *, status: int = 200, within_seconds: float = WITHIN_SECONDS) -> bytes:
        """Ask `url` until it answers with `status`; answer the body. Fails at once when the process has ended."""

        def look() -> tuple[bytes] | None:
            if not self.is_running:
                raise AssertionError(self._sentence(f"ended before {url} answered", within_seconds))
            seen, body = _get(url)
            return (body,) if seen == status else None

        try:
            return until(look, within_seconds=within_seconds, what=f"{status} from {url}")[0]
        except AssertionError as late:
            raise AssertionError(f"{late}\n{self.tail()}") from late

    def wait_for_exit(self, *, within_seconds: float = WITHIN_SECONDS) -> int:
        """Wait for the end of the process and of its output; answer the exit code (negative: the signal)."""
        try:
            code = self._process.wait(within_seconds)
        except subprocess.TimeoutExpired as late:
            raise AssertionError(self._sentence("did not end", within_seconds)) from late
        self._reader.join(1.0)  # a child may hold the pipe open: its lines are not waited for
        return code

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to this process alone, not to its children."""
        self._process.send_signal(number)

    def terminate(self, *, within_seconds: float = WITHIN_SECONDS) -> int:
        """Ask it to end (SIGTERM) and wait until it has; answer the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait_for_exit(within_seconds=within_seconds)

    def kill(self) -> None:
        """kill -9 this process alone and wait until it is gone; its children live on."""
        self.signal(signal.SIGKILL)
        self._process.wait()

    def end(self) -> None:
        """kill -9 the process and everything that it started; safe to call twice."""
        kill_tree(self.mark, group=self.pid)
        self._process.wait()
        self._reader.join(1.0)

    def tail(self) -> str:
        """The last lines of the output, for the message of a failure."""
        return "\n".join([f"--- output of {' '.join(self.command)}", *self.lines[-TAIL_LINES:], "---"])

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                with self._news:
                    self.lines.append(line.rstrip("\n"))
                    self._news.notify_all()
        with self._news:
            self._is_closed = True
            self._news.notify_all()

    def _sentence(self, complaint: str, within_seconds: float) -> str:
        state = "running" if self.is_running else f"ended with {self._process.poll()}"
        return f"Process {self.pid} ({state}) {complaint} within {within_seconds:g} s\n{self.tail()}"


class ProgramStarter:
    """Starts programs and ends them all when the test is over."""

    def __init__(self, default_cwd: Path) -> None:
        self._default_cwd = default_cwd
        self._programs: list[Program] = []

    def __call__(
        self, *arguments: str, cwd: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> Program:
        """Start this Python with `arguments`; see `command` for the rest."""
        return self.command([sys.executable, *arguments], cwd=cwd, environment=environment)

    def command(
        self, command: Sequence[str], *, cwd: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> Program:
        """Start any program, in `cwd` (the test's folder by default).

        `environment` is added to a copy of ours without any FASTGRAPH_ variable, so that a developer's settings do not
        leak into a test; output is unbuffered.
        """
        clean = {name: value for name, value in os.environ.items() if not name.startswith("FASTGRAPH_")}
        program = Program(
            command,
            cwd=cwd or self._default_cwd,
            environment={**clean, "PYTHONUNBUFFERED": "1", **(environment or {})},
        )
        self._programs.append(program)
        return program

    def end_all(self) -> None:
        """End every program that was started here, the last one first."""
        while self._programs:
            self._programs.pop().end()


def _get(url: str) -> tuple[int, bytes]:
    """Status and body of one GET; status 0 where nobody answers yet."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read()
    except OSError:
        return 0, b""
