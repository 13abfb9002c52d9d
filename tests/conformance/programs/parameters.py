"""1.1: what else a node is given: context, config, store, writer, runtime, managed values."""

import operator
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

from pydantic import BaseModel

from conformance.program import script
from conformance.wiring import chain, wire


class Notes(TypedDict):
    notes: Annotated[list[Any], operator.add]


@dataclass
class Who:
    name: str
    level: int = 1


class WhoModel(BaseModel):
    name: str
    level: int = 1


class WhoDict(TypedDict):
    name: str


def _greets(lg, schema):
    def greet(state: Notes, runtime: lg.runtime.Runtime):
        return {"notes": [type(runtime.context).__name__, str(runtime.context)]}

    return chain(lg, Notes, greet, context_schema=schema).compile()


@script("1.1 context")
def context_of_a_dataclass(lg):
    graph = _greets(lg, Who)
    return [graph.invoke({"notes": []}, context=given) for given in ({"name": "Ada"}, Who("Bob", 2))]


@script("1.1 context")
def context_of_a_model_is_validated(lg):
    graph = _greets(lg, WhoModel)
    seen = [graph.invoke({"notes": []}, context={"name": "Ada", "level": "5"})]
    try:
        graph.invoke({"notes": []}, context={"level": "high"})
    except Exception as error:  # noqa: BLE001 - what is compared
        seen.append(error)
    return seen


@script("1.1 context")
def context_of_a_typed_dict_passes_through(lg):
    graph = _greets(lg, WhoDict)
    return [
        graph.invoke({"notes": []}, context={"name": "Ada", "more": 1}),
        graph.invoke({"notes": []}, context=None),
    ]


@script("1.1 context")
def context_with_a_missing_field_is_refused(lg):
    return _greets(lg, Who).invoke({"notes": []}, context={"level": 3})


@script("1.1 context", "1.7 inherited")
def context_reaches_a_subgraph(lg):
    def inner(state: Notes, runtime: lg.runtime.Runtime):
        return {"notes": [runtime.context.name]}

    sub = chain(lg, Notes, inner, context_schema=Who).compile()
    builder = wire(lg, Notes, {"sub": sub}, "START sub", context_schema=Who)
    return builder.compile().invoke({"notes": []}, context=Who("Ada"))


@script("1.1 context", "1.1 injected")
def configurable_still_reaches_a_node(lg):
    def look(state: Notes, config: lg.types.RunnableConfig):
        return {"notes": [config["configurable"]["tone"]]}

    return chain(lg, Notes, look).compile().invoke({"notes": []}, {"configurable": {"tone": "warm"}})


@script("1.1 injected")
def parameters_by_name(lg):
    def look(state: Notes, config, *, store, writer):
        writer({"from": "look"})
        store.put(("a",), "k", {"v": 1})
        return {"notes": [config["configurable"]["tone"], store.get(("a",), "k").value]}

    graph = chain(lg, Notes, look).compile(store=lg.store.memory.InMemoryStore())
    config = {"configurable": {"tone": "warm"}}
    return list(graph.stream({"notes": []}, config, stream_mode=["custom", "updates"]))


@script("1.1 injected")
def parameters_by_annotation(lg):
    def look(state: Notes, runtime: lg.runtime.Runtime, writer: lg.types.StreamWriter):
        writer("by annotation")
        runtime.stream_writer("by runtime")
        return {"notes": [runtime.store is None, runtime.previous, runtime.context]}

    graph = chain(lg, Notes, look).compile()
    return list(graph.stream({"notes": []}, stream_mode=["custom", "updates"]))


@script("1.1 injected", "1.1 runtime")
async def parameters_of_an_async_node(lg):
    async def look(state: Notes, runtime: lg.runtime.Runtime, config: lg.types.RunnableConfig):
        await runtime.store.aput(("a",), "k", {"v": 2})
        item = await runtime.store.aget(("a",), "k")
        return {"notes": [item.value, config["tags"], config["metadata"]["who"]]}

    graph = chain(lg, Notes, look).compile(store=lg.store.memory.InMemoryStore())
    return await graph.ainvoke({"notes": []}, {"tags": ["t"], "metadata": {"who": "me"}})


