"""1.2: the channels that a key may be."""

import operator
from collections.abc import Sequence
from typing import Annotated, Any, TypedDict

from conformance.calls import answer, proceed, start, tell
from conformance.program import flow, script
from conformance.wiring import chain, wire


class Words(TypedDict):
    words: Annotated[list[str], operator.add]
    last: str


def writes(**update: Any) -> Any:
    """Return a node that writes these values."""

    def node(state):
        return update

    return node


FRESH = start({"words": ["x"]})


@flow("1.2 last value", "1.3 failure", calls=[FRESH, proceed()])
def two_writes_of_a_plain_key_in_one_step_are_refused(lg):
    nodes = {"a": writes(last="a"), "b": writes(last="b")}
    return wire(lg, Words, nodes, "START a", "START b")


@flow("1.2 last value", calls=[FRESH])
def two_writes_of_a_plain_key_by_one_node_are_refused(lg):
    def a(state):
        return lg.types.Command(update=[("last", "1"), ("last", "2")])

    return wire(lg, Words, {"a": a}, "START a")


@flow("1.2 last value", calls=[FRESH, start({"last": "new"})])
def a_plain_key_keeps_its_value_until_it_is_written(lg):
    nodes = {"a": writes(words=["a"]), "b": writes(last="b"), "c": writes(words=["c"])}
    return wire(lg, Words, nodes, "START a b c")


@flow("1.2 last value", calls=[start({"last": None, "words": []})])
def none_is_a_value_of_a_plain_key(lg):
    def look(state):
        return {"words": [str(state["last"]), str(sorted(state))], "last": None}

    return wire(lg, Words, {"look": look}, "START look")


@flow("1.2 binop", "1.3 order", calls=[FRESH])
def overwrite_replaces_all_writes_of_its_step(lg):
    over = {"o": lambda state: {"words": lg.types.Overwrite(["O"])}}
    nodes = {"A0": writes(words=["A0"]), "b": writes(words=["b"]), "z": writes(words=["z"])}
    return wire(lg, Words, nodes | over, "START A0 z", "START b", "START o")


@flow("1.2 binop", calls=[FRESH])
def overwrite_by_its_key(lg):
    nodes = {"a": writes(words={"__overwrite__": ["O"]}), "b": writes(words=["b"])}
    return wire(lg, Words, nodes, "START a b")


@flow("1.2 binop", calls=[FRESH])
def overwrite_as_json_left_it(lg):
    nodes = {"a": writes(words={"value": ["O"], "type": "__overwrite__"}), "b": writes(words=["b"])}
    return wire(lg, Words, nodes, "START a b")


@flow("1.2 binop", calls=[FRESH])
def two_overwrites_in_one_step_are_refused(lg):
    def a(state):
        return {"words": lg.types.Overwrite(["a"])}

    return wire(lg, Words, {"a": a, "b": a}, "START a", "START b")


@flow(
    "1.2 binop",
    "1.3 cumulative",
    calls=[FRESH, start(lambda lg: {"words": lg.types.Overwrite(["new"])})],
    served=False,
)
def overwrite_in_an_input(lg):
    return wire(lg, Words, {"a": writes(words=["a"])}, "START a")


@flow("1.2 binop", calls=[start({"count": 1}), start({})])
def a_reducer_that_raises_fails_the_step(lg):
    def careful(left: int, right: int) -> int:
        if right > 5:
            raise ValueError("too much")
        return left + right

    class State(TypedDict):
        count: Annotated[int, careful]

    return chain(lg, State, *_counting())


def _counting() -> list[Any]:
    def small(state):
        return {"count": 2}

    def large(state):
        return {"count": 9}

    return [small, large]


def extend(state: list[str], batch: Sequence[list[str]]) -> list[str]:
    return [*state, *(word for words in batch for word in words)]


def _delta_state(lg, **options):
    class State(TypedDict):
        words: Annotated[list[str], lg.channels.DeltaChannel(extend, **options)]

    return State


@flow("1.2 delta", calls=[FRESH, start({"words": ["y"]})])
def delta_channel_folds_the_writes_of_a_step_at_once(lg):
    nodes = {name: writes(words=[name]) for name in "abc"}
    return wire(lg, _delta_state(lg), nodes, "START a c", "START b")


