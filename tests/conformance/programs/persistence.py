"""1.10: states, histories, changes from outside, time travel, durability, other graphs on old threads."""

import operator
from typing import Annotated, Any, TypedDict

from conformance.calls import answer, proceed, start, update
from conformance.parts import EMPTY, THREAD, Trail, attempted, many, saver
from conformance.program import flow, script
from conformance.wiring import wire


class Pick(TypedDict, total=False):
    trail: Annotated[list[Any], operator.add]
    pick: str


def abc(lg, **options: Any) -> Any:
    return wire(lg, Trail, many("abc"), "START a b c").compile(checkpointer=saver(lg), **options)


def story(graph: Any, config: Any = THREAD) -> list[Any]:
    """Return a history by what it says, newest first."""
    return [
        [shown.values, shown.next, shown.metadata["source"], shown.metadata["step"]]
        for shown in graph.get_state_history(config)
    ]


@flow("1.10 durability", calls=[start({"trail": []}, durability="sync")])
def durability_sync(lg):
    return wire(lg, Trail, many("abc"), "START a b c")


@flow(
    "1.10 durability",
    calls=[start({"trail": []}, durability="async"), start({"trail": ["2"]}, durability="async")],
)
def durability_async(lg):
    return wire(lg, Trail, many("abc"), "START a b c")


@flow(
    "1.10 durability",
    calls=[start({"trail": []}, durability="exit"), start({"trail": ["2"]}, durability="exit")],
)
def durability_exit_keeps_the_end_only(lg):
    return wire(lg, Trail, many("abc"), "START a b c")


@flow(
    "1.10 durability",
    "1.6 interrupt",
    calls=[start({"trail": []}, durability="exit"), answer("yes", durability="exit")],
)
def durability_exit_and_a_question(lg):
    def ask(state: Trail):
        return {"trail": [lg.types.interrupt("ok?")]}

    return wire(lg, Trail, many("ab") | {"ask": ask}, "START a ask b")


@flow(
    "1.10 durability",
    "1.3 failure",
    calls=[start({"trail": []}, durability="exit"), proceed()],
    remembers=True,
)
def durability_exit_and_a_failure(lg):
    tries: list[int] = []

    def bad(state: Trail):
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("once")
        return {"trail": ["good"]}

    return wire(lg, Trail, many("a") | {"bad": bad}, "START a bad")


@script("1.10 durability")
def an_unknown_durability(lg):
    return attempted(lambda: abc(lg).invoke({"trail": []}, THREAD, durability="never"))


@script("1.10 get state")
def the_state_of_a_thread_that_never_was(lg):
    return abc(lg).get_state(THREAD)


@script("1.10 get state")
def the_state_needs_a_saver(lg):
    return wire(lg, Trail, many("a"), "START a").compile().get_state(THREAD)


@script("1.10 get state", "1.10 history")
def the_state_of_an_old_checkpoint(lg):
    graph = abc(lg)
    graph.invoke({"trail": []}, THREAD)
    return [graph.get_state(shown.config) for shown in graph.get_state_history(THREAD)]


@script("1.10 get state")
def metadata_of_a_run(lg):
    graph = abc(lg)
    graph.invoke({"trail": []}, THREAD | {"metadata": {"who": "me"}, "tags": ["t"]})
    shown = graph.get_state(THREAD)
    return [
        shown.metadata.get("who"),
        sorted(key for key in shown.metadata if key in ("source", "step", "parents", "who")),
    ]


@script("1.10 get state")
async def the_state_on_a_loop(lg):
    graph = abc(lg)
    await graph.ainvoke({"trail": []}, THREAD)
    return [await graph.aget_state(THREAD), [shown async for shown in graph.aget_state_history(THREAD)]]


@script("1.10 history")
def a_history_with_a_limit_and_a_filter(lg):
    graph = abc(lg)
    graph.invoke({"trail": []}, THREAD)
    graph.invoke({"trail": ["x"]}, THREAD)
    shown = list(graph.get_state_history(THREAD))
    seen = [
        graph.get_state_history(THREAD, limit=2),
        graph.get_state_history(THREAD, filter={"source": "input"}),
        graph.get_state_history(THREAD, filter={"step": 2}),
        graph.get_state_history(THREAD, before=shown[3].config, limit=2),
    ]
    return [[(each.values, each.metadata["step"]) for each in part] for part in seen]


@flow("1.10 history", calls=[EMPTY, EMPTY])
def a_history_of_two_inputs(lg):
    builder = wire(lg, Trail, many("ab"), "START a", "b END")
    builder.add_conditional_edges("a", lambda state: "b")
    return builder


@flow("1.10 history", "1.3 step numbers", calls=[EMPTY])
def a_history_of_parallel_nodes(lg):
    return wire(lg, Trail, many("abcd"), "START a", "START b", "a+b c", "a d")