@script("1.1 injected", "1.9 custom")
def functions_give_what_parameters_give(lg):
    def look(state: Notes):
        lg.config.get_stream_writer()("written")
        lg.config.get_store().put(("a",), "k", {"v": 3})
        tone = lg.config.get_config()["configurable"]["tone"]
        return {"notes": [tone, lg.runtime.get_runtime().context.name]}

    graph = chain(lg, Notes, look, context_schema=Who).compile(store=lg.store.memory.InMemoryStore())
    config = {"configurable": {"tone": "warm"}}
    return list(graph.stream({"notes": []}, config, context=Who("Ada"), stream_mode=["custom", "values"]))


@script("1.1 runtime", "1.5 retry")
def runtime_counts_attempts(lg):
    seen = []

    def flaky(state: Notes, runtime: lg.runtime.Runtime):
        info = runtime.execution_info
        seen.append((info.node_attempt, info.thread_id, info.node_first_attempt_time is not None))
        if len(seen) < 3:
            raise KeyboardError

        return {"notes": ["done"]}

    class KeyboardError(Exception):
        pass

    policy = lg.types.RetryPolicy(initial_interval=0.001, jitter=False)
    builder = wire(lg, Notes, {"flaky": (flaky, {"retry_policy": policy})}, "START flaky")
    graph = builder.compile(checkpointer=lg.checkpoint.memory.InMemorySaver())
    return [graph.invoke({"notes": []}, {"configurable": {"thread_id": "7"}}), seen]


@script("1.1 runtime", "1.3 task id")
def runtime_names_the_task_and_its_checkpoint(lg):
    def look(state: Notes, runtime: lg.runtime.Runtime):
        info = runtime.execution_info
        told = [info.task_id, info.checkpoint_id, info.checkpoint_ns, info.thread_id]
        return {"notes": [type(value).__name__ for value in told] + [info.checkpoint_ns.split(":")[0]]}

    graph = chain(lg, Notes, look).compile(checkpointer=lg.checkpoint.memory.InMemorySaver())
    return graph.invoke({"notes": []}, {"configurable": {"thread_id": "7"}})


@script("1.1 runtime")
def runtime_without_a_thread(lg):
    def look(state: Notes, runtime: lg.runtime.Runtime):
        info = runtime.execution_info
        runtime.heartbeat()
        return {"notes": [info.thread_id, info.node_attempt, runtime.server_info, runtime.drain_requested]}

    return chain(lg, Notes, look).compile().invoke({"notes": []})


@script("1.1 runtime")
def runtime_can_be_overridden_and_merged(lg):
    runtime = lg.runtime.Runtime(context="c")
    other = runtime.override(context="d", previous=1)
    merged = runtime.merge(lg.runtime.Runtime(context="e"))
    return [runtime.context, other.context, other.previous, merged.context]


@script("1.1 managed", "1.3 recursion limit")
def remaining_steps_count_down(lg):
    class State(TypedDict):
        notes: Annotated[list[Any], operator.add]
        left: lg.managed.RemainingSteps
        is_last: lg.managed.IsLastStep

    def again(state: State):
        return {"notes": [(state["left"], state["is_last"])]}

    builder = wire(lg, State, {"again": again}, "START again")
    builder.add_conditional_edges("again", lambda state: "again" if len(state["notes"]) < 4 else "__end__")
    return builder.compile().invoke({"notes": []}, {"recursion_limit": 6})


@script("1.1 managed")
def last_step_is_known_in_time(lg):
    class State(TypedDict):
        notes: Annotated[list[Any], operator.add]
        is_last: lg.managed.IsLastStep

    def again(state: State):
        return {"notes": [state["is_last"]]}

    builder = wire(lg, State, {"again": again}, "START again")
    builder.add_conditional_edges("again", lambda state: "__end__" if state["notes"][-1] else "again")
    return builder.compile().invoke({"notes": []}, {"recursion_limit": 4})


@script("1.1 managed", "1.10 get state")
def managed_values_are_not_state(lg):
    class State(TypedDict):
        notes: Annotated[list[Any], operator.add]
        left: lg.managed.RemainingSteps

    def note(state: State):
        return {"notes": [state["left"]], "left": 3}

    graph = chain(lg, State, note).compile(checkpointer=lg.checkpoint.memory.InMemorySaver())
    config = {"configurable": {"thread_id": "1"}, "recursion_limit": 10}
    return [graph.invoke({"notes": [], "left": 99}, config), graph.get_state(config).values]
