"""Workflows as functions, for tests that kill the host in the middle of them; what really ran is in the ledger."""

import os
import threading
from pathlib import Path
from typing import Any, TypedDict

from fastgraph import START, StateGraph, entrypoint, get_config, interrupt, once, task


class State(TypedDict, total=False):
    receipt: str


def note(word: str) -> int:
    """Add a line to the ledger, in one write, and return how many times this run has the word now."""
    run_id = get_config()["configurable"]["run_id"]
    path = os.environ["FASTGRAPH_TEST_LEDGER"]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(descriptor, f"{run_id} {word} - {os.getpid()}\n".encode())
    finally:
        os.close(descriptor)
    with Path(path).open() as ledger:
        return sum(line.startswith(f"{run_id} {word} ") for line in ledger)


@task
def fetch(page: str) -> str:
    note(f"fetch-{page}")
    return page.upper()


@task
def ask(question: str) -> Any:
    note(f"ask-{question}")
    return interrupt(question)


def hang_once(word: str) -> None:
    """Hang in the first execution, so that the test can kill the host here."""
    if note(word) == 1:
        threading.Event().wait()


@entrypoint(name="digest")
def digest(pages: list[str]) -> list[str]:
    """Fetch, then hang the first time."""
    texts = [future.result() for future in [fetch(page) for page in pages]]
    hang_once("digest")
    return texts


def charge() -> str:
    note("charge")
    return "receipt"


def sell(state: State) -> State:
    receipt = once("charge", charge)
    hang_once("sell")
    return {"receipt": receipt}


sale_builder: Any = StateGraph(State).add_node(sell)
sale = sale_builder.add_edge(START, "sell").compile(name="sale")


@entrypoint(name="survey", collect_interrupts=True)
def survey(given: Any) -> list[Any]:
    note("survey")
    return [future.result() for future in [ask("name"), ask("age")]]


@entrypoint(name="apart", executor="process")
def apart(pages: list[str]) -> list[Any]:
    """Do the same in a process of its own, and call a graph there."""
    texts = [future.result() for future in [fetch(page) for page in pages]]
    return [*texts, once("charge", charge), sale.invoke({})["receipt"]]
