"""`add_messages` and `MessagesState`: a conversation as plain dicts, folded by id as LangGraph folds its messages.

A message is `{"role", "content", "id", …}`. What a node returns may be shorter: a text is a user's message, a pair is
(role, text), and a missing id is given. A message with a known id replaces the one that has it; `RemoveMessage(id)`
takes one away, `RemoveMessage(REMOVE_ALL_MESSAGES)` all before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

from fastgraph.errors import InvalidUpdateError, UnknownMessageError
from fastgraph.ids import new_id

__all__ = ["REMOVE_ALL_MESSAGES", "Message", "MessagesState", "RemoveMessage", "add_messages"]

Message = dict[str, Any]

REMOVE_ALL_MESSAGES = "__remove_all__"
_REMOVE = "remove"


def RemoveMessage(id: str) -> Message:  # noqa: A002, N802 - LangChain's name for it, where it is a class
    """Return the message that takes another away by its id."""
    return {"role": _REMOVE, "content": "", "id": id}


def add_messages(left: Any, right: Any) -> list[Message]:
    """Fold new messages into a conversation; the reducer of `MessagesState`.

    >>> add_messages([{"role": "user", "content": "hi", "id": "1"}], {"role": "user", "content": "hello", "id": "1"})
    [{'role': 'user', 'content': 'hello', 'id': '1'}]

    Raises UnknownMessageError for the removal of an id that is not there, InvalidUpdateError for what is no message.
    """
    merged = [_read(message) for message in _as_list(left)]
    added = [_read(message) for message in _as_list(right)]
    for index in range(len(added) - 1, -1, -1):
        if _is_removal(added[index]) and added[index]["id"] == REMOVE_ALL_MESSAGES:
            return added[index + 1 :]
    places = {message["id"]: index for index, message in enumerate(merged)}
    removed: set[str] = set()
    for message in added:
        place = places.get(message["id"])
        if _is_removal(message):
            if place is None:
                raise UnknownMessageError(message["id"])
            removed.add(message["id"])
        elif place is None:
            places[message["id"]] = len(merged)
            merged.append(message)
        else:
            removed.discard(message["id"])
            merged[place] = message
    return [message for message in merged if message["id"] not in removed]


class MessagesState(TypedDict):
    """A state with a conversation under `messages`; extend it with keys of your own."""

    messages: Annotated[list[Message], add_messages]


def _as_list(messages: Any) -> list[Any]:
    return messages if isinstance(messages, list) else [messages]


def _is_removal(message: Message) -> bool:
    return bool(message["role"] == _REMOVE)


def _read(message: Any) -> Message:
    """Return a message with its role, content and id."""
    if isinstance(message, str):
        message = {"role": "user", "content": message}
    elif isinstance(message, (tuple, list)) and len(message) == 2:
        message = {"role": message[0], "content": message[1]}
    if not isinstance(message, Mapping) or not isinstance(message.get("role", message.get("type")), str):
        raise InvalidUpdateError(
            f"{type(message).__name__} is no message. Give a dict with role and content, a pair (role, text), or a text."
        )
    facts = dict(message)
    return {
        "role": facts.pop("role", None) or facts.pop("type"),
        "content": "",
        **facts,
        "id": facts.get("id") or new_id(),
    }