@flow("1.10 update state", calls=[EMPTY, update({"trail": ["outside"]}), proceed()])
def a_change_after_the_end(lg):
    return wire(lg, Trail, many("ab"), "START a b")


@flow("1.10 update state", calls=[EMPTY, update({"trail": ["as a"]}, as_node="a"), proceed()])
def a_change_as_an_earlier_node_goes_on_from_it(lg):
    return wire(lg, Trail, many("abc"), "START a b c")


@flow("1.10 update state", calls=[update({"trail": ["first"]}, as_node="a"), proceed()])
def a_change_of_a_fresh_thread(lg):
    return wire(lg, Trail, many("ab"), "START a b")


@flow("1.10 update state", calls=[update({"trail": ["first"]}), proceed()])
def a_change_of_a_fresh_thread_as_nobody(lg):
    return wire(lg, Trail, many("ab"), "START a b")


@flow("1.10 update state", calls=[EMPTY, update({"trail": ["x"]}, as_node="nobody")])
def a_change_as_an_unknown_node_is_refused(lg):
    return wire(lg, Trail, many("ab"), "START a b")


@flow("1.10 update state", calls=[EMPTY, update({"trail": ["x"]})])
def a_change_as_one_of_two_is_ambiguous(lg):
    return wire(lg, Trail, many("ab"), "START a", "START b")


@flow(
    "1.10 update state",
    "1.4 conditional",
    calls=[start({"trail": [], "pick": "b"}), update({"pick": "c"}, as_node="a"), proceed()],
)
def a_change_runs_the_routers_of_its_node(lg):
    builder = wire(lg, Pick, many("abc"), "START a")
    builder.add_conditional_edges("a", lambda state: state["pick"])
    return builder


@flow(
    "1.10 update state",
    calls=[EMPTY, update(None, as_node="__end__"), proceed()],
    options=lambda _: {"interrupt_before": ["b"]},
)
def a_change_as_the_end_clears_what_is_pending(lg):
    return wire(lg, Trail, many("ab"), "START a b")


@flow(
    "1.10 update state", calls=[EMPTY, update(None), proceed()], options=lambda _: {"interrupt_before": ["b"]}
)
def a_change_of_nothing(lg):
    return wire(lg, Trail, many("abc"), "START a b c")


@flow(
    "1.10 update state",
    calls=[EMPTY, update(None, as_node="b"), proceed()],
    options=lambda _: {"interrupt_before": ["b"]},
)
def a_node_is_marked_as_done(lg):
    return wire(lg, Trail, many("abc"), "START a b c")


@flow("1.10 update state", calls=[update({"trail": ["given"]}, as_node="__input__"), proceed()])
def a_change_as_the_input(lg):
    return wire(lg, Trail, many("ab"), "START a b")


@flow(
    "1.10 update state",
    "1.10 time travel",
    calls=[EMPTY, update(None, as_node="__copy__"), proceed()],
    options=lambda _: {"interrupt_before": ["b"]},
)
def a_copy_of_a_checkpoint(lg):
    return wire(lg, Trail, many("ab"), "START a b")


@flow(
    "1.10 update state",
    "1.6 interrupt",
    calls=[EMPTY, update({"trail": ["outside"]}, as_node="a"), answer("yes")],
)
def a_change_while_a_question_is_open(lg):
    def ask(state: Trail):
        return {"trail": [lg.types.interrupt(f"{len(state['trail'])}?")]}

    return wire(lg, Trail, many("a") | {"ask": ask}, "START a ask")


@script("1.10 update state")
def a_change_needs_a_saver(lg):
    return wire(lg, Trail, many("a"), "START a").compile().update_state(THREAD, {"trail": ["x"]})


@script("1.10 update state")
async def a_change_on_a_loop(lg):
    graph = abc(lg, interrupt_before=["b"])
    await graph.ainvoke({"trail": []}, THREAD)
    await graph.aupdate_state(THREAD, {"trail": ["changed"]})
    return [await graph.ainvoke(None, THREAD), story(graph)]


@script("1.10 bulk")
def changes_in_bulk(lg):
    graph = abc(lg)
    change = lg.types.StateUpdate
    steps = [
        [change({"trail": ["in"]}, "__input__")],
        [change({"trail": ["1"]}, "a")],
        [change({"trail": ["2"]}, "b")],
    ]
    graph.bulk_update_state(THREAD, steps)
    return [graph.get_state(THREAD), story(graph), graph.invoke(None, THREAD)]


@script("1.10 bulk")
def several_changes_in_one_step(lg):
    graph = wire(lg, Trail, many("abc"), "START a c", "START b c").compile(checkpointer=saver(lg))
    graph.invoke({"trail": []}, THREAD)
    change = lg.types.StateUpdate
    graph.bulk_update_state(THREAD, [[change({"trail": ["B"]}, "b"), change({"trail": ["A"]}, "a")]])
    return [graph.get_state(THREAD).values, graph.get_state(THREAD).next, story(graph)[0]]


