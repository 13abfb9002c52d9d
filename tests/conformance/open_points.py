"""Programs on which FastGraph differs from LangGraph, each with the line of the table in `docs/langgraph.md` that says why.

They are strict expected failures: a program that agrees again fails the suite until it is taken out, and a reason that
the table does not give is refused by `test_differences.py`.
"""

OPEN_POINTS: dict[str, str] = {
    'a_reducer_that_raises_fails_the_step': 'A reducer that raises leaves a thread that can be read',
    'overwrite_as_json_left_it': '`Overwrite` given as JSON is shown as `Overwrite`',
    'overwrite_by_its_key': '`Overwrite` given as JSON is shown as `Overwrite`',
    'two_writes_of_a_plain_key_by_one_node_are_refused': "A task's update is streamed when the task has ended",
    'a_router_asks': 'A task has ended when its routers have answered, too',
    'an_async_node_in_a_sync_call': 'An async node may be called by `invoke`',
    'an_answer_after_which_the_node_fails': 'A task has ended when its routers have answered, too',
    'a_router_that_raises_fails_its_task': 'A task has ended when its routers have answered, too',
    'a_router_that_returns_none': 'A task has ended when its routers have answered, too',
    'a_router_without_a_type_sees_what_its_node_sees': 'A task has ended when its routers have answered, too',
    'pydantic_checks_no_output_but_the_next_nodes_input': "A state that a node's schema refuses fails that node",
    'pydantic_refuses_an_input_at_the_first_node': "A state that a node's schema refuses fails that node",
    'a_function_in_the_state_without_a_saver': "What can't be stored is refused at the step that wrote it, with a saver or without",
    'a_list_that_is_changed_in_place_and_not_returned': 'A change in place that is not returned changes nothing',
    'a_list_that_is_changed_in_place_and_returned': 'A change in place that is not returned changes nothing',
    'a_named_tuple_in_an_untyped_key': "What can't be stored is refused at the step that wrote it, with a saver or without",
    'objects_of_any_class_without_a_saver': "What can't be stored is refused at the step that wrote it, with a saver or without",
    'typed_values_keep_their_types_over_a_question': 'Values keep their types over a saver: a tuple stays one',
}
