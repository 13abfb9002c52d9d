"""Server-sent events as they are read: lines in, messages out, nothing else (WHATWG HTML, "Server-sent
events").

Pure: the caller brings the lines. A message that the end of the stream cuts off is dropped, as the standard
asks: the server sends it again to whoever comes back with the last id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

__all__ = ["Message", "read_messages"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of the stream; `id` is the last one that the stream has named."""

    event: str
    data: str
    id: str


def read_messages(lines: Iterable[str]) -> Iterator[Message]:
    """Yield the messages of a stream of lines without their ends; comments and messages without data are left out."""
    event, data, last_id = "", list[str](), ""
    for line in lines:
        if not line:
            if data:
                yield Message(event=event or "message", data="\n".join(data), id=last_id)
            event, data = "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field:
            case "event":
                event = value
            case "data":
                data.append(value)
            case "id" if "\0" not in value:
                last_id = value
            case _:
                pass  # a comment (an empty field), `retry`, or what the standard leaves for later
