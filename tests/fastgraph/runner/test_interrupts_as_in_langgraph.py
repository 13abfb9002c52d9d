"""Interrupts, resumes, failures and threads behave as in LangGraph: each program runs on both."""

import operator
import threading
from typing import Annotated, Any, TypedDict

from support.oracle import Names, agree


class Log(TypedDict):
    seen: Annotated[list[str], operator.add]


def says(name: str) -> Any:
    return lambda state: {"seen": [name]}


def thread(name: str = "1", **more: Any) -> dict[str, Any]:
    return {"configurable": {"thread_id": name}, **more}


def ask_graph(lg: Names, calls: list[str], **options: Any) -> Any:
    def ask(state: Log) -> dict[str, Any]:
        calls.append("ask")
        first = lg.interrupt("first?")
        second = lg.interrupt({"second": first})
        return {"seen": [first, second]}

    builder = lg.StateGraph(Log)
    builder.add_node("before", says("before"))
    builder.add_node("ask", ask)
    builder.add_node("after", says("after"))
    builder.add_edge(lg.START, "before")
    builder.add_edge("before", "ask")
    builder.add_edge("ask", "after")
    return builder.compile(checkpointer=lg.InMemorySaver(), **options)


def test_two_interrupts_of_a_node_are_answered_by_order() -> None:
    def program(lg: Names) -> Any:
        calls: list[str] = []
        graph = ask_graph(lg, calls)
        return [
            graph.invoke({"seen": []}, thread()),
            graph.invoke(lg.Command(resume="one"), thread()),
            graph.invoke(lg.Command(resume="two"), thread()),
            calls,
        ]

    assert agree(program)[2:] == [{"seen": ["before", "one", "two", "after"]}, ["ask"] * 3]


def test_streams_of_an_interrupted_run() -> None:
    def program(lg: Names) -> Any:
        graph = ask_graph(lg, [])
        given = ({"seen": []}, lg.Command(resume="one"), lg.Command(resume="two"))
        return [list(graph.stream(value, thread(), stream_mode=["updates", "values"])) for value in given]

    agree(program)


def test_interrupt_ids_are_stable_while_the_node_is_executed_again() -> None:
    def program(lg: Names) -> Any:
        graph = ask_graph(lg, [])
        first = graph.invoke({"seen": []}, thread())["__interrupt__"][0].id
        again = graph.invoke(None, thread())["__interrupt__"][0].id
        new_input = graph.invoke({"seen": []}, thread())["__interrupt__"][0].id
        return [first == again, first == new_input]

    assert agree(program) == [True, False]


def test_state_of_an_interrupted_thread() -> None:
    def program(lg: Names) -> Any:
        graph = ask_graph(lg, [])
        empty = graph.get_state(thread())
        graph.invoke({"seen": []}, thread())
        waiting = graph.get_state(thread())
        graph.invoke(lg.Command(resume="one"), thread())
        graph.invoke(lg.Command(resume="two"), thread())
        ended = graph.get_state(thread())
        return [
            [state.values, state.next, [task.name for task in state.tasks], list(state.interrupts)]
            for state in (empty, waiting, ended)
        ] + [waiting.metadata["step"], waiting.metadata["source"], ended.metadata["step"]]

    agree(program)


def parallel_graph(lg: Names, calls: list[str]) -> Any:
    def ask(name: str) -> Any:
        def node(state: Log) -> dict[str, Any]:
            calls.append(name)
            return {"seen": [f"{name}={lg.interrupt(f'{name}?')}"]}

        return node

    def sibling(state: Log) -> dict[str, Any]:
        calls.append("sibling")
        return {"seen": ["sibling"]}

    builder = lg.StateGraph(Log)
    for name, node in (("a", ask("a")), ("b", ask("b")), ("sibling", sibling)):
        builder.add_node(name, node)
        builder.add_edge(lg.START, name)
    return builder.compile(checkpointer=lg.InMemorySaver())


