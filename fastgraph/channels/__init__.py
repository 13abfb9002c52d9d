"""Channels: what a key of the state does with the writes of a step, under LangGraph's names.

    class State(TypedDict):
        notes: Annotated[list[str], Topic(str, accumulate=True)]
        question: Annotated[str, EphemeralValue]

A key without a channel is a `LastValue`, one with a function of two values a `BinaryOperatorAggregate`.
"""

from fastgraph.channels.any_value import AnyValue
from fastgraph.channels.base import BaseChannel
from fastgraph.channels.binop import BinaryOperatorAggregate
from fastgraph.channels.delta import DeltaChannel
from fastgraph.channels.ephemeral_value import EphemeralValue
from fastgraph.channels.last_value import LastValue, LastValueAfterFinish
from fastgraph.channels.named_barrier_value import NamedBarrierValue, NamedBarrierValueAfterFinish
from fastgraph.channels.topic import Topic
from fastgraph.channels.untracked_value import UntrackedValue

__all__ = [
    "AnyValue",
    "BaseChannel",
    "BinaryOperatorAggregate",
    "DeltaChannel",
    "EphemeralValue",
    "LastValue",
    "LastValueAfterFinish",
    "NamedBarrierValue",
    "NamedBarrierValueAfterFinish",
    "Topic",
    "UntrackedValue",
]
