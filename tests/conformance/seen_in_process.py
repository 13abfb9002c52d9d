"""What a flow's calls lead to in process, in the words that the HTTP API has for it.

After each call: how it ended (completed, interrupted or failed), the error as its class and text, the thread's values as
JSON, the questions that are open, and the nodes that come next.
"""

import asyncio
import json
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from conformance.calls import Call
from conformance.library import FASTGRAPH
from conformance.observing import compile_flow, find_config, give, merge_configs, silent_loggers
from conformance.program import Flow
from fastgraph.state.plain import encode
from fastgraph.state.presentation import present

__all__ = ["Outcome", "outcomes_in_process", "sorted_as_text"]

Invoke = Callable[[Any, Any, dict[str, Any]], Any]
CONFIG = {"configurable": {"thread_id": "thread"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a caller sees after one call; `error` is its class's name."""

    status: str
    error: str | None
    values: dict[str, Any]
    next: list[str]
    questions: list[Any]


def outcomes_in_process(flow: Flow) -> list[Outcome]:
    """Perform a flow's calls on FastGraph as a library, and look after each."""
    with warnings.catch_warnings(), silent_loggers(), asyncio.Runner() as runner:
        warnings.simplefilter("ignore")
        graph = compile_flow(replace(flow, needs_checkpointer=True), FASTGRAPH)  # a server keeps every thread

        def invoke(given: Any, config: Any, options: dict[str, Any]) -> Any:
            if flow.is_async:
                return runner.run(graph.ainvoke(given, config, **options))
            return graph.invoke(given, config, **options)

        return [_perform(graph, call, invoke) for call in flow.calls]


def sorted_as_text(values: Iterable[Any]) -> list[Any]:
    """Parallel questions come in any order; return them in one of ours."""
    return sorted(values, key=lambda value: json.dumps(value, sort_keys=True))


def _perform(graph: Any, call: Call, invoke: Invoke) -> Outcome:
    error = None
    options = dict(call.options)
    config = merge_configs(find_config(graph, CONFIG, call), options.pop("config", {}))
    try:
        if call.kind == "update":
            graph.update_state(config, **call.value)
        else:
            invoke(give(FASTGRAPH, graph, CONFIG, call), config, options)
    except Exception as raised:  # noqa: BLE001 - the error is the observation
        error = type(raised).__name__
    kept = next(iter(graph.get_state_history(CONFIG)), None)
    if kept is None:
        return Outcome(
            status="failed" if error else "completed", error=error, values={}, next=[], questions=[]
        )
    try:
        shown = graph.get_state(CONFIG)
        open_nodes, asked = sorted(shown.next), shown.interrupts
    except Exception:  # noqa: BLE001 - all tasks have ended, and their own reducers refuse what they wrote
        open_nodes, asked = [], ()
    # An update executes nothing: it has done its work whatever comes next.
    is_done = call.kind == "update" or not open_nodes
    return Outcome(
        status="failed" if error else "completed" if is_done else "interrupted",
        error=error,
        values=_as_json(kept.values),
        next=open_nodes,
        questions=sorted_as_text(
            json.loads(present(encode(question.value, where="a question"))) for question in asked
        ),
    )


def _as_json(values: Any) -> dict[str, Any]:
    """Return the values of the last whole step: a server's API runs no reducer, so what finished since is not folded in."""
    named = values if isinstance(values, dict) else {"__root__": values}
    return {key: json.loads(present(encode(value, where=key))) for key, value in named.items()}