def test_parallel_interrupts_are_answered_by_id_or_refused() -> None:
    def program(lg: Names) -> Any:
        calls: list[str] = []
        graph = parallel_graph(lg, calls)
        waiting = graph.invoke({"seen": []}, thread())
        try:
            graph.invoke(lg.Command(resume="both?"), thread())
            refused = "no"
        except RuntimeError:
            refused = "RuntimeError"
        by_value = {question.value: question.id for question in waiting["__interrupt__"]}
        half = graph.invoke(lg.Command(resume={by_value["b?"]: "B"}), thread())
        whole = graph.invoke(lg.Command(resume={by_value["a?"]: "A"}), thread())
        return [
            sorted(by_value),
            refused,
            half["seen"],
            half["__interrupt__"],
            whole,
            calls.count("sibling"),
            len(calls),
        ]

    assert agree(program)[4] == {"seen": ["a=A", "b=B", "sibling"]}


def test_both_answers_at_once() -> None:
    def program(lg: Names) -> Any:
        graph = parallel_graph(lg, [])
        waiting = graph.invoke({"seen": []}, thread())
        answers = {question.id: question.value.upper() for question in waiting["__interrupt__"]}
        return [graph.invoke(lg.Command(resume=answers), thread()), graph.get_state(thread()).next]

    agree(program)


def test_resume_without_a_checkpointer_is_an_error() -> None:
    def program(lg: Names) -> Any:
        builder = lg.StateGraph(Log)
        builder.add_node("a", lambda state: {"seen": [lg.interrupt("?")]})
        builder.add_edge(lg.START, "a")
        graph = builder.compile()
        waiting = graph.invoke({"seen": []})
        try:
            graph.invoke(lg.Command(resume="x"))
        except RuntimeError:
            return [waiting, "RuntimeError"]
        return [waiting, "no error"]

    agree(program)


def test_resume_with_nothing_pending_gives_the_state() -> None:
    def program(lg: Names) -> Any:
        builder = lg.StateGraph(Log)
        builder.add_node("a", says("a"))
        builder.add_edge(lg.START, "a")
        graph = builder.compile(checkpointer=lg.InMemorySaver())
        graph.invoke({"seen": []}, thread())
        return graph.invoke(lg.Command(resume="x"), thread())

    agree(program)


def test_new_input_on_an_interrupted_thread_begins_anew() -> None:
    def program(lg: Names) -> Any:
        calls: list[str] = []
        graph = ask_graph(lg, calls)
        graph.invoke({"seen": ["x"]}, thread())
        graph.invoke(lg.Command(resume="one"), thread())
        second = graph.invoke({"seen": ["y"]}, thread())
        return [second, graph.invoke(lg.Command(resume="uno"), thread())]

    agree(program)


def test_broad_except_in_a_node_swallows_the_interrupt() -> None:
    def program(lg: Names) -> Any:
        def node(state: Log) -> dict[str, Any]:
            try:
                lg.interrupt("?")
            except Exception:  # noqa: BLE001 - the very mistake
                return {"seen": ["swallowed"]}
            return {"seen": ["answered"]}

        builder = lg.StateGraph(Log)
        builder.add_node("a", node)
        builder.add_edge(lg.START, "a")
        return builder.compile(checkpointer=lg.InMemorySaver()).invoke({"seen": []}, thread())

    agree(program)


def static_graph(lg: Names, **options: Any) -> Any:
    builder = lg.StateGraph(Log)
    builder.add_sequence([("a", says("a")), ("b", says("b")), ("c", says("c"))])
    builder.add_edge(lg.START, "a")
    return builder.compile(checkpointer=lg.InMemorySaver(), **options)


def test_static_interrupts_hold_before_and_after() -> None:
    for options in (
        {"interrupt_before": ["b"]},
        {"interrupt_after": ["b"]},
        {"interrupt_after": ["c"]},
        {"interrupt_before": ["a"]},
        {"interrupt_before": "*"},
        {"interrupt_after": "*"},
        {"interrupt_before": ["b"], "interrupt_after": ["a"]},
    ):

        def program(lg: Names, options: dict[str, Any] = options) -> Any:
            graph = static_graph(lg, **options)
            seen = [list(graph.stream({"seen": []}, thread(), stream_mode=["updates", "values"]))]
            seen.append(graph.get_state(thread()).next)
            for _ in range(4):
                seen.append(list(graph.stream(None, thread(), stream_mode=["updates", "values"])))
                seen.append(graph.get_state(thread()).next)
            return seen

        agree(program)


