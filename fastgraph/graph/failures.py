"""An exception as it is kept and shown: type, message, and a traceback that begins in the user's code.

The object itself never leaves the thread it was raised in: it may hold half the process. Reading it runs user code
(`__str__`), so nothing here trusts it to work.
"""

from __future__ import annotations

import traceback
from pathlib import Path
from types import TracebackType

from fastgraph.execution.tasks import ErrorRecord

__all__ = ["BUBBLES_UP", "TRACEBACK_BYTES", "record_error"]

BUBBLES_UP = "bubbles_up"
"""The fact of an error that is no failure of its node: it is neither tried again nor handled."""
TRACEBACK_BYTES = 16 * 1024
MESSAGE_CHARACTERS = 4 * 1024

_OURS = str(Path(__file__).resolve().parent)


def record_error(error: BaseException, *, node: str | None = None, attempt: int | None = None) -> ErrorRecord:
    """Describe an error in at most about 20 KB; never raises because of the error's own methods."""
    return ErrorRecord(
        type=type(error).__name__,
        message=_message(error),
        traceback=_traceback(error),
        node=node,
        attempt=attempt,
        facts={"bases": [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"]},
    )


def _message(error: BaseException) -> str:
    try:
        text = str(error)
    except BaseException as second:  # noqa: BLE001 - user code: whatever it raises, the first error is what counts
        return f"(its message can't be read: __str__ raised {type(second).__name__})"
    return text if len(text) <= MESSAGE_CHARACTERS else f"{text[: MESSAGE_CHARACTERS - 1]}…"


def _traceback(error: BaseException) -> str:
    try:
        lines = traceback.format_exception(type(error), error, _skip_ours(error.__traceback__))
    except BaseException as second:  # noqa: BLE001 - as above
        return f"(its traceback can't be written: {type(second).__name__})"
    return _bound("".join(lines))


def _skip_ours(frames: TracebackType | None) -> TracebackType | None:
    """Leave out our own frames in front of the user's first one; an error of ours keeps them all."""
    frame = frames
    while frame is not None and frame.tb_frame.f_code.co_filename.startswith(_OURS):
        frame = frame.tb_next
    return frame or frames


def _bound(text: str) -> str:
    """Cut the middle out of a long traceback: where it began and where it broke are what is looked for."""
    if len(text.encode("utf-8", "replace")) <= TRACEBACK_BYTES:
        return text
    # four bytes a character at most
    part = TRACEBACK_BYTES // 8 - 32
    return f"{text[:part]}\n… {len(text) - 2 * part} characters left out …\n{text[-part:]}"
