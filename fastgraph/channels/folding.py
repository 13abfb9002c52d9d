"""One step of a key that has a channel: a working copy is made, takes the writes, and what it then is gets stored.

Calls `update` and its kin, which may be the user's, so it runs on a user thread. A Topic's items are appended without
comparing what was there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fastgraph.channels.base import MISSING, BaseChannel
from fastgraph.channels.topic import Topic, flatten
from fastgraph.errors import EmptyChannelError
from fastgraph.state.changes import Change, diff
from fastgraph.state.values import Codec, StoredValue

__all__ = ["FoldedChannel", "fold_channel", "see_channels"]


class FoldedChannel(NamedTuple):
    """How a key changed, None where it did not, and what it holds now; None where it is empty. `is_seen` says that it was
    updated and shows a value."""

    change: Change | None
    value: StoredValue | None
    is_seen: bool = True


def fold_channel(
    channel: BaseChannel[Any, Any, Any],
    name: str,
    codec: Codec,
    current: StoredValue | None,
    writes: Sequence[StoredValue],
    *,
    is_step: bool,
    is_last: bool,
) -> FoldedChannel:
    """Let a key's channel take the writes of a step, in order. Raises what the channel raises, and UnstorableValueError."""
    if isinstance(channel, Topic) and type(channel) is Topic:
        if not is_step and not writes:
            return FoldedChannel(None, current, False)
        return _fold_topic(channel, codec, current, writes)
    working = _revive(channel, name, current)
    given = [write.fresh() for write in writes]
    is_seen = bool(given) and working.update(given) and working.is_available()
    if is_step and not is_seen and working.is_available():
        is_seen = working.update([]) and working.is_available()
    if is_last and working.finish():
        is_seen = is_seen or working.is_available()
    after = working.checkpoint()
    if after is MISSING:
        return FoldedChannel(None, None, is_seen)
    change, value = diff(current, after, codec)
    return FoldedChannel(change, value, is_seen)


def _fold_topic(
    channel: Topic[Any], codec: Codec, current: StoredValue | None, writes: Sequence[StoredValue]
) -> FoldedChannel:
    before = current if channel.accumulate else None
    items = [*(before.value if before else ()), *flatten(write.value for write in writes)]
    if not items:
        return FoldedChannel(None, None, False)
    change, value = diff(before, items, codec, is_ours=True)
    return FoldedChannel(change, value)


def _revive(
    channel: BaseChannel[Any, Any, Any], name: str, stored: StoredValue | None
) -> BaseChannel[Any, Any, Any]:
    working = channel.from_checkpoint(MISSING if stored is None else stored.fresh())
    working.key = name
    return working


def see_channels(
    channels: Mapping[str, BaseChannel[Any, Any, Any]],
    values: Mapping[str, StoredValue],
    codecs: Mapping[str, Codec],
) -> dict[str, StoredValue]:
    """Return the values with what nodes see of those keys in the place of what is stored of them."""
    seen = dict(values)
    for name, channel in channels.items():
        try:
            shown = _revive(channel, name, values.get(name)).get()
        except EmptyChannelError:
            seen.pop(name, None)
        else:
            seen[name] = StoredValue.of(shown, codecs[name])
    return seen
