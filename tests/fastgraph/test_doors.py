"""Every public name of LangGraph is here under the same module, or stands in a list with the reason why it is not.

`sed s/langgraph/fastgraph/` over a program's imports is the promise; this walks over all that a program could import:
each module of LangGraph that can be imported here, its `__all__`, or what it defines itself where it has none.
"""

import importlib
import inspect
import pkgutil
import warnings
from collections.abc import Iterator
from types import ModuleType

import langgraph
import pytest

MODULES_LEFT_OUT = {
    "langgraph.callbacks": "callback managers of LangChain",
    "langgraph.checkpoint.serde": "values are stored as plain JSON by type; nothing is unpickled or imported by name",
    "langgraph.graph.ui": "messages for the generative user interface of LangSmith",
    "langgraph.prebuilt": "agents and tools made of LangChain's classes",
    "langgraph.pregel.debug": "not documented: the shapes of debug payloads are in fastgraph.types",
    "langgraph.pregel.main": "not documented: Pregel is in fastgraph.pregel",
    "langgraph.pregel.remote": "a client of LangGraph's own server",
    "langgraph.store.base.batch": "gathers the calls of one loop for a store behind a network; ours does so by itself",
    "langgraph.stream": "transformers of LangChain's event protocol (stream_events v3)",
    "langgraph.utils": "not documented: wrappers of LangChain's runnables",
}
"""A module, with all below it -> why."""

NAMES_LEFT_OUT = {
    "langgraph.checkpoint.base": {
        "V": "a type variable of its own",
        "DeltaChannelHistory": "how its savers rebuild a channel; here every key is kept as its changes",
        "get_serializable_checkpoint_metadata": "for those who write savers: metadata is plain JSON here",
        "get_checkpoint_metadata": "for those who write savers: the session makes it",
        "writes_sort_key": "for those who write savers: writes are kept in the order of their tasks",
    },
    "langgraph.checkpoint.sqlite.aio": {"T": "a type variable of its own"},
    "langgraph.config": {
        "CONF": "stands in constants",
        "CONFIG_KEY_RUNTIME": "a private key of its configs",
        "var_child_runnable_config": "LangChain's context variable",
    },
    "langgraph.constants": {
        "CONFIG_KEY_CHECKPOINTER": "a private key of its configs, kept for its server",
        "TASKS": "the name of a private channel, kept for its server",
    },
    "langgraph.pregel": {"NodeBuilder": "channels and nodes by hand; StateGraph says the same"},
    "langgraph.pregel.protocol": {"StreamProtocol": "how its engine hands chunks to itself"},
    "langgraph.pregel.types": {"PregelExecutableTask": "a task with its callables, inside its engine"},
    "langgraph.managed.base": {
        "ManagedValueMapping": "a type inside its engine",
        "ManagedValueSpec": "a type inside its engine",
    },
    "langgraph.types": {
        "PregelExecutableTask": "a task with its callables, inside its engine",
        "TracePolicy": "what LangSmith may see of a node",
        "omit_payload": "what LangSmith may see of a node",
    },
}
"""A module -> its names that have no counterpart, and why."""

TOP = """
    StateGraph START END Send Command Interrupt interrupt Overwrite RetryPolicy TimeoutPolicy CachePolicy StateSnapshot
    StateUpdate PregelTask StreamWriter get_stream_writer Runtime get_runtime RunControl entrypoint task add_messages
    MessagesState RemainingSteps IsLastStep UntrackedValue RunnableConfig Durability InMemorySaver SqliteSaver
    AsyncSqliteSaver BaseCheckpointSaver InMemoryStore SqliteStore BaseStore InMemoryCache BaseCache GraphRecursionError
    InvalidUpdateError GraphInterrupt GraphDrained NodeError NodeTimeoutError NodeCancelledError EmptyInputError
"""


def is_left_out(module: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in MODULES_LEFT_OUT)


def public_modules(package: ModuleType) -> Iterator[str]:
    for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if "._" in found.name or is_left_out(found.name):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                module = importlib.import_module(found.name)
        except ImportError:
            continue  # a part of LangGraph whose extra is not installed, such as its Redis cache
        yield found.name
        if found.ispkg:
            yield from public_modules(module)


def public_names(module: ModuleType) -> list[str]:
    declared = getattr(module, "__all__", None)
    if declared is not None:
        return sorted(declared)
    return sorted(
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and not inspect.ismodule(value)
        and getattr(value, "__module__", None) == module.__name__
    )


