"""`IsLastStep` and `RemainingSteps`: how near a run is to its recursion limit, so that a node can end in time.

    class State(TypedDict):
        remaining_steps: RemainingSteps

With a limit of N the first node of a fresh run sees N - 1 remaining steps.
"""

from __future__ import annotations

from typing import Annotated

from fastgraph.managed.base import ManagedValue, TaskPlace

__all__ = ["IsLastStep", "IsLastStepManager", "RemainingSteps", "RemainingStepsManager"]


class IsLastStepManager(ManagedValue[bool]):
    """True in the last step that the limit allows to end after."""

    @staticmethod
    def get(scratchpad: TaskPlace) -> bool:
        return scratchpad.step == scratchpad.stop - 1


class RemainingStepsManager(ManagedValue[int]):
    """How many steps the run may still do, this one included."""

    @staticmethod
    def get(scratchpad: TaskPlace) -> int:
        return scratchpad.stop - scratchpad.step


IsLastStep = Annotated[bool, IsLastStepManager]
RemainingSteps = Annotated[int, RemainingStepsManager]
