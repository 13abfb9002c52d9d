"""1.4: edges, joins, routers and Sends."""

import operator
from typing import Annotated, Any, Literal, TypedDict

from conformance.calls import start
from conformance.parts import EMPTY, Trail, leaves, many
from conformance.program import flow, script
from conformance.wiring import wire


class Pick(TypedDict):
    trail: Annotated[list[str], operator.add]
    pick: str


@flow("1.4 edges", "1.3 plan", calls=[EMPTY])
def diamond_with_unequal_arms_runs_its_end_twice(lg):
    return wire(lg, Trail, many("abcd"), "START a b c d", "a d")


@flow("1.4 edges", "1.3 order", calls=[EMPTY])
def two_edges_in_the_same_step_run_the_node_once(lg):
    return wire(lg, Trail, many("abc"), "START a c END", "START b c")


@flow("1.4 edges", "1.3 recursion limit", calls=[EMPTY])
def a_loop_ends_where_its_router_says(lg):
    builder = wire(lg, Trail, many("ab"), "START a b")
    builder.add_conditional_edges("b", lambda state: "a" if len(state["trail"]) < 6 else lg.graph.END)
    return builder


@flow("1.4 edges", calls=[EMPTY])
def entry_and_finish_points(lg):
    builder = lg.graph.StateGraph(Trail)
    builder.add_node("a", leaves("a")).add_node("b", leaves("b"))
    builder.set_entry_point("a").add_edge("a", "b").set_finish_point("b")
    return builder


@flow("1.4 edges", calls=[EMPTY])
def a_sequence_of_functions(lg):
    def first(state: Trail):
        return {"trail": ["first"]}

    builder = lg.graph.StateGraph(Trail).add_sequence(
        [first, ("second", leaves("second")), ("third", leaves("third"))]
    )
    return builder.add_edge(lg.graph.START, "first")


# durability sync: LangGraph's saver may see the barrier of a step that is already over
AGAIN = start({"trail": []}, durability="sync")


@flow("1.4 join", "1.2 barrier", calls=[AGAIN, AGAIN])
def a_join_waits_for_the_longer_arm(lg):
    return wire(lg, Trail, many("abcd"), "START a", "START b c", "a+c d END")


@flow("1.4 join", "1.2 barrier", calls=[EMPTY])
def a_join_in_a_loop_fires_again_when_all_came_again(lg):
    builder = wire(lg, Trail, many("abj"), "START a", "START b", "a+b j")
    builder.add_conditional_edges(
        "j", lambda state: ["a", "b"] if state["trail"].count("j") < 3 else lg.graph.END
    )
    return builder


@flow("1.4 join", "1.2 barrier", calls=[EMPTY])
def a_join_that_is_never_complete_stays_silent(lg):
    builder = wire(lg, Trail, many("abcj"), "START a", "b+c j")
    builder.add_conditional_edges("a", lambda state: "b")
    return builder


@flow("1.4 join", "1.4 edges", calls=[EMPTY])
def a_join_beside_an_edge_into_the_same_node(lg):
    return wire(lg, Trail, many("abcd"), "START a d", "START b c", "b+c d")


@flow("1.4 defer", "1.2 after finish", calls=[EMPTY])
def a_deferred_node_runs_once_after_unequal_arms(lg):
    nodes = many("abc") | {"d": (leaves("d"), {"defer": True})}
    return wire(lg, Trail, nodes, "START a d", "START b c d END")


@flow("1.4 defer", "1.2 after finish", "1.4 join", calls=[EMPTY])
def a_deferred_join(lg):
    nodes = many("abce") | {"d": (leaves("d"), {"defer": True})}
    return wire(lg, Trail, nodes, "START a", "START b", "a+b d", "START c e")


@flow("1.4 defer", "1.2 after finish", calls=[EMPTY])
def a_deferred_node_that_starts_more_work(lg):
    nodes = many("ac") | {"d": (leaves("d"), {"defer": True})}
    builder = wire(lg, Trail, nodes, "START a d", "START d", "c d")
    builder.add_conditional_edges("d", lambda state: "c" if state["trail"].count("d") < 2 else lg.graph.END)
    return builder


