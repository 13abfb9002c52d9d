"""Flows that are not run through a server, each with the reason why that would make no sense there."""

from conformance.program import Flow, Program

__all__ = ["NOT_KILLED", "NOT_SERVED", "ONLY_THE_END", "is_killed", "is_run_by_a_server"]

COMMANDS = (
    "There is no request for a Command as input: answer, change the state and go on are requests of their own"
)
AT_THE_DOOR = "The input does not fit its JSON schema and is refused before there is a run"
ANSWERS_AT_THE_DOOR = "The answer does not fit its JSON schema and is refused; nothing is coerced"
COUNTED = "It counts executions, and a server executes only the nodes whose answers came"
NO_RUN = "There is no run that could be answered"
AMBIGUOUS = "The answer is refused before it reaches the run"

NOT_SERVED: dict[str, str] = {
    "a_command_as_input_of_a_thread": COMMANDS,
    "a_command_as_the_first_input": COMMANDS,
    "a_command_goes_elsewhere_while_a_question_is_open": COMMANDS,
    "a_command_with_an_update_and_two_targets": COMMANDS,
    "an_answer_with_a_target": COMMANDS,
    "an_answer_with_an_update": COMMANDS,
    "an_update_without_an_answer": COMMANDS,
    "binop_folds_what_a_command_tells": COMMANDS,
    "a_limit_of_zero_is_refused": AT_THE_DOOR,
    "a_model_that_forbids_extras": AT_THE_DOOR,
    "none_is_a_value_of_a_plain_key": AT_THE_DOOR,
    "topic_that_accumulates": AT_THE_DOOR,
    "pydantic_refuses_an_input_at_the_first_node": AT_THE_DOOR,
    "pydantic_state_coerces_what_enters_a_node": AT_THE_DOOR,
    "a_json_schema_is_shown_and_not_enforced": ANSWERS_AT_THE_DOOR,
    "an_answer_becomes_a_dataclass": ANSWERS_AT_THE_DOOR,
    "an_answer_becomes_a_model": ANSWERS_AT_THE_DOOR,
    "a_partial_answer_by_id": COUNTED,
    "an_answer_after_which_the_node_fails": "A run's answers end with it: what goes on after its failure is asked again",
    "an_answer_on_a_fresh_thread": NO_RUN,
    "an_old_question_is_answered_anew": "A fork asks anew and takes the new answer; the old one stays with the old branch",
    "one_answer_for_two_questions_is_refused": AMBIGUOUS,
}

ONLY_THE_END: dict[str, str] = {
    "a_change_as_the_input": "A server folds an input in with its checkpoint, and not one step later",
}
"""Flows of which only the last outcome is compared."""

UNTRACKED = "An untracked value is kept nowhere: a kill takes it"
NOT_KILLED: dict[str, str] = {
    "none_on_a_fresh_thread_is_refused": "Its run is refused before it starts, so it has no middle",
    "untracked_value_is_seen_by_nodes_and_not_kept": UNTRACKED,
    "untracked_value_without_a_guard": UNTRACKED,
    "untracked_value_written_twice_is_refused_by_its_guard": UNTRACKED,
}
"""Flows that are run through a server but without a kill, beside those that count in the memory of their process."""


def is_run_by_a_server(program: Program) -> bool:
    """Say whether a program is a flow that a server can run."""
    return isinstance(program, Flow) and program.is_served and program.name not in NOT_SERVED


def is_killed(flow: Flow) -> bool:
    """Say whether a flow may lose its host in between: not where it needs the memory of the process."""
    return not flow.remembers and flow.name not in NOT_KILLED
