"""Hosts and api processes that start in milliseconds, because they are forked from one that has imported everything.

A child is the real program (`actors.host.main`, `fastgraph api`), with an environment and an end of its own. When the
nursery is closed, or this process dies, its children die with it.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

PROGRAM = Path(__file__).with_name("nursery_program.py")
START_SECONDS = 120.0


class Child:
    """One forked process."""

    def __init__(self, pid: int, output: Path) -> None:
        self.pid = pid
        self.output = output
        self.code: int | None = None
        self.has_ended = threading.Event()

    def wait(self, within_seconds: float = 30.0) -> int:
        """Wait for its end; answer the exit code (negative: the signal)."""
        assert self.has_ended.wait(within_seconds), f"process {self.pid} did not end\n{self.tail()}"
        assert self.code is not None
        return self.code

    def signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        if not self.has_ended.is_set():
            self.signal(signal.SIGTERM)

    def signal_kill(self) -> None:
        """kill -9, unless its end was told already: its id may be somebody else's by then."""
        if not self.has_ended.is_set():
            self.signal(signal.SIGKILL)

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self.signal_kill()
        self.wait()

    def tail(self) -> str:
        """The end of what it printed."""
        return self.output.read_text(errors="replace")[-4000:] if self.output.exists() else "(no output)"


class Nursery:
    """One of a kind of process; `born` may be called from any thread."""

    def __init__(self, kind: Literal["host", "api"], folder: Path) -> None:
        self._folder = folder
        self._children: dict[int, Child] = {}
        self._early: dict[int, int] = {}  # ends that were told before `born` had its child
        self._born: queue.Queue[int] = queue.Queue()
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._ready = threading.Event()
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(PROGRAM), kind],
            cwd=folder,
            env={name: value for name, value in os.environ.items() if not name.startswith("FASTGRAPH_")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._reader = threading.Thread(target=self._read, name=f"nursery {kind}", daemon=True)
        self._reader.start()

    def born(self, *arguments: str, environment: Mapping[str, str]) -> Child:
        """Fork a process and answer it; it has just begun."""
        assert self._ready.wait(START_SECONDS), "the nursery did not start"
        clean = {name: value for name, value in os.environ.items() if not name.startswith("FASTGRAPH_")}
        with self._turn:
            output = self._folder / f"output-{len(self._children)}.txt"
            order = {
                "arguments": list(arguments),
                "environment": {**clean, **environment},
                "output": str(output),
            }
            self._write(json.dumps(order))
            child = Child(self._born.get(timeout=START_SECONDS), output)
            with self._lock:
                self._children[child.pid] = child
                code = self._early.pop(child.pid, None)
            if code is not None:
                self._end(child, code)
        return child

    def close(self) -> None:
        """Kill all children and end."""
        for child in list(self._children.values()):
            child.kill()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._reader.join(5)
        self._process.stdout.close()

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            word: dict[str, Any] = json.loads(line)
            if "ready" in word:
                self._ready.set()
            elif "born" in word:
                self._born.put(word["born"])
            else:
                with self._lock:
                    child = self._children.get(word["ended"])
                    if child is None or child.has_ended.is_set():  # the id was used before
                        self._early[word["ended"]] = word["code"]
                        continue
                self._end(child, word["code"])

    @staticmethod
    def _end(child: Child, code: int) -> None:
        child.code = code
        child.has_ended.set()