@flow("1.4 defer", "1.4 send", calls=[EMPTY])
def a_deferred_node_waits_for_sends_of_sends(lg):
    def fan(state):
        return [lg.types.Send("w", {"depth": 2}), lg.types.Send("w", {"depth": 0})]

    def w(given):
        if given["depth"]:
            goto = [lg.types.Send("w", {"depth": given["depth"] - 1})]
            return lg.types.Command(update={"trail": [f"w{given['depth']}"]}, goto=goto)
        return {"trail": ["w0"]}

    nodes = {"w": w, "d": (leaves("d"), {"defer": True})}
    builder = wire(lg, Trail, nodes, "w d END")
    builder.add_conditional_edges(lg.graph.START, fan)
    return builder


@flow("1.4 conditional", calls=[start({"trail": [], "pick": "b"}), start({"trail": [], "pick": "c"})])
def a_router_names_a_node(lg):
    builder = wire(lg, Pick, many("abc"), "START a")
    builder.add_conditional_edges("a", lambda state: state["pick"])
    return builder


@flow("1.4 conditional", "1.1 private state", calls=[start({"trail": [], "pick": "b"})])
def a_router_without_a_type_sees_what_its_node_sees(lg):
    def a(state: Trail):
        return {"trail": ["a"]}

    builder = wire(lg, Pick, many("bc") | {"a": a}, "START a")
    builder.add_conditional_edges("a", lambda state: state["pick"])
    return builder


@flow("1.4 conditional", calls=[start({"trail": [], "pick": "left"}), start({"trail": [], "pick": "done"})])
def a_router_with_a_path_map(lg):
    builder = wire(lg, Pick, many("abc"), "START a", "b END")
    mapping = {"left": "b", "right": "c", "done": lg.graph.END}
    builder.add_conditional_edges("a", lambda state: state["pick"], mapping)
    return builder


@flow("1.4 conditional", calls=[start({"trail": [], "pick": "yes"}), start({"trail": [], "pick": "no"})])
def a_router_that_says_true_or_false(lg):
    builder = wire(lg, Pick, many("abc"), "START a")
    builder.add_conditional_edges("a", lambda state: state["pick"] == "yes", {True: "b", False: "c"})
    return builder


@flow("1.4 conditional", "1.4 send", calls=[start({"trail": [], "pick": "x"})])
def a_router_mixes_names_and_sends(lg):
    def w(given: Any):
        return {"trail": [f"w:{given}"]}

    builder = wire(lg, Pick, many("abz") | {"w": w}, "START a")
    sends = [lg.types.Send("w", 1), "b", lg.types.Send("w", {"pick": 2}), "z"]
    builder.add_conditional_edges("a", lambda state: sends)
    return builder


@flow("1.4 conditional", calls=[EMPTY])
def a_router_returns_a_list_with_the_end_in_it(lg):
    builder = wire(lg, Trail, many("abc"), "START a")
    builder.add_conditional_edges("a", lambda state: ["b", lg.graph.END, "c"])
    return builder


@flow("1.4 conditional", "1.3 plan", calls=[EMPTY])
def a_router_names_a_node_that_is_not_there(lg):
    builder = wire(lg, Trail, many("ab"), "START a b")
    builder.add_conditional_edges("a", lambda state: "nowhere")
    return builder


@flow("1.4 conditional", calls=[EMPTY])
def several_routers_of_one_node(lg):
    def first(state):
        return "b"

    def second(state):
        return ["c", "b"]

    builder = wire(lg, Trail, many("abc"), "START a")
    builder.add_conditional_edges("a", first)
    builder.add_conditional_edges("a", second)
    return builder


@flow("1.4 conditional", calls=[start({"trail": ["x"], "pick": "c"})])
def a_conditional_entry_point(lg):
    def enter(state: Pick) -> Literal["a", "c"]:
        return state["pick"]

    builder = wire(lg, Pick, many("abc"), "a b")
    builder.set_conditional_entry_point(enter)
    return builder


