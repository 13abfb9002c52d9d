"""`ManagedValue`: a key that is computed for each task and never stored.

It stands in a state's annotation as a class: `Annotated[int, MyManager]`. Nodes and routers read it like any key; what
they write to it is dropped.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from inspect import isclass
from typing import Any, ClassVar, Generic, NamedTuple, TypeGuard, TypeVar

__all__ = ["ManagedValue", "TaskPlace", "is_managed_value"]

V = TypeVar("V")


class TaskPlace(NamedTuple):
    """Where a task stands in its run: its step, and the step at which the run must be at its end."""

    step: int
    stop: int


class ManagedValue(ABC, Generic[V]):
    """A value that the engine makes."""

    is_managed_value: ClassVar[bool] = True

    @staticmethod
    @abstractmethod
    def get(scratchpad: TaskPlace) -> V:
        """Return the value for a task at that place."""


def is_managed_value(value: Any) -> TypeGuard[type[ManagedValue[Any]]]:
    """Say whether an annotation's metadata is the class of a managed value."""
    return isclass(value) and issubclass(value, ManagedValue)
