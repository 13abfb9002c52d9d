"""What a task process asks of its host, answered from the services of the task. In the thread that waits for the process."""

from __future__ import annotations

from concurrent.futures import Future

import orjson

from actors.runs.task_services import HostTaskServices
from actors.tasks.channel import Message
from actors.tasks.nested_wire import encode_found
from fastgraph.execution.tasks import CacheEntry

__all__ = ["answer_question"]


def answer_question(services: HostTaskServices, message: Message) -> list[bytes]:
    """Return the parts of the answer; blocks for the time of a query, or until what was said is durable."""
    key: str = message.facts["key"]
    match message.word:
        case "find_artifact":
            found = services.find_artifact(key)
            return [found.encode()] if found is not None else []
        case "find_record":
            return _optional(services.find_record(key))
        case "keep_record":
            _wait(services.keep_record(key, message.parts[0]))
            return []
        case "settle":
            _wait(services.outbox.settle())
            return []
        case "open_lineage":
            return [orjson.dumps(services.nested.open_lineage(key))]
        case "read_lineage":
            return encode_found(services.nested.read(*orjson.loads(message.parts[0])))
        case "find_nested_record":
            return _optional(services.nested.find_record(*orjson.loads(message.parts[0])))
        case "find_cached":
            namespace, name = orjson.loads(message.parts[0])
            return _optional(services.find_cached(CacheEntry(tuple(namespace), name, None)))
        case _:
            raise ValueError(f"A task process asked {message.word!r}, which its host does not know.")


def _optional(value: bytes | None) -> list[bytes]:
    return [] if value is None else [value]


def _wait(done: Future[None] | None) -> None:
    if done is not None:
        done.result()
