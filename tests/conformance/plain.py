"""Turn what a program saw into plain data that can be compared, with nothing of it lost but what must differ.

Ids, namespaces and times are made by chance or by another rule, so each is replaced by its number in the order in which
a program meets it: equal ids stay equal and different ones different. An error is its class, by name with its ancestry
(ours may be a subclass of LangGraph's namesake), and the beginning of its text where a program or Python raised it.
"""

import dataclasses
import re
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any

from pydantic import BaseModel

__all__ = ["Raised", "Seen"]

_NAMESPACE = re.compile(r"(?<=:)[0-9a-f]{8}[0-9a-f-]{12,28}")
_ID = re.compile(r"[0-9a-f]{8}[0-9a-f-]{12,28}")
_BEGIN = 40
_OWN_WORDS = (
    "InvalidUpdateError",
    "EmptyInputError",
    "GraphRecursionError",
    "NodeTimeoutError",
    "NodeCancelledError",
)


class Raised:
    """An error, equal to another of the same name or of a descendant's."""

    def __init__(self, error: BaseException) -> None:
        kind = type(error)
        self.kind = kind
        self.text = str(error)
        self.ancestry = {ancestor.__name__ for ancestor in kind.__mro__}
        self.is_in_library_words = _raised_by_a_library(error)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Raised):
            return NotImplemented
        if self.kind is other.kind and not (self.is_in_library_words and other.is_in_library_words):
            return self.text[:_BEGIN] == other.text[:_BEGIN]
        return self.kind.__name__ in other.ancestry or other.kind.__name__ in self.ancestry

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{self.kind.__name__}({self.text[:_BEGIN]!r})"


def _raised_by_a_library(error: BaseException) -> bool:
    """Say whether a library's own line raised it, so that the words are its own."""
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    place = at.tb_frame.f_globals.get("__name__", "") if at is not None else ""
    return place.partition(".")[0] in {"langgraph", "fastgraph"}


class Seen:
    """The ids of one observation: each is known by its number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, id_: Any) -> str | None:
        """Return `#1` for the first id that is met, `#2` for the second, and so on."""
        if id_ is None:
            return None
        return f"#{self._numbers.setdefault(str(id_), len(self._numbers) + 1)}"

    def text(self, text: str) -> str:
        """Return a text with the task ids of its namespaces replaced."""
        return _NAMESPACE.sub(lambda found: str(self.number(found[0])), text)

    def plain(self, value: Any) -> Any:
        """Return any value in plain form."""
        if isinstance(value, str) and not isinstance(value, Enum):
            return self.text(value)
        if value is None or isinstance(value, bool | int | float | bytes):
            return value
        if isinstance(value, BaseException):
            return Raised(value)
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, set | frozenset):
            return {type(value).__name__: sorted((self.plain(item) for item in value), key=repr)}
        if isinstance(value, list):
            return [self.plain(item) for item in value]
        return self._object(value)

    def snapshot(self, shown: Any) -> dict[str, Any]:
        """Return a StateSnapshot: all but its time."""
        metadata = shown.metadata or {}
        return {
            "values": self.plain(shown.values),
            "next": list(shown.next),
            "source": metadata.get("source"),
            "step": metadata.get("step"),
            "tasks": [self.task(task) for task in shown.tasks],
            "interrupts": [self.plain(question) for question in shown.interrupts],
            "config": self.plain(shown.config),
            "parent": self.plain(shown.parent_config),
            "parents": [self.text(key) for key in sorted(metadata.get("parents") or {})],
        }

    def task(self, task: Any) -> dict[str, Any]:
        """Return a PregelTask; its error is compared by its text."""
        return {
            "id": self.number(task.id),
            "name": task.name,
            "path": self.plain(list(task.path)),
            "error": self._error(task.error),
            "interrupts": [self.plain(question) for question in task.interrupts],
            "state": self.plain(task.state),
            "result": self.plain(task.result),
        }

    def _error(self, error: Any) -> str | None:
        """Return a stored error: all of its text where a program said it, the class where the library did."""
        if not error:
            return None
        text = repr(error) if isinstance(error, BaseException) else str(error)
        return next((name for name in _OWN_WORDS if text.startswith(name)), text)

    def _mapping(self, value: Mapping[Any, Any]) -> Any:
        if "configurable" in value:
            return {"config": self._configurable(value["configurable"])}
        return {
            self.text(str(key)) if isinstance(key, str) else key: self._entry(key, value[key])
            for key in value
        }

    def _entry(self, key: Any, value: Any) -> Any:
        if key == "__interrupt__" and isinstance(value, list):
            value = sorted(value, key=str)  # parallel questions come in any order
        if key == "id" and isinstance(value, str) and _ID.fullmatch(value):
            return self.number(value)
        return self.plain(value)

    def _configurable(self, configurable: Mapping[str, Any]) -> dict[str, Any]:
        seen = {
            "thread": configurable.get("thread_id"),
            "ns": self.text(configurable.get("checkpoint_ns") or ""),
        }
        if "checkpoint_id" in configurable:
            seen["id"] = self.number(configurable["checkpoint_id"])
        return seen

    def _object(self, value: Any) -> Any:
        name = type(value).__name__
        if name == "Interrupt":
            schema = getattr(value, "response_schema", None)
            return {
                "question": self.plain(value.value),
                "id": self.number(value.id),
                "schema": self.plain(schema),
            }
        if name == "StateSnapshot":
            return self.snapshot(value)
        if name == "PregelTask":
            return self.task(value)
        if isinstance(value, tuple):
            return tuple(self.plain(item) for item in value)
        if isinstance(value, BaseModel):
            return {name: {key: self.plain(item) for key, item in value}}
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {
                field.name: self.plain(getattr(value, field.name)) for field in dataclasses.fields(value)
            }
            return {name: fields}
        if isinstance(value, datetime | date | Enum):
            return repr(value)
        return self._other(value, name)

    def _other(self, value: Any, name: str) -> Any:
        if name == "Send":
            return {"Send": [value.node, self.plain(value.arg)]}
        if hasattr(value, "__dict__") and not isinstance(value, type):
            return {name: {key: self.plain(item) for key, item in sorted(vars(value).items())}}
        return getattr(value, "__name__", name)
