"""1.6: interrupts in every form."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from conformance.calls import answer, answer_each, proceed, start, tell, update
from conformance.parts import EMPTY, THREAD, Trail, attempted, leaves, saver
from conformance.program import flow, script
from conformance.wiring import chain, wire


def asks(lg, *questions: str) -> Any:
    """Return a node that asks these, one after the other, and writes how often its body began."""
    begun: list[int] = []

    def node(state):
        begun.append(1)
        answers = [lg.types.interrupt(question) for question in questions]
        return {
            "trail": [f"{question}={given}" for question, given in zip(questions, answers, strict=True)]
            + [len(begun)]
        }

    return node


@flow("1.6 interrupt", "1.6 surfacing", calls=[EMPTY, answer("yes")], remembers=True)
def one_question(lg):
    return wire(lg, Trail, {"a": leaves("a"), "ask": asks(lg, "ok?"), "b": leaves("b")}, "START a ask b")


@flow("1.6 interrupt", "1.6 resume", calls=[EMPTY, answer("one"), answer("two")], remembers=True)
def two_questions_in_one_node(lg):
    return wire(lg, Trail, {"ask": asks(lg, "first?", "second?"), "b": leaves("b")}, "START ask b")


@flow("1.6 interrupt", calls=[EMPTY, answer({"deep": [1, None]}), answer(0)], remembers=True)
def answers_of_any_type(lg):
    return wire(lg, Trail, {"ask": asks(lg, "first?", "second?")}, "START ask")


@flow("1.6 interrupt", calls=[EMPTY, proceed()])
def a_broad_except_swallows_a_question(lg):
    def ask(state: Trail):
        try:
            lg.types.interrupt("?")
        except Exception as error:  # noqa: BLE001 - the point of it
            return {"trail": [isinstance(error, lg.errors.GraphInterrupt)]}

    return wire(lg, Trail, {"ask": ask, "b": leaves("b")}, "START ask b")


@flow("1.6 interrupt", calls=[EMPTY, answer("a"), answer("b"), answer("stop")], remembers=True)
def a_loop_that_asks_again(lg):
    builder = wire(lg, Trail, {"ask": asks(lg, "more?")}, "START ask")
    builder.add_conditional_edges("ask", lambda state: "__end__" if "more?=stop" in state["trail"] else "ask")
    return builder


@flow("1.6 interrupt", calls=[EMPTY, answer("yes")], is_async=True)
def a_question_of_an_async_node(lg):
    async def ask(state: Trail):
        return {"trail": [lg.types.interrupt("ok?")]}

    return wire(lg, Trail, {"ask": ask, "b": leaves("b")}, "START ask b")


@flow("1.6 interrupt", "1.6 resume", calls=[EMPTY, answer(False), answer(""), answer([])], remembers=True)
def empty_answers_are_answers(lg):
    return wire(lg, Trail, {"ask": asks(lg, "one?", "two?", "three?")}, "START ask")


@flow("1.6 surfacing", "1.6 ids", calls=[EMPTY], remembers=True)
def parallel_questions_are_seen_together(lg):
    nodes = {"x": asks(lg, "x?"), "y": asks(lg, "y?"), "z": leaves("z")}
    return wire(lg, Trail, nodes, "START x", "START y", "START z")


@flow("1.6 resume", calls=[EMPTY, answer("one for both"), answer_each({"x?": 1, "y?": 2})], remembers=True)
def one_answer_for_two_questions_is_refused(lg):
    return wire(lg, Trail, {"x": asks(lg, "x?"), "y": asks(lg, "y?")}, "START x", "START y")


@flow("1.6 resume", "1.6 ids", calls=[EMPTY, answer_each({"y?": 2}), answer_each({"x?": 1})], remembers=True)
def a_partial_answer_by_id(lg):
    nodes = {"x": asks(lg, "x?"), "y": asks(lg, "y?"), "z": leaves("z"), "end": leaves("end")}
    return wire(lg, Trail, nodes, "START x end", "START y end", "START z end")


@flow("1.6 resume", calls=[EMPTY, answer_each({"x?": 1, "y?": 2}), answer("third")], remembers=True)
def answers_by_id_and_a_further_question(lg):
    return wire(lg, Trail, {"x": asks(lg, "x?", "x again?"), "y": asks(lg, "y?")}, "START x", "START y")


@flow("1.6 resume", "1.4 send", calls=[EMPTY, answer_each({"q1": "A"}), answer_each({"q0": "B", "q2": "C"})])
def questions_of_sends(lg):
    def w(n):
        return {"trail": [f"{n}:{lg.types.interrupt(f'q{n}')}"]}

    builder = wire(lg, Trail, {"w": w, "e": leaves("e")}, "w e")
    builder.add_conditional_edges(lg.graph.START, lambda state: [lg.types.Send("w", n) for n in range(3)])
    return builder


@flow(
    "1.6 resume",
    "1.4 input command",
    calls=[EMPTY, tell(resume="yes", update={"trail": ["told"]})],
    remembers=True,
)
def an_answer_with_an_update(lg):
    return wire(lg, Trail, {"ask": asks(lg, "ok?"), "b": leaves("b")}, "START ask b")


@flow("1.6 resume", "1.3 new input", calls=[EMPTY, proceed(), proceed(), answer("at last")], remembers=True)
def going_on_without_an_answer_asks_again(lg):
    return wire(lg, Trail, {"ask": asks(lg, "ok?"), "b": leaves("b")}, "START ask b")


@flow("1.6 resume", "1.3 failure", calls=[EMPTY, answer("bad"), proceed(), proceed()], remembers=True)
def an_answer_after_which_the_node_fails(lg):
    begun: list[int] = []

    def ask(state: Trail):
        given = lg.types.interrupt("ok?")
        begun.append(1)
        if len(begun) == 1:
            raise ValueError(f"do not like {given}")
        return {"trail": [given]}

    return wire(lg, Trail, {"ask": ask}, "START ask")


@script("1.6 ids")
def an_interrupts_id_is_the_same_when_it_is_asked_again(lg):
    graph = wire(lg, Trail, {"ask": asks(lg, "ok?")}, "START ask").compile(checkpointer=saver(lg))
    ids = [
        graph.invoke(given, THREAD)["__interrupt__"][0].id
        for given in ({"trail": []}, None, None, {"trail": []})
    ]
    return [
        len(ids),
        ids[0] == ids[1] == ids[2],
        ids[0] == ids[3],
        graph.get_state(THREAD).interrupts[0].id == ids[3],
    ]


@script("1.6 ids")
def the_next_question_of_a_node_has_another_id(lg):
    graph = wire(lg, Trail, {"ask": asks(lg, "one?", "two?")}, "START ask").compile(checkpointer=saver(lg))
    first = graph.invoke({"trail": []}, THREAD)["__interrupt__"][0]
    second = graph.invoke(lg.types.Command(resume="1"), THREAD)["__interrupt__"][0]
    return [first, second, first.id == second.id]


@script("1.6 ids", "1.6 strict")
def an_answer_to_an_unknown_id(lg):
    graph = wire(lg, Trail, {"ask": asks(lg, "ok?")}, "START ask").compile(checkpointer=saver(lg))
    graph.invoke({"trail": []}, THREAD)
    given = lg.types.Command(resume={"0123456789abcdef0123456789abcdef": "x"})
    return [attempted(lambda: graph.invoke(given, THREAD)), graph.get_state(THREAD)]


@flow("1.6 strict", calls=[EMPTY, answer("nobody asked")])
def an_answer_with_nothing_pending(lg):
    return wire(lg, Trail, {"a": leaves("a")}, "START a")


@flow("1.6 strict", calls=[answer("too early")])
def an_answer_on_a_fresh_thread(lg):
    return wire(lg, Trail, {"a": leaves("a")}, "START a")


@flow(
    "1.6 strict",
    "1.6 breakpoints",
    calls=[EMPTY, answer("at a breakpoint")],
    options=lambda _: {"interrupt_before": ["b"]},
)
def an_answer_at_a_breakpoint(lg):
    return wire(lg, Trail, {"a": leaves("a"), "b": leaves("b")}, "START a b")


@flow("1.6 no saver", checkpointer=False, calls=[EMPTY], remembers=True)
def a_question_without_a_saver(lg):
    return wire(lg, Trail, {"a": leaves("a"), "ask": asks(lg, "ok?"), "b": leaves("b")}, "START a ask b")


@flow("1.6 no saver", checkpointer=False, calls=[EMPTY, answer("yes")], remembers=True)
def an_answer_without_a_saver_is_refused(lg):
    return wire(lg, Trail, {"ask": asks(lg, "ok?")}, "START ask")


@flow("1.6 no saver", checkpointer=False, calls=[EMPTY], remembers=True)
def parallel_questions_without_a_saver(lg):
    return wire(lg, Trail, {"x": asks(lg, "x?"), "y": asks(lg, "y?")}, "START x", "START y")


@script("1.6 surfacing", "1.9 several")
def a_question_in_version_two(lg):
    graph = wire(lg, Trail, {"ask": asks(lg, "ok?")}, "START ask").compile(checkpointer=saver(lg))
    got = graph.invoke({"trail": []}, THREAD, version="v2")
    parts = list(graph.stream(None, THREAD, stream_mode=["values", "updates"], version="v2"))
    return [got.value, got.interrupts, parts]


@script("1.6 surfacing", "1.9 tasks")
def a_question_in_every_mode(lg):
    graph = wire(lg, Trail, {"z": leaves("z"), "ask": asks(lg, "ok?")}, "START z ask")
    graph = graph.compile(checkpointer=saver(lg))
    return list(graph.stream({"trail": []}, THREAD, stream_mode=["values", "updates", "tasks"]))


LETTERS = {"a": leaves("a"), "b": leaves("b"), "c": leaves("c")}


@flow("1.6 breakpoints", calls=[EMPTY, proceed(), proceed()], options=lambda _: {"interrupt_before": ["b"]})
def a_breakpoint_before_a_node(lg):
    return wire(lg, Trail, LETTERS, "START a b c")


@flow("1.6 breakpoints", calls=[EMPTY, proceed(), proceed()], options=lambda _: {"interrupt_after": ["b"]})
def a_breakpoint_after_a_node(lg):
    return wire(lg, Trail, LETTERS, "START a b c")


@flow(
    "1.6 breakpoints",
    calls=[EMPTY, proceed(), proceed(), proceed()],
    options=lambda _: {"interrupt_before": "*"},
)
def breakpoints_before_all_nodes(lg):
    return wire(lg, Trail, LETTERS, "START a b c")


@flow(
    "1.6 breakpoints",
    calls=[EMPTY, proceed(), proceed(), proceed()],
    options=lambda _: {"interrupt_after": "*"},
)
def breakpoints_after_all_nodes(lg):
    return wire(lg, Trail, LETTERS, "START a b c")


@flow(
    "1.6 breakpoints",
    calls=[start({"trail": []}, interrupt_before=["c"]), proceed(interrupt_after=["c"]), proceed()],
)
def breakpoints_of_a_call(lg):
    return wire(lg, Trail, LETTERS, "START a b c")


@flow(
    "1.6 breakpoints",
    "1.10 update state",
    calls=[EMPTY, update({"trail": ["changed"]}), proceed(), proceed()],
    options=lambda _: {"interrupt_before": ["b"]},
)
def a_change_at_a_breakpoint(lg):
    return wire(lg, Trail, LETTERS, "START a b c")


@flow("1.6 breakpoints", calls=[EMPTY, proceed(), proceed()], options=lambda _: {"interrupt_before": ["b"]})
def a_breakpoint_in_a_loop(lg):
    builder = wire(lg, Trail, LETTERS, "START a b")
    builder.add_conditional_edges("b", lambda state: "a" if len(state["trail"]) < 4 else lg.graph.END)
    return builder


class Decision(BaseModel):
    approve: bool
    reason: str = "none"


@dataclass
class Choice:
    number: int


def schema_asks(lg, schema: Any) -> Any:
    def ask(state: Trail):
        given = lg.types.interrupt("ok?", response_schema=schema)
        return {"trail": [f"{type(given).__name__} {given}"]}

    return chain(lg, Trail, ask)


@flow("1.6 response schema", calls=[EMPTY, answer({"approve": "yes", "reason": "fine"})])
def an_answer_becomes_a_model(lg):
    return schema_asks(lg, Decision)


@flow("1.6 response schema", calls=[EMPTY, answer({"approve": "perhaps"}), answer({"approve": True})])
def a_wrong_answer_is_refused_and_asked_again(lg):
    return schema_asks(lg, Decision)


@flow("1.6 response schema", calls=[EMPTY, answer({"number": "7"})])
def an_answer_becomes_a_dataclass(lg):
    return schema_asks(lg, Choice)


@flow("1.6 response schema", calls=[EMPTY, answer("anything")])
def a_json_schema_is_shown_and_not_enforced(lg):
    return schema_asks(lg, {"type": "integer"})


@script("1.6 response schema")
def a_wrong_answer_is_known_as_one(lg):
    graph = schema_asks(lg, Decision).compile(checkpointer=saver(lg))
    graph.invoke({"trail": []}, THREAD)
    error = attempted(lambda: graph.invoke(lg.types.Command(resume={"approve": "perhaps"}), THREAD))
    return [error, lg.errors.is_invalid_resume(error), lg.errors.is_invalid_resume(ValueError())]
