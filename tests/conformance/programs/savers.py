"""Savers as such: SQLite, tuples, lists, copies of threads."""

from contextlib import asynccontextmanager
from typing import Any

from conformance.parts import THREAD, Trail, leaves
from conformance.program import script
from conformance.wiring import wire


def graph_of(lg, kept: Any, **options: Any) -> Any:
    def ask(state: Trail):
        return {"trail": [lg.types.interrupt("ok?")]}

    nodes = {"a": leaves("a"), "ask": ask, "z": leaves("z")}
    return wire(lg, Trail, nodes, "START a ask z").compile(checkpointer=kept, **options)


@script("1.10 durability", "1.10 history")
def a_thread_in_sqlite(lg):
    with lg.checkpoint.sqlite.SqliteSaver.from_conn_string(":memory:") as kept:
        graph = graph_of(lg, kept)
        seen = [graph.invoke({"trail": []}, THREAD), graph.get_state(THREAD)]
        seen.append(graph.invoke(lg.types.Command(resume="yes"), THREAD))
        return [*seen, list(graph.get_state_history(THREAD))]


@script("1.10 durability", "1.10 history")
async def a_thread_in_sqlite_on_a_loop(lg):
    async with lg.checkpoint.sqlite.aio.AsyncSqliteSaver.from_conn_string(":memory:") as kept:
        graph = graph_of(lg, kept)
        seen = [await graph.ainvoke({"trail": []}, THREAD), await graph.aget_state(THREAD)]
        seen.append(await graph.ainvoke(lg.types.Command(resume="yes"), THREAD))
        return [*seen, [shown async for shown in graph.aget_state_history(THREAD)]]


@script("1.10 durability", "1.10 get state")
def a_saver_gives_tuples(lg):
    kept = lg.checkpoint.memory.InMemorySaver()
    graph_of(lg, kept).invoke({"trail": []}, THREAD)
    newest = kept.get_tuple(THREAD)
    listed = list(kept.list(THREAD))
    return [
        newest.checkpoint["channel_values"]["trail"],
        newest.metadata["step"],
        newest.parent_config is not None,
        [(each.metadata["source"], each.metadata["step"]) for each in listed],
        [each.metadata["step"] for each in kept.list(THREAD, limit=2)],
        [each.metadata["step"] for each in kept.list(THREAD, filter={"source": "input"})],
        kept.get_tuple({"configurable": {"thread_id": "nobody"}}),
    ]


@asynccontextmanager
async def kept_on_a_loop(lg):
    yield lg.checkpoint.memory.InMemorySaver()


@script("1.10 durability", "1.10 get state")
async def a_saver_gives_tuples_on_a_loop(lg):
    async with kept_on_a_loop(lg) as kept:
        await graph_of(lg, kept).ainvoke({"trail": []}, THREAD)
        listed = [each async for each in kept.alist(THREAD)]
        newest = await kept.aget_tuple(THREAD)
        await kept.adelete_thread("1")
        return [newest.metadata["step"], len(listed), await kept.aget_tuple(THREAD)]


@script("1.10 migration", "1.10 durability")
def two_graphs_share_a_saver(lg):
    kept = lg.checkpoint.memory.InMemorySaver()
    first, second = (
        graph_of(lg, kept),
        wire(lg, Trail, {"b": leaves("b")}, "START b").compile(checkpointer=kept),
    )
    other = {"configurable": {"thread_id": "2"}}
    return [
        first.invoke({"trail": []}, THREAD),
        second.invoke({"trail": ["x"]}, other),
        second.invoke({"trail": []}, THREAD),
    ]


@script("1.10 get state", "1.11 compile")
def thread_ids_of_other_types(lg):
    graph = wire(lg, Trail, {"b": leaves("b")}, "START b").compile(
        checkpointer=lg.checkpoint.memory.InMemorySaver()
    )
    seen = [graph.invoke({"trail": []}, {"configurable": {"thread_id": given}}) for given in (7, 7, "seven")]
    return [*seen, graph.get_state({"configurable": {"thread_id": 7}}).values]
