"""Streams, contexts, configs and async runs as in LangGraph: each program runs on both."""

import asyncio
import operator
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

from pydantic import BaseModel

from support.oracle import Names, agree


class Log(TypedDict):
    seen: Annotated[list[Any], operator.add]


def one_node(lg: Names, node: Any, **options: Any) -> Any:
    builder = lg.StateGraph(Log, **options)
    builder.add_node("node", node)
    builder.add_edge(lg.START, "node")
    return builder.compile()


def test_custom_stream_by_writer_and_by_function() -> None:
    def program(lg: Names) -> Any:
        def node(state: Log, writer):  # type: ignore[no-untyped-def]
            writer({"n": 1})
            lg.get_stream_writer()(("any", "object"))
            return {"seen": ["done"]}

        graph = one_node(lg, node)
        return [
            list(graph.stream({"seen": []}, stream_mode="custom")),
            list(graph.stream({"seen": []}, stream_mode=["custom", "updates", "values"])),
            graph.invoke({"seen": []}),
        ]

    agree(program)


def test_writer_without_a_custom_stream_is_silent() -> None:
    def program(lg: Names) -> Any:
        def node(state: Log, writer):  # type: ignore[no-untyped-def]
            writer("nobody listens")

        return list(one_node(lg, node).stream({"seen": []}, stream_mode=["updates", "values"]))

    agree(program)


def test_config_reaches_nodes_and_routers() -> None:
    def program(lg: Names) -> Any:
        def node(state: Log, config):  # type: ignore[no-untyped-def]
            place = {key: config["metadata"][f"langgraph_{key}"] for key in ("step", "node")}
            return {"seen": [config["configurable"]["who"], place, lg.get_config()["tags"]]}

        def choose(state: Log, config):  # type: ignore[no-untyped-def]
            return str(config["configurable"]["next"])

        builder = lg.StateGraph(Log)
        builder.add_node("node", node)
        builder.add_node("end", lambda state: {"seen": ["end"]})
        builder.add_edge(lg.START, "node")
        builder.add_conditional_edges("node", choose)
        config = {"configurable": {"who": "me", "next": "end"}, "tags": ["t"]}
        return builder.compile().invoke({"seen": []}, config)

    agree(program)


@dataclass
class Context:
    user: str
    limit: int = 3


class ContextModel(BaseModel):
    user: str
    limit: int = 3


class ContextDict(TypedDict):
    user: str


def test_context_reaches_nodes_by_runtime() -> None:
    def program(lg: Names) -> Any:
        def node(state: Log, runtime: Any) -> dict[str, Any]:
            inner = lg.get_runtime().context
            user = inner["user"] if isinstance(inner, dict) else inner.user
            return {"seen": [user, type(runtime.context).__name__]}

        return [
            one_node(lg, node, context_schema=Context).invoke({"seen": []}, context={"user": "a"}),
            one_node(lg, node, context_schema=Context).invoke({"seen": []}, context=Context("b")),
            one_node(lg, node, context_schema=ContextModel).invoke({"seen": []}, context={"user": "c"}),
            one_node(lg, node, context_schema=ContextDict).invoke({"seen": []}, context={"user": "d"}),
        ]

    agree(program)


def test_context_that_does_not_fit_is_an_error() -> None:
    def program(lg: Names, schema: Any) -> Any:
        return one_node(lg, lambda state: None, context_schema=schema).invoke(
            {"seen": []}, context={"nobody": 1}
        )

    agree(lambda lg: program(lg, Context))
    agree(lambda lg: program(lg, ContextModel))


def test_async_nodes_routers_and_streams() -> None:
    def program(lg: Names) -> Any:
        async def first(state: Log) -> dict[str, Any]:
            await asyncio.sleep(0)
            return {"seen": ["first"]}

        def second(state: Log) -> dict[str, Any]:
            return {"seen": ["second"]}

        async def choose(state: Log) -> Any:
            return ["second", lg.Send("third", 3)]

        async def third(arg: int) -> dict[str, Any]:
            return {"seen": [arg]}

        builder = lg.StateGraph(Log)
        builder.add_node("first", first)
        builder.add_node("second", second)
        builder.add_node("third", third)
        builder.add_edge(lg.START, "first")
        builder.add_conditional_edges("first", choose)
        graph = builder.compile()

        async def main() -> Any:
            result = await graph.ainvoke({"seen": []})
            values = [chunk async for chunk in graph.astream({"seen": []}, stream_mode="values")]
            return [result, values]

        return asyncio.run(main())

    assert agree(program)[0] == {"seen": ["first", "second", 3]}


def test_async_interrupt_and_resume() -> None:
    def program(lg: Names) -> Any:
        async def node(state: Log) -> dict[str, Any]:
            return {"seen": [lg.interrupt("?")]}

        builder = lg.StateGraph(Log)
        builder.add_node("node", node)
        builder.add_edge(lg.START, "node")
        graph = builder.compile(checkpointer=lg.InMemorySaver())
        config = {"configurable": {"thread_id": "1"}}

        async def main() -> Any:
            return [
                await graph.ainvoke({"seen": []}, config),
                await graph.ainvoke(lg.Command(resume="!"), config),
            ]

        return asyncio.run(main())

    agree(program)


def test_async_failure_cancels_its_siblings_and_repeats_them() -> None:
    def program(lg: Names) -> Any:
        calls: list[str] = []

        async def fails(state: Log) -> dict[str, Any]:
            calls.append("fails")
            if calls.count("fails") == 1:
                raise ZeroDivisionError
            return {"seen": ["fails"]}

        async def waits(state: Log) -> dict[str, Any]:
            calls.append("waits")
            if calls.count("waits") == 1:
                await asyncio.Event().wait()
            return {"seen": ["waits"]}

        builder = lg.StateGraph(Log)
        for name, node in (("fails", fails), ("waits", waits)):
            builder.add_node(name, node)
            builder.add_edge(lg.START, name)
        graph = builder.compile(checkpointer=lg.InMemorySaver())
        config = {"configurable": {"thread_id": "1"}}

        async def main() -> Any:
            try:
                await graph.ainvoke({"seen": []}, config)
            except ZeroDivisionError:
                return [await graph.ainvoke(None, config), sorted(calls)]

        return asyncio.run(main())

    assert agree(program) == [{"seen": ["fails", "waits"]}, ["fails", "fails", "waits", "waits"]]


def test_node_that_cancels_itself_fails() -> None:
    def program(lg: Names) -> Any:
        async def node(state: Log) -> None:
            raise asyncio.CancelledError

        return asyncio.run(one_node(lg, node).ainvoke({"seen": []}))

    agree(program)
