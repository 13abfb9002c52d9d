"""Names of nested lineages."""

import doctest

from fastgraph.graph import namespaces
from fastgraph.graph.namespaces import call_namespace, lasting_namespace, parent_namespace, task_place


def test_examples_of_the_docstrings_hold() -> None:
    assert doctest.testmod(namespaces).failed == 0


def test_a_nested_task_names_all_tasks_around_it() -> None:
    outer = task_place("", "outer", "1")
    inner = task_place(call_namespace(outer, 0), "inner", "2")
    third = task_place(call_namespace(outer, 2), "inner", "3")
    assert (outer, inner, third) == ("outer:1", "outer:1|inner:2", "outer:1|2|inner:3")
    assert [lasting_namespace(place) for place in (outer, inner, third)] == [
        "outer",
        "outer|inner",
        "outer|inner",
    ]


def test_the_parent_of_a_further_call_is_that_of_the_first() -> None:
    assert parent_namespace("outer:1|inner:2") == parent_namespace("outer:1|inner:2|4") == "outer:1"
