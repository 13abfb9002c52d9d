"""Programs on which FastGraph differs from LangGraph, each with the line of the table in `docs/langgraph.md` that says why.

They are strict expected failures: a program that agrees again fails the suite until it is taken out, and a reason that
the table does not give is refused by `test_differences.py`.
"""

ENDED = "A task has ended when its routers have answered, too"
MENDED = "A reducer that raises, or a schema that refuses a state, fails a node and not the thread"
STREAMED = "A task's update is streamed when the task has ended"
SPELLED = "`Overwrite` given as JSON is shown as `Overwrite`"
STORED = (
    "What is stored comes back as what it was, and what can't be stored is refused at the step that wrote it"
)
IN_PLACE = "A change in place that is not returned changes nothing"
CHANGED = "A change of a nested graph's past is gone on with"
LOOPED = "An async node may be called by `invoke`"

OPEN_POINTS: dict[str, str] = {
    "a_router_that_raises_fails_its_task": ENDED,
    "a_router_that_returns_none": ENDED,
    "a_router_without_a_type_sees_what_its_node_sees": ENDED,
    "a_router_asks": ENDED,
    "an_answer_after_which_the_node_fails": ENDED,
    "a_reducer_that_raises_fails_the_step": MENDED,
    "pydantic_checks_no_output_but_the_next_nodes_input": MENDED,
    "pydantic_refuses_an_input_at_the_first_node": MENDED,
    "two_writes_of_a_plain_key_by_one_node_are_refused": STREAMED,
    "overwrite_as_json_left_it": SPELLED,
    "overwrite_by_its_key": SPELLED,
    "a_function_in_the_state_without_a_saver": STORED,
    "a_named_tuple_in_an_untyped_key": STORED,
    "objects_of_any_class_without_a_saver": STORED,
    "a_list_that_is_changed_in_place_and_not_returned": IN_PLACE,
    "a_list_that_is_changed_in_place_and_returned": IN_PLACE,
    "typed_values_keep_their_types_over_a_question": STORED,
    "a_subgraphs_past_is_changed_and_gone_on_with": CHANGED,
    "an_async_node_in_a_sync_call": LOOPED,
}