@script("1.10 bulk")
def no_changes_in_bulk_are_refused(lg):
    graph = abc(lg)
    return [attempted(lambda given=given: graph.bulk_update_state(THREAD, given)) for given in ([], [[]])]


@script("1.10 bulk")
async def changes_in_bulk_on_a_loop(lg):
    graph = abc(lg)
    change = lg.types.StateUpdate
    await graph.abulk_update_state(THREAD, [[change({"trail": ["1"]}, "a")], [change({"trail": ["2"]}, "b")]])
    return [story(graph), await graph.ainvoke(None, THREAD)]


@flow("1.10 time travel", calls=[EMPTY, proceed(at=("b",))])
def an_old_checkpoint_is_run_again(lg):
    return wire(lg, Trail, many("abc"), "START a b c")


@flow("1.10 time travel", calls=[EMPTY, update({"trail": ["branch"]}, at=("b",)), proceed()])
def a_change_of_an_old_checkpoint_makes_a_branch(lg):
    return wire(lg, Trail, many("abc"), "START a b c")


@flow("1.10 time travel", "1.6 interrupt", calls=[EMPTY, answer("yes"), proceed(at=("ask",)), answer("no")])
def an_old_question_is_asked_again(lg):
    def ask(state: Trail):
        return {"trail": [lg.types.interrupt("ok?")]}

    return wire(lg, Trail, many("ab") | {"ask": ask}, "START a ask b")


@flow("1.10 time travel", "1.6 resume", calls=[EMPTY, answer("yes"), answer("no", at=("ask",))])
def an_old_question_is_answered_anew(lg):
    def ask(state: Trail):
        return {"trail": [lg.types.interrupt("ok?")]}

    return wire(lg, Trail, many("ab") | {"ask": ask}, "START a ask b")


@script("1.10 time travel")
def the_newest_branch_is_the_state(lg):
    graph = abc(lg)
    graph.invoke({"trail": []}, THREAD)
    old = next(shown.config for shown in graph.get_state_history(THREAD) if shown.next == ("c",))
    branch = graph.update_state(old, {"trail": ["branch"]})
    seen = [graph.get_state(branch).values, graph.invoke(None, branch), graph.get_state(THREAD).values]
    return [*seen, story(graph), graph.get_state(old).values]


@script("1.10 time travel")
def a_checkpoint_that_never_was(lg):
    graph = abc(lg)
    graph.invoke({"trail": []}, THREAD)
    other = {"configurable": {"thread_id": "1", "checkpoint_id": "1f000000-0000-6000-8000-000000000000"}}
    return [graph.get_state(other).values, graph.get_state(other).next]


@script("1.10 migration")
def a_node_is_added_after_the_one_that_waits(lg):
    kept = saver(lg)
    old = wire(lg, Trail, many("ab"), "START a b").compile(checkpointer=kept, interrupt_before=["b"])
    old.invoke({"trail": []}, THREAD)
    new = wire(lg, Trail, many("abz"), "START a b z").compile(checkpointer=kept)
    return [new.get_state(THREAD).next, new.invoke(None, THREAD)]


@script("1.10 migration")
def the_node_that_waits_is_gone(lg):
    kept = saver(lg)
    old = wire(lg, Trail, many("ab"), "START a b").compile(checkpointer=kept, interrupt_before=["b"])
    old.invoke({"trail": []}, THREAD)
    new = wire(lg, Trail, many("az"), "START a z").compile(checkpointer=kept)
    return [new.get_state(THREAD).next, new.invoke(None, THREAD), new.invoke({"trail": ["again"]}, THREAD)]


@script("1.10 migration")
def a_key_is_new(lg):
    kept = saver(lg)
    wire(lg, Trail, many("a"), "START a").compile(checkpointer=kept).invoke({"trail": []}, THREAD)

    def b(state: Pick):
        return {"pick": str(sorted(state)), "trail": ["b"]}

    return wire(lg, Pick, {"b": b}, "START b").compile(checkpointer=kept).invoke({"trail": ["x"]}, THREAD)


@script("1.10 migration")
def a_key_is_gone(lg):
    kept = saver(lg)
    wire(lg, Pick, many("a"), "START a").compile(checkpointer=kept).invoke({"trail": [], "pick": "p"}, THREAD)
    graph = wire(lg, Trail, many("b"), "START b").compile(checkpointer=kept)
    return [graph.get_state(THREAD).values, graph.invoke({"trail": ["x"]}, THREAD)]


@script("1.10 durability", "1.10 get state")
def a_thread_is_deleted(lg):
    kept = saver(lg)
    graph = wire(lg, Trail, many("a"), "START a").compile(checkpointer=kept)
    graph.invoke({"trail": []}, THREAD)
    kept.delete_thread("1")
    return [graph.get_state(THREAD), story(graph), graph.invoke({"trail": []}, THREAD)]
