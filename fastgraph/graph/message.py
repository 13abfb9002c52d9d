"""Conversations as plain dicts, folded by id as LangGraph folds its messages: `add_messages`, `MessagesState`.

A message is `{"role", "content", "id", …}`. What a node returns may be shorter: a text is a user's message, a pair is
(role, text), and a missing id is given. A message with a known id replaces the one that has it; `RemoveMessage(id)`
takes one away, `RemoveMessage(REMOVE_ALL_MESSAGES)` all before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, TypedDict

from fastgraph.errors import InvalidUpdateError, UnknownMessageError
from fastgraph.graph.builder import StateGraph
from fastgraph.graph.current import current_task
from fastgraph.graph.in_node import token
from fastgraph.ids import new_id

__all__ = [
    "REMOVE_ALL_MESSAGES",
    "Message",
    "MessageGraph",
    "MessagesState",
    "RemoveMessage",
    "add_messages",
    "push_message",
]

Message = dict[str, Any]

REMOVE_ALL_MESSAGES = "__remove_all__"
_REMOVE = "remove"
_OPENAI = "langchain-openai"
_OPENAI_ROLES = {"human": "user", "ai": "assistant"}


def RemoveMessage(id: str) -> Message:  # noqa: A002, N802 - LangChain's name for it, where it is a class
    """Return the message that takes another away by its id."""
    return {"role": _REMOVE, "content": "", "id": id}


def add_messages(left: Any = None, right: Any = None, *, format: str | None = None) -> Any:  # noqa: A002 - theirs
    """Fold new messages into a conversation; the reducer of `MessagesState`.

    >>> add_messages([{"role": "user", "content": "hi", "id": "1"}], {"role": "user", "content": "hello", "id": "1"})
    [{'role': 'user', 'content': 'hello', 'id': '1'}]

    Without messages it returns a reducer: `Annotated[list, add_messages(format="langchain-openai")]` keeps roles and
    images as OpenAI names them, whatever nodes write. Raises UnknownMessageError for the removal of an id that is not
    there, InvalidUpdateError for what is no message, ValueError for an unknown format or only one of the two.
    """
    if format not in (None, _OPENAI):
        raise ValueError(f"Unrecognized format {format!r}. There are: {_OPENAI!r}, None.")
    if left is None and right is None:
        return partial(add_messages, format=format)
    if left is None or right is None:
        missing = "left" if left is None else "right"
        raise ValueError(
            f"add_messages needs both left and right; {missing} is None. Give an empty list instead."
        )
    folded = _fold(left, right)
    return [_as_openai(message) for message in folded] if format == _OPENAI else folded


def push_message(message: Any, *, state_key: str | None = "messages") -> Message:
    """Show a message to watchers of the `messages` stream now, and write it to `state_key` (None: only show it).

    Returns it in full form. Raises ValueError for a message without id, OutsideNodeError outside of a node.
    """
    current = current_task("push_message")
    if not isinstance(message, Mapping) or not message.get("id"):
        raise ValueError("Message ID is required: push_message shows a message once, by its id.")
    pushed = _read(message)
    content = pushed["content"]
    token(content if isinstance(content, str) else str(content), message_id=pushed["id"], role=pushed["role"])
    if state_key is not None:
        current.pushed.append((state_key, pushed))
    return pushed


class MessagesState(TypedDict):
    """A state with a conversation under `messages`; extend it with keys of your own."""

    messages: Annotated[list[Message], add_messages]


class MessageGraph(StateGraph[Any, Any, Any, Any]):
    """A graph whose whole state is one conversation. LangGraph keeps it for old programs; `MessagesState` is the way now."""

    def __init__(self) -> None:
        super().__init__(Annotated[list[Message], add_messages])  # type: ignore[arg-type]


def _fold(left: Any, right: Any) -> list[Message]:
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


def _as_openai(message: Message) -> Message:
    """Return a message with the names that OpenAI has for roles and for the images among its parts."""
    content = message["content"]
    if isinstance(content, list):
        content = [_as_openai_part(part) for part in content]
    return {**message, "role": _OPENAI_ROLES.get(message["role"], message["role"]), "content": content}


def _as_openai_part(part: Any) -> Any:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    source = part.get("source") if isinstance(part, Mapping) and part.get("type") == "image" else None
    if not isinstance(source, Mapping) or source.get("type") != "base64":
        return part
    return {"type": "image_url", "image_url": {"url": f"data:{source['media_type']};base64,{source['data']}"}}
