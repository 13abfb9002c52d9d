"""Workflows for the crash matrix: each has several moments of one kind, and an effect a node.

An effect is a line in the ledger (`FASTGRAPH_TEST_LEDGER`: what really ran) and a file by its idempotency key in the sink
(`FASTGRAPH_TEST_SINK`: what a sink that knows the key keeps). Both are outside of the store.
"""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict

from fastgraph import (
    END,
    START,
    RetryPolicy,
    StateGraph,
    get_config,
    get_store,
    idempotency_key,
    interrupt,
    once,
    run_workflow,
    save_artifact,
    sleep,
    wait_for_signal,
)

NAP_SECONDS = 0.05
BIG = 3_000  # bytes; the matrix spills above 1 KB


class State(TypedDict, total=False):
    number: int
    gate: str
    one: Any
    two: Any
    three: Any
    four: Any
    five: Any


def note(word: str) -> None:
    """Have an effect."""
    run_id = get_config()["configurable"]["run_id"]
    key = idempotency_key()
    ledger = os.open(os.environ["FASTGRAPH_TEST_LEDGER"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(ledger, f"{run_id} {word} {key} {os.getpid()}\n".encode())
    finally:
        os.close(ledger)
    (Path(os.environ["FASTGRAPH_TEST_SINK"]) / f"{run_id} {word} {key}").touch()


def chain(name: str, make: Callable[[str], Callable[[State], Any]], words: tuple[str, ...]) -> Any:
    """A straight graph of as many nodes as there are words; `make` answers the node of a word."""
    builder: Any = StateGraph(State)
    last = START
    for word in words:
        builder.add_node(word, make(word))
        builder.add_edge(last, word)
        last = word
    builder.add_edge(last, END)
    return builder.compile(name=name)


def _step(word: str) -> Callable[[State], Any]:
    def step(state: State) -> dict[str, Any]:
        note(word)
        return {word: word.upper()}

    return step


def _save(word: str) -> Callable[[State], Any]:
    def save(state: State) -> dict[str, Any]:
        run_id = get_config()["configurable"][
            "run_id"
        ]  # no content is ever the same: what is there is not written again
        artifact_id = save_artifact(f"{word}.txt", f"{word} of {run_id}")
        note(word)
        return {word: [artifact_id, run_id + word[0] * BIG]}

    return save


def _nap(word: str) -> Callable[[State], Any]:
    def nap(state: State) -> dict[str, Any]:
        sleep(NAP_SECONDS)
        note(word)
        return {word: word.upper()}

    return nap


def _listen(word: str) -> Callable[[State], Any]:
    def listen(state: State) -> dict[str, Any]:
        heard = wait_for_signal("go")
        note(word)
        return {word: heard}

    return listen


def _ask(word: str) -> Callable[[State], Any]:
    def ask(state: State) -> dict[str, Any]:
        answer = interrupt({"question": word})
        note(word)
        return {word: answer}

    return ask


def _child(word: str) -> Callable[[State], Any]:
    def have_child(state: State) -> dict[str, Any]:
        result = run_workflow("single", {"number": 1})
        note(word)
        return {word: result["one"]}

    return have_child


def _record(word: str) -> Callable[[State], Any]:
    def record(state: State) -> dict[str, Any]:
        kept = once("charge", word.upper)
        note(word)
        return {word: kept}

    return record


def _keep(word: str) -> Callable[[State], Any]:
    def keep(state: State) -> dict[str, Any]:
        store = get_store()
        assert store is not None
        place = (get_config()["configurable"]["run_id"],)
        store.put(place, word, {"word": word.upper()})
        note(word)
        found = store.get(place, word)
        return {word: found.value["word"] if found else None}

    return keep


def _hold(word: str) -> Callable[[State], Any]:
    def hold(state: State) -> dict[str, Any]:
        """Wait until the test opens the gate; a host that dies meanwhile leaves a task that had no effect yet."""
        gate = Path(state["gate"])
        (gate / get_config()["configurable"]["run_id"]).touch()
        while not (gate / "open").exists():
            threading.Event().wait(0.02)
        note(word)
        return {word: word.upper()}

    return hold


single = chain("single", _step, ("one",))
walk = chain("walk", _step, ("one", "two", "three", "four", "five"))
files = chain("files", _save, ("one", "two", "three"))
naps = chain("naps", _nap, ("one", "two", "three"))
signals = chain("signals", _listen, ("one", "two", "three"))
asks = chain("asks", _ask, ("one", "two", "three"))
family = chain("family", _child, ("one", "two", "three"))
records = chain("records", _record, ("one", "two", "three"))
items = chain("items", _keep, ("one", "two", "three"))
holds = chain("holds", _hold, ("one",))

nest_builder: Any = StateGraph(State)
nest_builder.add_node("inner", chain("inner", _step, ("one", "two", "three")))
nest_builder.add_edge(START, "inner")
nest_builder.add_edge("inner", END)
nest = nest_builder.compile(name="nest")

FAILURES = 3


def flaky(state: State) -> dict[str, Any]:
    """Fail three times, by the tries that the sink has seen; then have the effect."""
    run_id = get_config()["configurable"]["run_id"]
    tries = Path(os.environ["FASTGRAPH_TEST_SINK"]).parent / "tries"
    tries.mkdir(exist_ok=True)
    number = sum(path.name.startswith(run_id) for path in tries.iterdir()) + 1
    (tries / f"{run_id} {number}").touch()
    if number <= FAILURES:
        raise ConnectionError(f"try {number} fails")
    note("one")
    return {"one": "ONE"}


retry_builder: Any = StateGraph(State)
retry_builder.add_node(
    "one",
    flaky,
    retry_policy=RetryPolicy(initial_interval=0.02, backoff_factor=1.0, jitter=False, max_attempts=9),
)
retry_builder.add_edge(START, "one")
retries = retry_builder.compile(name="retries")
