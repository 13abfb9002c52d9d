"""Each shipped workflow does its work on its own input, in process; its artifacts hold what its README says."""

import json

import pytest

from actors.host.loading import Workflows
from fastgraph import Command, CompiledGraph, InMemorySaver
from fastgraph.in_process.artifacts import MemoryArtifacts


def content(artifacts: MemoryArtifacts, artifact_id: str) -> bytes:
    return next(artifact.data for artifact in artifacts if artifact.artifact_id == artifact_id)


def with_memory(graph: CompiledGraph) -> CompiledGraph:
    """The same graph, able to wait for an answer in this process."""
    return CompiledGraph(graph.definition, checkpointer=InMemorySaver())


def test_the_default_is_text_report(workflows: Workflows) -> None:
    assert next(iter(workflows)) == "text-report"
    assert set(workflows) == {"text-report", "approve-order", "long-crawl", "train-model", "hello"}


@pytest.mark.parametrize(
    ("text", "sections", "words"),
    [("hello world", 1, 2), ("sonnets", 4, 458), ("declaration_of_independence", 4, 569)],
)
def test_text_report_measures_every_section(
    workflows: Workflows, text: str, sections: int, words: int
) -> None:
    artifacts = MemoryArtifacts()
    result = workflows["text-report"].invoke({"input": text}, artifacts=artifacts)
    statistics = json.loads(content(artifacts, result["artifacts"]["statistics"]))
    assert statistics["summary"]["words"] == words == sum(part["words"] for part in statistics["sections"])
    assert len(statistics["sections"]) == sections
    report = content(artifacts, result["artifacts"]["report"]).decode()
    assert report.startswith("# Text report")
    assert all(part["title"] in report for part in statistics["sections"])


def test_an_empty_payload_means_the_defaults_that_the_schema_names(workflows: Workflows) -> None:
    assert workflows["text-report"].invoke({})["source"] == "the shipped text gettysburg_address"
    asked = with_memory(workflows["approve-order"]).invoke({}, {"configurable": {"thread_id": "empty"}})
    assert asked["__interrupt__"][0].value["question"] == "Approve 2 x lamp for Ada?"


def test_text_report_refuses_an_empty_text_and_reads_no_path(workflows: Workflows) -> None:
    with pytest.raises(ValueError, match="holds no words"):
        workflows["text-report"].invoke({"input": " "})
    assert workflows["text-report"].invoke({"input": "/etc/passwd"})["summary"]["words"] == 2


def test_approve_order_waits_for_an_answer_and_ships(workflows: Workflows) -> None:
    graph = with_memory(workflows["approve-order"])
    config = {"configurable": {"thread_id": "order"}}
    artifacts = MemoryArtifacts()
    waiting = graph.invoke({"product": "desk", "quantity": 2, "customer": "Ada"}, config, artifacts=artifacts)
    assert waiting["__interrupt__"][0].value["total"] == "578.00 EUR"
    done = graph.invoke(Command(resume={"decision": "approve", "note": "fine"}), config, artifacts=artifacts)
    assert done["outcome"] == "shipped"
    receipt = json.loads(content(artifacts, done["receipt"]))
    assert (receipt["paid_cents"], receipt["note"]) == (57_800, "fine")


def test_approve_order_releases_what_was_rejected(workflows: Workflows) -> None:
    graph = with_memory(workflows["approve-order"])
    config = {"configurable": {"thread_id": "order"}}
    graph.invoke({"product": "lamp", "quantity": 1}, config)
    assert graph.invoke(Command(resume={"decision": "reject"}), config)["outcome"] == "rejected"


def test_approve_order_says_what_is_wrong_with_an_order(workflows: Workflows) -> None:
    with pytest.raises(ValueError, match="1 to 3 are in stock"):
        workflows["approve-order"].invoke({"product": "desk", "quantity": 4})


def test_long_crawl_makes_every_step_once(workflows: Workflows) -> None:
    artifacts = MemoryArtifacts()
    result = workflows["long-crawl"].invoke({"steps": 60, "pause_seconds": 0}, artifacts=artifacts)
    assert [entry["step"] for entry in result["index"]] == list(range(1, 61))
    assert json.loads(content(artifacts, result["artifact"]))["rabbit"] >= 1


def test_train_model_is_better_than_chance_and_draws_its_errors(workflows: Workflows) -> None:
    artifacts = MemoryArtifacts()
    result = workflows["train-model"].invoke({"dataset": "wine"}, artifacts=artifacts)
    assert result["metrics"]["accuracy"] > 0.9
    assert len(result["scores"]) == 3
    assert content(artifacts, result["artifacts"]["confusion_matrix"]).startswith(b"\x89PNG")
    assert result["best"] in content(artifacts, result["artifacts"]["model_card"]).decode()


def test_the_small_one_greets(workflows: Workflows) -> None:
    assert workflows["hello"].invoke({"name": "Ada"})["greeting"] == "Hello Ada!"