def test_static_interrupts_of_a_call() -> None:
    def program(lg: Names) -> Any:
        graph = static_graph(lg)
        first = graph.invoke({"seen": []}, thread(), interrupt_before=["c"])
        return [first, graph.invoke(None, thread())]

    agree(program)


def test_failed_step_repeats_only_what_failed() -> None:
    def program(lg: Names) -> Any:
        calls: list[str] = []
        worked = threading.Event()

        def fails_once(state: Log) -> dict[str, Any]:
            calls.append("b")
            assert worked.wait(10)
            if calls.count("b") == 1:
                raise ZeroDivisionError("first time")
            return {"seen": ["b"]}

        def works(state: Log) -> dict[str, Any]:
            calls.append("a")
            worked.set()
            return {"seen": ["a"]}

        builder = lg.StateGraph(Log)
        builder.add_node("a", works)
        builder.add_node("b", fails_once)
        builder.add_node("c", says("c"))
        builder.add_edge(lg.START, "a")
        builder.add_edge(lg.START, "b")
        builder.add_edge(["a", "b"], "c")
        graph = builder.compile(checkpointer=lg.InMemorySaver())
        try:
            graph.invoke({"seen": []}, thread())
        except ZeroDivisionError as error:
            first = str(error)
        state = graph.get_state(thread())
        stream = list(graph.stream(None, thread(), stream_mode=["updates", "values"]))
        return [first, state.values, state.next, stream, sorted(calls)]

    assert agree(program)[-1] == ["a", "b", "b"]


def test_thread_goes_on_from_its_last_values() -> None:
    def program(lg: Names) -> Any:
        graph = static_graph(lg)
        results = [graph.invoke({"seen": [str(n)]}, thread()) for n in range(3)]
        other = graph.invoke({"seen": []}, thread("other"))
        return [results, other, graph.get_state(thread()).metadata["step"]]

    agree(program)


def test_none_on_an_ended_thread_gives_its_values() -> None:
    def program(lg: Names) -> Any:
        graph = static_graph(lg)
        graph.invoke({"seen": []}, thread())
        return [graph.invoke(None, thread()), list(graph.stream(None, thread(), stream_mode="updates"))]

    agree(program)


def test_none_on_a_fresh_thread_is_an_error() -> None:
    agree(lambda lg: static_graph(lg).invoke(None, thread()))


def test_checkpointer_without_a_thread_is_an_error() -> None:
    agree(lambda lg: static_graph(lg).invoke({"seen": []}))


def test_join_remembers_over_inputs() -> None:
    def program(lg: Names) -> Any:
        builder = lg.StateGraph(Log)
        for name in ("a", "b", "c"):
            builder.add_node(name, says(name))
        builder.add_conditional_edges(lg.START, lambda state: state["seen"][-1])
        builder.add_edge(["a", "b"], "c")
        graph = builder.compile(checkpointer=lg.InMemorySaver())
        return [graph.invoke({"seen": [name]}, thread()) for name in ("a", "a", "b", "b")]

    agree(program)


def test_input_command_updates_and_goes() -> None:
    def program(lg: Names) -> Any:
        graph = static_graph(lg, interrupt_before=["b"])
        graph.invoke({"seen": []}, thread())
        return [
            graph.invoke(lg.Command(update={"seen": ["said"]}), thread()),
            graph.get_state(thread()).next,
            graph.invoke(lg.Command(goto="c"), thread()),
        ]

    agree(program)


def test_answer_with_an_update() -> None:
    def program(lg: Names) -> Any:
        graph = ask_graph(lg, [])
        graph.invoke({"seen": []}, thread())
        graph.invoke(lg.Command(resume="one", update={"seen": ["beside"]}), thread())
        return graph.invoke(lg.Command(resume="two"), thread())

    agree(program)
