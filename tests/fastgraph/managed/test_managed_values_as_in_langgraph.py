"""Managed values are what they are in LangGraph: each program runs on both."""

from typing import Any, TypedDict

from support.oracle import Names, agree


def typed(**keys: Any) -> Any:
    return TypedDict("State", keys, total=False)  # type: ignore[misc]


def test_managed_values_count_the_steps_that_are_left() -> None:
    def program(lg: Names) -> Any:
        seen: list[Any] = []
        schema = typed(left=lg.managed.RemainingSteps, last=lg.managed.IsLastStep, y=int)
        builder = lg.StateGraph(schema)

        def loop(state: Any) -> Any:
            seen.append((state["left"], state["last"]))
            return {"y": 1, "left": 99}

        builder.add_node("loop", loop)
        builder.add_edge(lg.START, "loop")
        builder.add_conditional_edges("loop", lambda state: lg.END if state["last"] else "loop")
        graph = builder.compile()
        return [graph.invoke({"y": 0}, {"recursion_limit": limit}) for limit in (1, 2, 5)] + [seen]

    agree(program)


def test_managed_values_may_stand_in_a_nodes_own_schema_and_not_in_the_input() -> None:
    def program(lg: Names, place: str) -> Any:
        managed = typed(y=int, left=lg.managed.RemainingSteps)
        options = {} if place == "node" else {f"{place}_schema": managed}
        builder = lg.StateGraph(typed(y=int), **options)
        builder.add_node("n", lambda state: {"y": state["left"]}, input_schema=managed)
        builder.add_edge(lg.START, "n")
        return builder.compile().invoke({"y": 1})

    for place in ("node", "input", "output"):
        agree(lambda lg, place=place: program(lg, place))


def test_managed_values_are_known_by_their_classes() -> None:
    def program(lg: Names) -> Any:
        managers = (lg.managed.IsLastStepManager, lg.managed.RemainingStepsManager)
        return [lg.is_managed_value(item) for item in (*managers, int, None)]

    assert agree(program) == [True, True, False, False]