@pytest.mark.parametrize("name", sorted(public_modules(langgraph)))
def test_module_has_every_public_name(name: str) -> None:
    theirs = importlib.import_module(name)
    left_out = NAMES_LEFT_OUT.get(name, {})
    wanted = [known for known in public_names(theirs) if known not in left_out]
    if not wanted:
        return
    ours = importlib.import_module(name.replace("langgraph", "fastgraph", 1))
    missing = [known for known in wanted if not hasattr(ours, known)]
    assert not missing, f"{ours.__name__} lacks {', '.join(missing)}"


@pytest.mark.parametrize("name", sorted(NAMES_LEFT_OUT))
def test_what_is_left_out_is_there_and_is_really_left_out(name: str) -> None:
    theirs = importlib.import_module(name)
    unknown = [known for known in NAMES_LEFT_OUT[name] if not hasattr(theirs, known)]
    assert not unknown, f"{name} has no {', '.join(unknown)} any more"
    ours = importlib.import_module(name.replace("langgraph", "fastgraph", 1))
    public = [known for known in NAMES_LEFT_OUT[name] if known in getattr(ours, "__all__", ())]
    assert not public, f"{ours.__name__} has {', '.join(public)} after all"


@pytest.mark.parametrize("name", TOP.split())
def test_top_of_fastgraph_has(name: str) -> None:
    top = importlib.import_module("fastgraph")
    assert hasattr(top, name)
    assert name in top.__all__


def test_every_name_that_a_door_promises_is_there() -> None:
    top = importlib.import_module("fastgraph")
    for found in pkgutil.walk_packages(top.__path__, "fastgraph."):
        if found.name.split(".")[1] not in ("database", "examples") and "migrations" not in found.name:
            module = importlib.import_module(found.name)
            missing = [name for name in getattr(module, "__all__", ()) if not hasattr(module, name)]
            assert not missing, f"{found.name} promises {', '.join(missing)}"


PROGRAM = """
import operator
from typing import Annotated, Literal, TypedDict

from langgraph.cache.memory import InMemoryCache
from langgraph.channels import LastValue, Topic
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver, MemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.config import get_config, get_store, get_stream_writer
from langgraph.constants import END, START
from langgraph.errors import GraphInterrupt, GraphRecursionError, InvalidUpdateError, NodeInterrupt
from langgraph.func import entrypoint, task
from langgraph.graph import MessagesState, StateGraph, add_messages
from langgraph.graph.message import REMOVE_ALL_MESSAGES, push_message
from langgraph.graph.state import CompiledStateGraph
from langgraph.managed import IsLastStep, RemainingSteps
from langgraph.pregel import Pregel
from langgraph.runtime import Runtime, get_runtime
from langgraph.store.base import BaseStore
from langgraph.store.memory import InMemoryStore
from langgraph.types import CachePolicy, Command, Interrupt, RetryPolicy, Send, StreamMode, StreamWriter, interrupt
from langgraph.version import __version__


class State(TypedDict):
    words: Annotated[list[str], operator.add]
    left: RemainingSteps


def plan(state: State) -> Command[Literal["work"]]:
    return Command(goto=[Send("work", {"word": word}) for word in ("a", "b")])


def work(state: dict, writer: StreamWriter, store: BaseStore) -> dict:
    writer(state["word"])
    store.put(("words",), state["word"], {"seen": True})
    return {"words": [state["word"]]}


def review(state: State, runtime: Runtime) -> dict:
    assert get_store() is runtime.store and get_config()["configurable"]["thread_id"] == "1"
    return {"words": [interrupt(state["words"])]}


builder = StateGraph(State)
builder.add_node("plan", plan)
builder.add_node("work", work, retry_policy=RetryPolicy(max_attempts=2))
builder.add_node("review", review)
builder.add_edge(START, "plan")
builder.add_edge("work", "review")
builder.add_edge("review", END)
graph: CompiledStateGraph = builder.compile(checkpointer=InMemorySaver(), store=InMemoryStore())
assert isinstance(graph, Pregel)
thread = {"configurable": {"thread_id": "1"}}
seen = [list(graph.stream({"words": []}, thread, stream_mode=["custom", "values"]))[:3]]
seen.append(graph.get_state(thread).next)
seen.append(graph.invoke(Command(resume="good"), thread))
"""
"""A program as a user of LangGraph has it."""


def test_a_program_moves_over_by_its_imports() -> None:
    def run(source: str) -> object:
        names: dict[str, object] = {"__name__": "a_program"}
        exec(compile(source, "a program", "exec"), names)
        return names["seen"]

    assert run(PROGRAM.replace("langgraph", "fastgraph")) == run(PROGRAM)
