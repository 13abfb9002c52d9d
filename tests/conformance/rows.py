"""The rows of section 1 of the semantics reference, and which programs try each.

A program names its rows where it is written (`@flow("1.4 send", …)`); here stands what a row is about, so that a row
without programs is seen. `python -m conformance.rows` (from `tests/`) prints the table.
"""

from conformance.program import list_programs

__all__ = ["ROWS", "programs_by_row"]

ROWS = {
    "1.1 schema": "state as TypedDict, dataclass, pydantic model or one bare value",
    "1.1 reducer": "the last callable of the annotation that takes two",
    "1.1 reducer start": "the empty value of the type, or the first write",
    "1.1 input output": "input and output schemas select keys",
    "1.1 private state": "keys that a node's parameter brings along",
    "1.1 node input": "keys that have a value; defaults of classes",
    "1.1 pydantic": "validation at a node's entry, plain dicts out",
    "1.1 node return": "dict, None, Command, lists of them, objects; anything else is refused",
    "1.1 context": "context_schema and `context=`",
    "1.1 injected": "parameters by name or annotation",
    "1.1 runtime": "what Runtime tells",
    "1.1 managed": "IsLastStep and RemainingSteps",
    "1.2 last value": "one write in a step",
    "1.2 binop": "folding, Overwrite",
    "1.2 delta": "a reducer of all writes of a step",
    "1.2 topic": "a list of the step's values, or of all",
    "1.2 ephemeral": "a value for the next step only",
    "1.2 any value": "the last write wins",
    "1.2 untracked": "a value that is never stored",
    "1.2 barrier": "a value when all names were seen",
    "1.2 after finish": "values that wait for the end of all else",
    "1.3 plan": "which tasks a step has",
    "1.3 task id": "the same checkpoint, the same tasks",
    "1.3 together": "tasks of a step don't see each other; routers see their own task's writes",
    "1.3 pending writes": "a finished task's writes are kept at once",
    "1.3 order": "writes by task path, not by completion",
    "1.3 checkpoint": "a checkpoint a step, source loop",
    "1.3 failure": "nothing of the step is applied, finished siblings are kept",
    "1.3 new input": "an input discards what was pending",
    "1.3 cumulative": "a thread's state goes on",
    "1.3 step numbers": "-1, 0, 1 and onwards",
    "1.3 recursion limit": "steps of one call",
    "1.3 step timeout": "a limit for a whole step",
    "1.3 max concurrency": "how many tasks at once",
    "1.4 edges": "edges that are no joins",
    "1.4 join": "edges from several",
    "1.4 defer": "nodes that wait for all else",
    "1.4 conditional": "what a router may return",
    "1.4 send": "tasks with an input of their own",
    "1.4 command": "update and goto of a node",
    "1.4 parent": "commands to the graph above",
    "1.4 input command": "a Command as input",
    "1.5 retry": "policies, attempts, what is retried",
    "1.5 timeout": "limits of an attempt",
    "1.5 handler": "error_handler",
    "1.5 defaults": "set_node_defaults",
    "1.5 cache": "CachePolicy",
    "1.5 drain": "RunControl",
    "1.5 cancelled": "a node that raises CancelledError",
    "1.6 interrupt": "interrupt() and the node that runs again",
    "1.6 resume": "one answer, answers by id, partial answers",
    "1.6 ids": "which interrupt is which",
    "1.6 strict": "resume with nothing pending, ambiguous resume",
    "1.6 no saver": "interrupts without a checkpointer",
    "1.6 surfacing": "where interrupts are seen",
    "1.6 breakpoints": "interrupt_before and interrupt_after",
    "1.6 response schema": "answers that are checked",
    "1.7 as node": "a graph as a node",
    "1.7 called": "a graph called in a node",
    "1.7 saver modes": "checkpointer None, True, False of a subgraph",
    "1.7 state": "get_state(subgraphs=True), update_state of a subgraph",
    "1.7 inherited": "what a subgraph inherits",
    "1.8 entrypoint": "functions as workflows",
    "1.8 task": "tasks and their saved results",
    "1.8 previous": "previous and final",
    "1.8 in a graph": "tasks called in the nodes of a graph",
    "1.9 values": "stream mode values",
    "1.9 updates": "stream mode updates",
    "1.9 custom": "stream mode custom",
    "1.9 messages": "stream mode messages, for what is no chat model",
    "1.9 tasks": "stream mode tasks",
    "1.9 checkpoints": "stream mode checkpoints",
    "1.9 debug": "stream mode debug",
    "1.9 several": "several modes, subgraphs, version v2",
    "1.10 durability": "sync, async, exit",
    "1.10 get state": "get_state and StateSnapshot",
    "1.10 history": "get_state_history",
    "1.10 update state": "update_state and whom it is as",
    "1.10 bulk": "bulk_update_state",
    "1.10 time travel": "old checkpoints",
    "1.10 migration": "another graph on an old thread",
    "1.10 store": "the store",
    "1.11 edges": "faults of edges at build and compile",
    "1.11 nodes": "faults of nodes at build and compile",
    "1.11 compile": "other faults, and what is none",
    "1.12 drawing": "get_graph and JSON Schemas",
    "1.12 messages": "add_messages and MessagesState",
}


def programs_by_row() -> dict[str, list[str]]:
    """Return the names of the programs that try each row."""
    found: dict[str, list[str]] = {row: [] for row in ROWS}
    for program in list_programs():
        for row in program.rows:
            found[row].append(program.name)
    return found


if __name__ == "__main__":
    for row, names in programs_by_row().items():
        print(f"{row:22} {len(names):3}  {', '.join(names)}")
    print(len(list_programs()), "programs")
