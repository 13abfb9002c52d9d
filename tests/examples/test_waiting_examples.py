"""The examples that wait do so in process and in a host."""

from typing import Any

import pytest

from actors.host.boot import ROOT
from actors.host.loading import Workflows, load_workflows
from fastgraph import Command, CompiledGraph, InMemorySaver
from fastgraph.database.records import SendSignal
from fastgraph.database.runs import RunFilters, list_runs
from support.boots import House
from support.stores import NOW

pytestmark = pytest.mark.anyio


def load(name: str) -> Workflows:
    return load_workflows([str(ROOT / "examples" / f"{name}.py")])


def test_await_payment_goes_on_with_the_payment_in_process() -> None:
    graph = load("await_payment")["await-payment"]
    graph = CompiledGraph(graph.definition, checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "1"}}
    waiting = graph.invoke({"customer": "Ada"}, config)
    assert waiting["__interrupt__"][0].value == {"signal": "paid"}
    assert graph.invoke(Command(resume={"cents": 4900}), config)["outcome"] == "shipped, paid 49.00"


async def test_await_payment_reminds_and_takes_the_signal_on_a_host(house: House) -> None:
    await house.boot(*load("await_payment").values())
    run_id = await house.accept("await-payment", {"days": 0.05 / 86400})
    await house.tells(run_id, "waiting", 2)
    await house.writer.write(SendSignal(run_id=run_id, name="paid", body=b'{"cents":100}', now=NOW))
    house.hint()
    run = await house.ended(run_id)
    assert run.status == "completed", run.error
    values = await house.values(run_id)
    assert (values["reminders"], values["outcome"]) == (1, "shipped, paid 1.00")


async def test_survey_sums_up_what_its_children_found(house: House) -> None:
    await house.boot(*load("survey").values())
    run_id = await house.accept("survey", {"towns": ["Ulm", "Jena"]})
    run = await house.ended(run_id)
    assert run.status == "completed", run.error
    assert (await house.values(run_id))["total"] == 7
    async with house.store.readers.connect() as connection:
        page = await list_runs(connection, filters=RunFilters(parent=run_id))
    assert sorted(child.name for child in page.runs) == ["measure Jena", "measure Ulm"]


def test_survey_simply_invokes_its_children_in_process() -> None:
    assert load("survey")["survey"].invoke({"towns": ["Ulm"]})["total"] == 3
