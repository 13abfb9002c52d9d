"""What nodes print and log on their way to the run's console.

A handler of the standard library's logging and a stand-in for `sys.stdout`, both installed once in a process that
executes nodes, and nowhere else. Whose line it is says the context variable of the running task: threads and coroutines
that carry it are heard, whatever else prints is left alone and goes where it went before. A line is an event of kind
`log` like those of `fastgraph.log`; the run's stream gathers and bounds them.
"""

from __future__ import annotations

import io
import logging
import sys
import threading
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any, TextIO

import orjson

from fastgraph.events import EventKind
from fastgraph.graph.current import CurrentTask, find_current_task

__all__ = ["MAX_LINE_CHARACTERS", "LineBuffer", "NodeLogHandler", "NodeStdout", "capture_output"]

MAX_LINE_CHARACTERS = 16 * 1024  # a longer line comes in pieces: no event carries a value over 64 KB
PRINTED_LEVEL = "info"
PRINTED_LOGGER = "stdout"
OWN_LOGGER = "fastgraph.node"  # in-process runs repeat there what their nodes say

_IS_EMITTING: ContextVar[bool] = ContextVar("fastgraph_is_emitting", default=False)
_LEVELS = ((logging.ERROR, "error"), (logging.WARNING, "warning"), (logging.INFO, "info"))


def capture_output() -> Callable[[], None]:
    """Install handler and stand-in in this process, and return what takes them away again. Call it once."""
    root, real = logging.getLogger(), sys.stdout
    handler = NodeLogHandler()
    least = root.level
    levels = [(other, other.level) for other in root.handlers]
    for other, level in levels:  # what goes to the process's own log stays as it was
        other.setLevel(max(level, least))
    root.addHandler(handler)
    root.setLevel(min(least, logging.INFO))
    sys.stdout = NodeStdout(real)

    def restore() -> None:
        sys.stdout = real
        root.removeHandler(handler)
        root.setLevel(least)
        for other, level in levels:
            other.setLevel(level)

    return restore


class NodeLogHandler(logging.Handler):
    """Sends a record to the console of the run whose node made it; one that no node made is none of its business."""

    def emit(self, record: logging.LogRecord) -> None:
        current = find_current_task()
        if current is None or record.name == OWN_LOGGER or _IS_EMITTING.get():
            return
        try:
            _send(current, _level_name(record.levelno), record.name, self.format(record))
        except Exception:  # noqa: BLE001 - a message that can't be formatted is logging's own affair, on stderr
            self.handleError(record)


class NodeStdout(io.TextIOBase):
    """Stands in for `sys.stdout`. All but `write` and `flush` is the real one's."""

    def __init__(self, real: TextIO) -> None:
        self._real = real

    def write(self, text: str) -> int:
        """Send whole lines to the console of the run whose node prints; without a node print them where they went before."""
        current = find_current_task()
        if current is None or _IS_EMITTING.get():
            return self._real.write(text)
        if current.lines is None:
            current.lines = LineBuffer(current)
        current.lines.write(text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:  # type: ignore[override] # text in, as in every text stream
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Flush the real one. A node's line waits for its end, or for the node's: a flush amid it makes no new line."""
        self._real.flush()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._real.isatty()

    def fileno(self) -> int:
        return self._real.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override] # an attribute there
        return self._real.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override] # an attribute there
        return self._real.errors

    @property
    def buffer(self) -> Any:
        """The real one's bytes: who writes there goes past the console."""
        return self._real.buffer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class LineBuffer:
    """What a task has printed of a line that has no end yet. Thread-safe; `flush` is called when the task ends."""

    __slots__ = ("_current", "_lock", "_parts", "_size")

    def __init__(self, current: CurrentTask) -> None:
        self._current = current
        self._parts: list[str] = []
        self._size = 0
        self._lock = threading.Lock()

    def write(self, text: str) -> None:
        """Take a piece of text and send the lines that it ends."""
        for line in self._take(text):
            _send(self._current, PRINTED_LEVEL, PRINTED_LOGGER, line)

    def flush(self) -> None:
        """Send what has no end yet."""
        with self._lock:
            line, self._parts, self._size = "".join(self._parts), [], 0
        if line:
            _send(self._current, PRINTED_LEVEL, PRINTED_LOGGER, line)

    def _take(self, text: str) -> list[str]:
        with self._lock:
            *lines, rest = text.split("\n")
            if lines:
                lines[0] = "".join([*self._parts, lines[0]])
                self._parts, self._size = [], 0
            if rest:
                self._parts.append(rest)
                self._size += len(rest)
                if self._size >= MAX_LINE_CHARACTERS:
                    lines.append("".join(self._parts))
                    self._parts, self._size = [], 0
        return [line.removesuffix("\r") for line in lines]


def _send(current: CurrentTask, level: str, logger: str, text: str) -> None:
    token = _IS_EMITTING.set(True)
    try:
        for start in range(0, max(len(text), 1), MAX_LINE_CHARACTERS):
            piece = text[start : start + MAX_LINE_CHARACTERS]
            current.services.emit(
                EventKind.LOG, _encode({"level": level, "message": piece, "logger": logger})
            )
    finally:
        _IS_EMITTING.reset(token)


def _encode(line: dict[str, str]) -> bytes:
    try:
        return orjson.dumps(line)
    except TypeError:  # a lone surrogate, as in a file's name: shown as its escape
        return orjson.dumps(
            {key: text.encode("utf-8", "backslashreplace").decode() for key, text in line.items()}
        )


def _level_name(number: int) -> str:
    return next((name for least, name in _LEVELS if number >= least), "debug")
