"""One event as one plain line, for pipes, log files and terminals without colours.

    12  14:03:07.120  node_update   parse     sections=[12 items]

A line never breaks: what would be long is cut, and control characters of a node's output are made visible, so
that what a workflow writes can't move the cursor of who reads it.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

__all__ = ["brief", "event_line", "printable", "waiting_hint"]

DETAIL_LETTERS = 160
VALUE_LETTERS = 60


def event_line(event: dict[str, Any]) -> str:
    """Return the event as a line without its end."""
    moment = datetime.fromisoformat(event["at"]).astimezone().strftime("%H:%M:%S.%f")[:-3]
    head = f"{event['seq']:>6}  {moment}  {event['event']:<12}"
    detail = printable(_detail(event["event"], event.get("data")), DETAIL_LETTERS)
    return f"{head}  {event.get('node') or '':<14}  {detail}".rstrip()


def waiting_hint(run_id: str) -> str:
    """Say how an interrupted run is answered."""
    return f"The run waits for an answer. Give it with: fastgraph runs resume {run_id} --answer JSON"


def brief(value: Any, letters: int = VALUE_LETTERS) -> str:
    """Return a value as a short text: containers by their size when they are long."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if len(text) <= letters:
        return printable(text, letters)
    if isinstance(value, list):
        return f"[{len(value)} items]"
    if isinstance(value, dict):
        return f"{{{len(value)} keys}}"
    return printable(text, letters)


def printable(text: str, letters: int) -> str:
    """Return the text on one line, without control characters, cut to a length."""
    shown = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text[: letters + 1])
    return shown if len(shown) <= letters else shown[: letters - 1] + "…"


def _detail(kind: str, data: Any) -> str:
    if data is None:
        return ""
    if not isinstance(data, dict):
        return brief(data)
    match kind:
        case "log" | "warning":
            level = data.get("level", "info")
            fields = " ".join(f"{key}={brief(value)}" for key, value in (data.get("fields") or {}).items())
            return f"{'' if level == 'info' else level + ': '}{data.get('message', data)} {fields}".rstrip()
        case "progress":
            total = data.get("total")
            return (
                f"{data.get('done')}{'' if total is None else f'/{total}'} {data.get('label') or ''}".rstrip()
            )
        case "token":
            return str(data.get("text", ""))
        case "artifact":
            return f"{data.get('name')} ({data.get('size')} bytes, {data.get('media_type')}) {data.get('artifact_id')}"
        case "node_update" if isinstance(data.get("update"), dict):
            return " ".join(f"{key}={brief(value)}" for key, value in data["update"].items())
        case "node_failed" | "node_retry" | "failed" | "quarantined":
            error = data.get("error", data)
            named = isinstance(error, dict) and "message" in error
            return (
                f"{error.get('type', 'Error')}: {error['message']}" if named else brief(data, DETAIL_LETTERS)
            )
        case _:
            return " ".join(f"{key}={brief(value)}" for key, value in data.items())