@flow("1.4 conditional", "1.5 retry", calls=[EMPTY])
def a_router_that_raises_fails_its_task(lg):
    def route(state):
        raise LookupError("no way")

    builder = wire(lg, Trail, many("a"), "START a")
    builder.add_conditional_edges("a", route)
    return builder


@flow("1.4 conditional", calls=[EMPTY], is_async=True)
def an_async_router(lg):
    async def route(state):
        return ["c"] if "a" in state["trail"] else ["b"]

    builder = wire(lg, Trail, many("abc"), "START a")
    builder.add_conditional_edges("a", route)
    return builder


@flow("1.4 conditional", calls=[EMPTY])
def a_router_that_returns_none(lg):
    builder = wire(lg, Trail, many("ab"), "START a b")
    builder.add_conditional_edges("a", lambda state: None)
    return builder


@flow("1.4 send", "1.3 order", calls=[EMPTY])
def sends_are_folded_by_their_index(lg):
    def fan(state):
        return [lg.types.Send("w", {"n": n}) for n in (3, 1, 2)]

    def w(given):
        return {"trail": [f"w{given['n']}"]}

    builder = wire(lg, Trail, many("az") | {"w": w}, "START a z", "w END")
    builder.add_conditional_edges("a", fan)
    return builder


@flow("1.4 send", "1.3 order", calls=[EMPTY])
def map_and_reduce(lg):
    def fan(state):
        return [lg.types.Send("w", n) for n in range(12)]

    def w(given):
        return {"trail": [str(given * given)]}

    def total(state: Trail):
        return {"trail": [f"sum {sum(int(text) for text in state['trail'])}"]}

    builder = wire(lg, Trail, {"w": w, "total": total}, "w total END")
    builder.add_conditional_edges(lg.graph.START, fan, ["w"])
    return builder


@flow("1.4 send", "1.3 plan", calls=[EMPTY])
def a_send_to_a_node_that_is_not_there(lg):
    builder = wire(lg, Trail, many("ab"), "START a b")
    builder.add_conditional_edges("a", lambda state: [lg.types.Send("nowhere", {})])
    return builder


class Given(TypedDict):
    word: str


@flow("1.4 send", calls=[EMPTY])
def a_sends_argument_is_not_filtered(lg):
    def w(given: Given):
        return {"trail": [str(sorted(given.items()))]}

    builder = wire(lg, Trail, {"a": leaves("a"), "w": w}, "START a")
    builder.add_conditional_edges(
        "a", lambda state: [lg.types.Send("w", {"word": "x", "other": 1, "trail": ["t"]})]
    )
    return builder


@flow("1.4 send", "1.4 edges", calls=[EMPTY])
def a_node_is_sent_to_and_reached_by_an_edge(lg):
    def w(given):
        return {"trail": [f"w {sorted(given)}"]}

    builder = wire(lg, Trail, {"a": leaves("a"), "w": w, "e": leaves("e")}, "START a w e")
    builder.add_conditional_edges("a", lambda state: [lg.types.Send("w", {"sent": 1})])
    return builder


@script("1.4 send", "1.9 checkpoints", "1.9 tasks")
def sends_come_before_nodes_wherever_tasks_are_listed(lg):
    builder = wire(lg, Trail, many("zab") | {"w": lambda n: {"trail": [f"w{n}"]}}, "START a z", "a b")
    builder.add_conditional_edges("a", lambda state: [lg.types.Send("w", 2), lg.types.Send("w", 1)])
    graph, config = (
        builder.compile(checkpointer=lg.checkpoint.memory.InMemorySaver()),
        {"configurable": {"thread_id": "1"}},
    )
    checkpoints = graph.stream({"trail": []}, config, stream_mode="checkpoints")
    listed = [[shown["next"], [task["name"] for task in shown["tasks"]]] for shown in checkpoints]
    tasks = [
        chunk["name"]
        for chunk in graph.stream({"trail": []}, config, stream_mode="tasks")
        if "input" in chunk
    ]
    return [listed, tasks, [shown.next for shown in graph.get_state_history(config)]]
