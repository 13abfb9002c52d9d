"""Entrypoints: compiled graphs made of functions."""

from typing import Any

import pytest
from pydantic import BaseModel

from fastgraph import InMemorySaver, entrypoint
from fastgraph.errors import GeneratorEntrypointError, GraphDefinitionError


def thread(name: str = "1") -> dict[str, Any]:
    return {"configurable": {"thread_id": name}}


class Order(BaseModel):
    number: int


def test_the_schema_of_the_input_is_that_of_the_parameter() -> None:
    @entrypoint()
    def workflow(order: Order) -> int:
        return order.number

    assert workflow.input_json_schema()["properties"] == {"number": {"title": "Number", "type": "integer"}}
    assert workflow.get_output_jsonschema() == {"type": "integer"}
    assert workflow.invoke(Order(number=3)) == 3


def test_the_state_can_be_changed_as_if_the_function_had_returned() -> None:
    @entrypoint(checkpointer=InMemorySaver())
    def total(given: int, *, previous: int | None = None) -> int:
        return (previous or 0) + given

    total.invoke(1, thread())
    total.update_state(thread(), 10)
    assert total.get_state(thread()).values == 10
    assert total.invoke(1, thread()) == 11


def test_a_name_a_description_and_a_hash_are_there_for_a_host() -> None:
    @entrypoint()
    def workflow(given: int) -> int:
        """Give it back.

        And more.
        """
        return given

    assert (workflow.name, workflow.description) == ("workflow", "Give it back.")
    assert workflow.graph_hash == entrypoint()(workflow.nodes["workflow"].function).graph_hash
    assert "workflow" in workflow.get_graph().draw_mermaid()
    assert entrypoint(name="other")(lambda given: given).name == "other"


def test_previous_is_kept_by_thread() -> None:
    @entrypoint(checkpointer=InMemorySaver())
    def total(given: int, *, previous: int | None = None) -> Any:
        return entrypoint.final(value=previous, save=(previous or 0) + given)

    assert [total.invoke(number, thread()) for number in (1, 2, 3)] == [None, 1, 3]
    assert total.invoke(9, thread("other")) is None
    assert total.get_state(thread()).values == 3


def test_what_can_be_no_entrypoint_is_refused() -> None:
    def generator(given: int) -> Any:
        yield given

    with pytest.raises(GeneratorEntrypointError, match="'generator'"):
        entrypoint()(generator)
    with pytest.raises(GraphDefinitionError, match="at least one parameter"):
        entrypoint()(lambda: None)
    with pytest.raises(ValueError, match="timeout"):
        entrypoint(timeout=1.0)(lambda given: given)
