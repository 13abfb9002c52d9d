"""Two workflows: one that ends its host process, and a slow one that does nothing to anybody."""

import os
import threading
from typing import Any, TypedDict

from fastgraph import END, START, StateGraph, get_config


class State(TypedDict, total=False):
    seconds: float
    done: bool


def end_process(state: State) -> None:
    """Say so in the ledger, outside of the store, and end the process as a crash would."""
    run_id = get_config()["configurable"]["run_id"]
    descriptor = os.open(os.environ["FASTGRAPH_TEST_LEDGER"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.write(descriptor, f"{run_id} end {os.getpid()}\n".encode())
    threading.Event().wait(0.5)  # the others have begun by now
    os._exit(9)


def work(state: State) -> dict[str, Any]:
    threading.Event().wait(state["seconds"])
    return {"done": True}


poison_builder = StateGraph(State)
poison_builder.add_node(end_process)
poison_builder.add_edge(START, "end_process")
poison_builder.add_edge("end_process", END)
poison = poison_builder.compile(name="poison")

slow_builder = StateGraph(State)
slow_builder.add_node(work)
slow_builder.add_edge(START, "work")
slow_builder.add_edge("work", END)
slow = slow_builder.compile(name="slow")
