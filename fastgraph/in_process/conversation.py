"""What the mode `messages` shows: pieces of text as they grow, and the messages that nodes return.

A chunk is `(message, metadata)`: a dict `{"role", "content", "id"}` as `add_messages` keeps them, and where it is from.
Pieces that `token()` sent have the id of their message, by default the task's own. A message that was shown, or that the
node was given, is not shown again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastgraph.execution.tasks import Task, TaskResult
from fastgraph.graph.injection import task_metadata
from fastgraph.in_process.debugging import shown_tags

__all__ = ["Conversation"]


class Conversation:
    """The messages of one run, by id. `config` is the run's; node metadata lies under its own."""

    def __init__(self, config: Mapping[str, Any], namespace: tuple[str, ...]) -> None:
        self._config = config
        self._namespace = "|".join(namespace)
        self._seen: set[str] = set()

    def know(self, given: Any) -> None:
        """Take note of the messages that a task was given."""
        self._seen.update(message["id"] for message in _find_messages(given) if message.get("id"))

    def piece(self, task: Task, said: Mapping[str, Any], node_metadata: Mapping[str, Any]) -> tuple[Any, Any]:
        """Return the chunk of a piece of text."""
        name = said.get("message_id") or task.id
        self._seen.add(name)
        message = {"role": said.get("role") or "assistant", "content": said["text"], "id": name}
        return message, self._metadata(task, node_metadata)

    def written(
        self, task: Task, result: TaskResult, node_metadata: Mapping[str, Any]
    ) -> Iterator[tuple[Any, Any]]:
        """Yield the chunks of the messages that a task wrote and nobody saw before."""
        for write in result.writes:
            for message in _find_messages({write.key: write.value.fresh()}):
                name = message.get("id")
                if name is None or name not in self._seen:
                    if name is not None:
                        self._seen.add(name)
                    yield message, self._metadata(task, node_metadata)

    def _metadata(self, task: Task, node_metadata: Mapping[str, Any]) -> dict[str, Any]:
        metadata = task_metadata(task, self._config, node_metadata, self._namespace)
        tags = shown_tags(self._config)
        return metadata if tags is None else {**metadata, "tags": tags}


def _find_messages(value: Any) -> Iterator[Mapping[str, Any]]:
    """Look where LangGraph looks: at the value, at the items of a list, at a state's keys and one level below."""
    if _is_message(value):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _messages_in(part)
    else:
        yield from _messages_in(value)


def _messages_in(part: Any) -> Iterator[Mapping[str, Any]]:
    if _is_message(part):
        yield part
    elif isinstance(part, Sequence) and not isinstance(part, (str, bytes)):
        yield from (item for item in part if _is_message(item))


def _is_message(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("role"), str) and "content" in value