@flow("1.2 delta", calls=[FRESH, start({"words": ["y"]})])
def delta_channel_with_frequent_snapshots(lg):
    nodes = {name: writes(words=[name]) for name in "abc"}
    return wire(lg, _delta_state(lg, snapshot_frequency=1), nodes, "START a b c")


@flow("1.2 delta", calls=[FRESH])
def delta_channel_is_overwritten(lg):
    def over(state):
        return {"words": lg.types.Overwrite(["O"])}

    nodes = {"a": writes(words=["a"]), "over": over, "z": writes(words=["z"])}
    return wire(lg, _delta_state(lg), nodes, "START a z", "START over")


@script("1.2 delta", "1.11 compile")
def delta_channel_wants_a_positive_frequency(lg):
    return lg.channels.DeltaChannel(extend, snapshot_frequency=0)


@flow("1.2 topic", calls=[start({"seen": []})])
def topic_shows_the_values_of_one_step(lg):
    class State(TypedDict):
        topic: Annotated[list, lg.channels.Topic(str)]
        seen: Annotated[list[Any], operator.add]

    def look(state):
        return {"seen": [list(state.get("topic", ["none"]))]}

    nodes = {"a": writes(topic="one"), "b": writes(topic=["two", "three"]), "look": look, "after": look}
    return wire(lg, State, nodes, "START a look after", "START b")


@flow("1.2 topic", calls=[start({"topic": "in"}), start({"topic": ["again"]})])
def topic_that_accumulates(lg):
    class State(TypedDict):
        topic: Annotated[list, lg.channels.Topic(str, accumulate=True)]

    return wire(lg, State, {"a": writes(topic="one"), "b": writes(topic=["two", "three"])}, "START a b")


@script("1.2 topic")
def topic_alone(lg):
    topic = lg.channels.Topic(str)
    seen = [
        topic.is_available(),
        topic.update(["a", ["b", "c"]]),
        topic.get(),
        topic.update([]),
        topic.is_available(),
    ]
    return [*seen, lg.channels.Topic(str) == lg.channels.Topic(str, accumulate=True)]


@flow("1.2 ephemeral", calls=[start({"seen": []})])
def ephemeral_value_lasts_one_step(lg):
    class State(TypedDict):
        flash: Annotated[str, lg.channels.EphemeralValue]
        seen: Annotated[list[Any], operator.add]

    def look(state):
        return {"seen": [state.get("flash", "gone")]}

    return wire(lg, State, {"a": writes(flash="now"), "b": look, "c": look}, "START a b c")


@flow("1.2 ephemeral", calls=[start({"seen": []})])
def ephemeral_value_written_twice_is_refused(lg):
    class State(TypedDict):
        flash: Annotated[str, lg.channels.EphemeralValue(str)]
        seen: Annotated[list[Any], operator.add]

    return wire(lg, State, {"a": writes(flash="a"), "b": writes(flash="b")}, "START a", "START b")


@flow("1.2 ephemeral", calls=[start({"seen": [], "flash": "in"})])
def ephemeral_value_without_a_guard(lg):
    class State(TypedDict):
        flash: Annotated[str, lg.channels.EphemeralValue(str, guard=False)]
        seen: Annotated[list[Any], operator.add]

    def look(state):
        return {"seen": [state.get("flash", "gone")]}

    nodes = {"a": writes(flash="a"), "b": writes(flash="b"), "look": look, "l0": look}
    return wire(lg, State, nodes, "START a look", "START b", "START l0")


@flow("1.2 any value", calls=[start({"value": 1, "seen": []})])
def any_value_takes_the_last_write(lg):
    class State(TypedDict):
        value: Annotated[int, lg.channels.AnyValue]
        seen: Annotated[list[Any], operator.add]

    def look(state):
        return {"seen": [state["value"]]}

    return wire(
        lg, State, {"a": writes(value=2), "b": writes(value=3), "look": look}, "START a look", "START b look"
    )


@flow("1.2 any value", calls=[start({"value": 1, "seen": []})])
def any_value_is_gone_when_nobody_writes_it(lg):
    class State(TypedDict):
        value: Annotated[int, lg.channels.AnyValue(int)]
        seen: Annotated[list[Any], operator.add]

    def look(state):
        return {"seen": [state.get("value", "gone")]}

    return wire(lg, State, {"a": look, "b": look}, "START a b")


