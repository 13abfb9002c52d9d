"""Managed values: keys of the state that are computed for each task, under LangGraph's names."""

from fastgraph.managed.base import is_managed_value
from fastgraph.managed.is_last_step import (
    IsLastStep,
    IsLastStepManager,
    RemainingSteps,
    RemainingStepsManager,
)

__all__ = ["IsLastStep", "IsLastStepManager", "RemainingSteps", "RemainingStepsManager", "is_managed_value"]
