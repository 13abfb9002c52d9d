"""Channels as keys of a state mean what they mean in LangGraph: each program runs on both."""

import operator
from typing import Annotated, Any, TypedDict

import pytest

from support.oracle import Names, agree

Nodes = dict[str, Any]


def typed(**keys: Any) -> Any:
    return TypedDict("State", keys, total=False)  # type: ignore[misc]


def chain(lg: Names, schema: Any, *nodes: Any, **options: Any) -> Any:
    """Compile nodes `n0 -> n1 -> …` of functions or values that they return."""
    builder = lg.StateGraph(schema)
    for number, node in enumerate(nodes):
        builder.add_node(f"n{number}", node)
        builder.add_edge(f"n{number - 1}" if number else lg.START, f"n{number}")
    return builder.compile(**options)


def fan(lg: Names, schema: Any, nodes: Nodes, after: Any = None, **options: Any) -> Any:
    """Compile nodes that run beside each other, and one after them."""
    builder = lg.StateGraph(schema)
    for name, node in nodes.items():
        builder.add_node(name, node)
        builder.add_edge(lg.START, name)
    if after is not None:
        builder.add_node("z", after)
        for name in nodes:
            builder.add_edge(name, "z")
    return builder.compile(**options)


def watch(graph: Any, given: Any, config: Any = None) -> Any:
    return [(mode, chunk) for mode, chunk in graph.stream(given, config, stream_mode=["values", "updates"])]


def seeing(seen: list[Any], update: Any = None) -> Any:
    def node(state: Any) -> Any:
        seen.append(dict(state))
        return update

    return node


def pattern(lg: Names, name: str) -> Any:
    channels = lg.channels
    return {
        "topic": Annotated[list[str], channels.Topic(str)],
        "topic_all": Annotated[list[str], channels.Topic(str, accumulate=True)],
        "topic_class": Annotated[str, channels.Topic],
        "ephemeral": Annotated[str, channels.EphemeralValue],
        "ephemeral_free": Annotated[str, channels.EphemeralValue(str, guard=False)],
        "any": Annotated[str, channels.AnyValue],
        "untracked": Annotated[str, channels.UntrackedValue],
        "untracked_free": Annotated[str, channels.UntrackedValue(str, guard=False)],
        "last": Annotated[str, channels.LastValue(str)],
        "last_class": Annotated[str, channels.LastValue],
        "after_finish": Annotated[str, channels.LastValueAfterFinish],
        "binop": Annotated[str, channels.BinaryOperatorAggregate(str, operator.add)],
        "delta": Annotated[str, channels.DeltaChannel(lambda state, writes: state + "".join(writes))],
        "barrier": Annotated[str, channels.NamedBarrierValue(str, {"a", "b"})],
        "barrier_after": Annotated[str, channels.NamedBarrierValueAfterFinish(str, {"a", "b"})],
    }[name]


