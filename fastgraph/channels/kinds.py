"""Which kind of key a channel makes: the machine knows the kinds that need no code, and calls the rest CHANNEL.

Only the classes of this package themselves have a kind of their own. A subclass may do anything, so it is asked.
"""

from __future__ import annotations

from typing import Any, Final

from fastgraph.channels.any_value import AnyValue
from fastgraph.channels.base import BaseChannel
from fastgraph.channels.binop import BinaryOperatorAggregate
from fastgraph.channels.delta import DeltaChannel
from fastgraph.channels.ephemeral_value import EphemeralValue
from fastgraph.channels.last_value import LastValue
from fastgraph.channels.topic import Topic
from fastgraph.channels.untracked_value import UntrackedValue
from fastgraph.execution.plan import KeyKind

__all__ = ["kind_of", "takes_overwrites"]

_KINDS: Final[dict[type[Any], KeyKind]] = {
    AnyValue: KeyKind.ANY_VALUE,
    BinaryOperatorAggregate: KeyKind.REDUCER,
    DeltaChannel: KeyKind.REDUCER,
    LastValue: KeyKind.LAST_VALUE,
}


def kind_of(channel: BaseChannel[Any, Any, Any]) -> KeyKind:
    """Return the kind of key that a channel makes."""
    exact = type(channel)
    if isinstance(channel, EphemeralValue) and exact is EphemeralValue:
        return KeyKind.EPHEMERAL if channel.guard else KeyKind.ANY_VALUE
    if isinstance(channel, UntrackedValue) and exact is UntrackedValue:
        return KeyKind.UNTRACKED if channel.guard else KeyKind.UNTRACKED_ANY
    if isinstance(channel, Topic) and exact is Topic:
        return KeyKind.REDUCER if channel.accumulate else KeyKind.TOPIC
    return _KINDS.get(exact, KeyKind.CHANNEL)


def takes_overwrites(channel: BaseChannel[Any, Any, Any] | None, kind: KeyKind) -> bool:
    """Say whether a write to the key may be an `Overwrite`: a Topic takes it as an item like any other."""
    return kind is KeyKind.REDUCER and type(channel) is not Topic