@script("1.2 any value")
def any_value_alone(lg):
    channel = lg.channels.AnyValue(int).from_checkpoint(5)
    return [channel.get(), channel.update([1, 2]), channel.get(), channel.update([]), channel.is_available()]


def _untracked(lg, **options):
    class State(TypedDict):
        socket: Annotated[Any, lg.channels.UntrackedValue(str, **options)]
        words: Annotated[list[str], operator.add]

    return State


@flow("1.2 untracked", calls=[FRESH, start({"words": ["y"]})])
def untracked_value_is_seen_by_nodes_and_not_kept(lg):
    def look(state):
        return {"words": [state.get("socket", "none")]}

    nodes = {"l0": look, "open": writes(socket="open"), "l1": look, "l2": look}
    return wire(lg, _untracked(lg), nodes, "START l0 open l1 l2")


@flow("1.2 untracked", "1.6 interrupt", calls=[FRESH, answer("go")])
def untracked_value_is_lost_over_an_interrupt(lg):
    def ask(state):
        return {"words": [state.get("socket", "none"), lg.types.interrupt("?")]}

    def look(state):
        return {"words": [state.get("socket", "none")]}

    return wire(
        lg, _untracked(lg), {"open": writes(socket="open"), "ask": ask, "look": look}, "START open ask look"
    )


@flow("1.2 untracked", calls=[FRESH])
def untracked_value_written_twice_is_refused_by_its_guard(lg):
    nodes = {"a": writes(socket="a", words=["a"]), "b": writes(socket="b", words=["b"])}
    return wire(lg, _untracked(lg), nodes, "START a", "START b")


@flow("1.2 untracked", calls=[FRESH])
def untracked_value_without_a_guard(lg):
    def look(state):
        return {"words": [state.get("socket", "none")]}

    nodes = {"a": writes(socket="a", words=["a"]), "b": writes(socket="b", words=["b"]), "look": look}
    return wire(lg, _untracked(lg, guard=False), nodes, "START a look", "START b")


@script("1.2 barrier")
def named_barrier_alone(lg):
    barrier = lg.channels.NamedBarrierValue(str, {"a", "b"}).from_checkpoint(set())
    seen = [barrier.update(["a"]), barrier.is_available(), barrier.update(["b"]), barrier.is_available()]
    return [*seen, barrier.get(), barrier.consume(), barrier.is_available(), barrier.consume()]


@script("1.2 barrier")
def named_barrier_refuses_a_stranger(lg):
    return lg.channels.NamedBarrierValue(str, {"a", "b"}).from_checkpoint(set()).update(["c"])


@script("1.2 after finish")
def last_value_after_finish_alone(lg):
    channel = lg.channels.LastValueAfterFinish(int)
    seen = [
        channel.update([1]),
        channel.is_available(),
        channel.finish(),
        channel.is_available(),
        channel.get(),
    ]
    return [*seen, channel.consume(), channel.is_available()]


@script("1.2 last value")
def last_value_alone(lg):
    channel = lg.channels.LastValue(int)
    seen = [
        channel.is_available(),
        channel.update([]),
        channel.update([4]),
        channel.get(),
        channel.checkpoint(),
    ]
    try:
        channel.update([1, 2])
    except Exception as error:  # noqa: BLE001 - what is compared
        seen.append(error)
    return seen


@script("1.2 last value", "1.2 ephemeral")
def empty_channels_say_so(lg):
    seen = []
    for channel in (lg.channels.LastValue(int), lg.channels.EphemeralValue(int), lg.channels.AnyValue(int)):
        try:
            seen.append(channel.get())
        except Exception as error:  # noqa: BLE001 - what is compared
            seen.append(error)
    return seen


@script("1.2 binop")
def binop_alone(lg):
    channel = lg.channels.BinaryOperatorAggregate(list, operator.add)
    seen = [
        channel.get(),
        channel.update([["a"], ["b"]]),
        channel.get(),
        channel.update([lg.types.Overwrite(["c"])]),
    ]
    return [*seen, channel.get(), channel.checkpoint()]


@flow("1.2 binop", "1.4 input command", calls=[FRESH, tell(update={"words": ["told"]})])
def binop_folds_what_a_command_tells(lg):
    return wire(lg, Words, {"a": writes(words=["a"])}, "START a")