NAMES = [
    "topic", "topic_all", "topic_class", "ephemeral", "ephemeral_free", "any", "untracked", "untracked_free", "last",
    "last_class", "after_finish", "binop", "delta", "barrier", "barrier_after",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_key_that_one_node_writes_is_seen_as_long_as_in_langgraph(name: str) -> None:
    def program(lg: Names) -> Any:
        seen: list[Any] = []
        schema = typed(key=pattern(lg, name), log=Annotated[list, operator.add])
        graph = chain(
            lg,
            schema,
            seeing(seen, {"key": "a"}),
            seeing(seen, {"log": ["x"]}),
            seeing(seen, {"key": "b"}),
            seeing(seen, None),
        )
        return [watch(graph, {"log": []}), seen]

    agree(program)


@pytest.mark.parametrize("name", NAMES)
def test_key_in_the_input_is_seen_as_long_as_in_langgraph(name: str) -> None:
    def program(lg: Names) -> Any:
        seen: list[Any] = []
        graph = chain(lg, typed(key=pattern(lg, name), y=int), seeing(seen, {"y": 1}), seeing(seen, {"y": 2}))
        return [watch(graph, {"key": "a"}), seen, graph.invoke({"key": "b"})]

    agree(program)


@pytest.mark.parametrize("name", NAMES)
def test_key_that_three_nodes_write_in_one_step(name: str) -> None:
    def program(lg: Names) -> Any:
        seen: list[Any] = []
        writes: Nodes = {
            "c": lambda state: {"key": "a"},
            "a": lambda state: {"key": "b"},
            "b": lambda state: {"key": "a"},
        }
        graph = fan(lg, typed(key=pattern(lg, name), y=int), writes, seeing(seen, {"y": 1}))
        return [graph.invoke({"y": 0}), seen]

    agree(program)


@pytest.mark.parametrize("name", NAMES)
def test_key_over_several_inputs_of_a_thread(name: str) -> None:
    def program(lg: Names) -> Any:
        seen: list[Any] = []
        graph = chain(
            lg,
            typed(key=pattern(lg, name), y=int),
            seeing(seen, {"y": 1}),
            seeing(seen, {"key": "a"}),
            checkpointer=lg.InMemorySaver(),
        )
        config = {"configurable": {"thread_id": "t"}}
        first = graph.invoke({"key": "b"}, config)
        between = graph.get_state(config).values
        return [first, between, graph.invoke({"y": 5}, config), graph.get_state(config).values, seen]

    agree(program)


@pytest.mark.parametrize("name", NAMES)
def test_key_over_an_interrupt(name: str) -> None:
    def program(lg: Names) -> Any:
        seen: list[Any] = []

        def ask(state: Any) -> Any:
            seen.append(dict(state))
            return {"y": lg.interrupt("?")}

        graph = chain(
            lg,
            typed(key=pattern(lg, name), y=int),
            lambda state: {"key": "a"},
            ask,
            seeing(seen, None),
            checkpointer=lg.InMemorySaver(),
        )
        config = {"configurable": {"thread_id": "t"}}
        first = graph.invoke({"y": 0}, config)
        between = graph.get_state(config).values
        last = graph.invoke(lg.Command(resume=7), config)
        return [first, between, last, graph.get_state(config).values, seen]

    agree(program)


@pytest.mark.parametrize("name", NAMES)
def test_router_reads_the_key_with_its_own_tasks_write_only(name: str) -> None:
    def program(lg: Names) -> Any:
        seen: list[Any] = []
        builder = lg.StateGraph(typed(key=pattern(lg, name), y=int))
        builder.add_node("first", lambda state: {"key": "a"})
        builder.add_node("second", lambda state: {"y": 1})

        def choose(state: Any) -> Any:
            seen.append(dict(state))
            return "second" if len(seen) == 1 else lg.END

        builder.add_edge(lg.START, "first")
        builder.add_conditional_edges("first", choose)
        builder.add_conditional_edges("second", choose)
        return [builder.compile().invoke({"y": 0}), seen]

    agree(program)


@pytest.mark.parametrize("name", NAMES)
def test_router_of_start_reads_the_input(name: str) -> None:
    def program(lg: Names) -> Any:
        seen: list[Any] = []
        builder = lg.StateGraph(typed(key=pattern(lg, name), y=int))
        builder.add_node("node", seeing(seen, {"y": 1}))

        def choose(state: Any) -> Any:
            seen.append(dict(state))
            return "node"

        builder.add_conditional_edges(lg.START, choose)
        return [builder.compile().invoke({"key": "a", "unknown": [1]}), seen]

    agree(program)


@pytest.mark.parametrize("name", NAMES)
def test_key_that_a_command_from_outside_writes(name: str) -> None:
    def program(lg: Names) -> Any:
        seen: list[Any] = []

        def ask(state: Any) -> Any:
            seen.append(dict(state))
            return {"y": lg.interrupt("?")}

        graph = chain(
            lg,
            typed(key=pattern(lg, name), y=int),
            ask,
            seeing(seen, {"y": 2}),
            checkpointer=lg.InMemorySaver(),
        )
        config = {"configurable": {"thread_id": "t"}}
        graph.invoke({"key": "a"}, config)
        graph.invoke(lg.Command(resume=7, update={"key": "b"}), config)
        return [graph.get_state(config).values, seen]

    agree(program)


def test_topic_takes_items_and_lists_of_items() -> None:
    def program(lg: Names) -> Any:
        writes: Nodes = {
            "a": lambda state: {"key": ["a", "b"]},
            "b": lambda state: {"key": "c"},
            "c": lambda state: {"key": []},
            "d": lambda state: {"key": [["nested"]]},
        }
        return [
            fan(lg, typed(key=pattern(lg, name)), writes, lambda state: {"key": ["z"]}).invoke(
                {"key": ["in"]}
            )
            for name in ("topic", "topic_all")
        ]

    agree(program)


def test_untracked_value_may_be_anything_and_is_handed_on_as_it_is() -> None:
    def program(lg: Names) -> Any:
        opened = object()
        seen: list[Any] = []
        schema = typed(key=Annotated[object, lg.channels.UntrackedValue], y=int)
        graph = chain(
            lg,
            schema,
            lambda state: {"key": opened},
            lambda state: seen.append(state["key"] is opened),
            checkpointer=lg.InMemorySaver(),
        )
        config = {"configurable": {"thread_id": "t"}}
        last = graph.invoke({"y": 0}, config)
        return [last["key"] is opened, seen, graph.get_state(config).values]

    assert agree(program)[:2] == [True, [True]]


def test_untracked_value_in_a_send_reaches_its_node() -> None:
    def program(lg: Names) -> Any:
        opened = object()
        seen: list[Any] = []
        builder = lg.StateGraph(typed(key=Annotated[object, lg.channels.UntrackedValue], y=int))
        builder.add_node("first", lambda state: lg.Command(goto=lg.Send("second", {"key": opened, "y": 3})))
        builder.add_node("second", lambda state: seen.append((state["key"] is opened, state["y"])))
        builder.add_edge(lg.START, "first")
        builder.compile(checkpointer=lg.InMemorySaver()).invoke(
            {"y": 0}, {"configurable": {"thread_id": "t"}}
        )
        return seen

    assert agree(program) == [(True, 3)]


def test_delta_channel_is_handed_all_writes_of_a_step() -> None:
    def program(lg: Names) -> Any:
        calls: list[Any] = []

        def reducer(state: Any, writes: Any) -> Any:
            calls.append((list(state), list(writes)))
            return [*state, *writes]

        writes: Nodes = {name: (lambda state, name=name: {"key": name}) for name in "cab"}
        graph = fan(
            lg,
            typed(key=Annotated[list, lg.channels.DeltaChannel(reducer)]),
            writes,
            lambda state: {"key": "z"},
        )
        return [graph.invoke({"key": "in"}), calls[-2:]]

    agree(program)


def test_delta_channel_takes_an_overwrite() -> None:
    def program(lg: Names) -> Any:
        writes: Nodes = {
            "a": lambda state: {"key": "a"},
            "b": lambda state: {"key": lg.Overwrite(["new"])},
            "c": lambda state: {"key": "c"},
        }
        pair = Annotated[list, lg.channels.DeltaChannel(lambda state, more: [*state, *more])]
        return fan(lg, typed(key=pair), writes, lambda state: {"key": "z"}).invoke({"key": "in"})

    agree(program)


def test_channel_of_ones_own_is_asked_at_every_step() -> None:
    def program(lg: Names) -> Any:
        class Countdown(lg.channels.BaseChannel):  # type: ignore[misc, name-defined]
            """Show what was written until three steps have not written it."""

            def __init__(self, typ: Any, key: str = "") -> None:
                super().__init__(typ, key)
                self.left = 0
                self.text = ""

            @property
            def ValueType(self) -> Any:  # noqa: N802
                return str

            @property
            def UpdateType(self) -> Any:  # noqa: N802
                return str

            def checkpoint(self) -> Any:
                return [self.left, self.text]

            def from_checkpoint(self, checkpoint: Any) -> Any:
                made = type(self)(self.typ, self.key)
                if isinstance(checkpoint, list):
                    made.left, made.text = checkpoint
                return made

            def get(self) -> Any:
                if not self.left:
                    raise lg.EmptyChannelError
                return f"{self.text} {self.left}"

            def update(self, values: Any) -> bool:
                if values:
                    self.left, self.text = 3, "+".join(values)
                    return True
                self.left = max(0, self.left - 1)
                return True

        seen: list[Any] = []
        schema = typed(key=Annotated[str, Countdown], y=int)
        nodes = [seeing(seen, {"key": "a"}), *(seeing(seen, {"y": number}) for number in range(5))]
        return [watch(chain(lg, schema, *nodes), {"y": 9}), seen]

    agree(program)


def test_key_declared_again_with_another_channel_is_an_error() -> None:
    def program(lg: Names, first: str, second: Any) -> Any:
        private = typed(key=second if not isinstance(second, str) else pattern(lg, second))
        builder = lg.StateGraph(typed(key=pattern(lg, first)))
        builder.add_node("n", lambda state: None, input_schema=private)
        builder.add_edge(lg.START, "n")
        return builder.compile().invoke({})

    for first in ("topic", "ephemeral", "any", "last", "binop", "untracked", "delta"):
        for second in (
            "topic",
            "topic_all",
            "ephemeral",
            "ephemeral_free",
            "any",
            "last",
            "binop",
            "untracked",
        ):
            agree(lambda lg, first=first, second=second: program(lg, first, second))
        agree(lambda lg, first=first: program(lg, first, str))
