"""The pure parts: SSE, typed values, lines, the fold of events and its picture."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from api.cli.exit_codes import MEANINGS, ExitCode, exit_code_of, table_text
from api.cli.failures import UsageError
from api.cli.inputs import read_value
from api.cli.lines import brief, event_line, printable
from api.cli.live_display import picture
from api.cli.progress import RunView
from api.cli.sse import Message, read_messages
from fastgraph.status import ENDED
from support.small_server import AT, RUN, events_of


def event(kind: str, seq: int = 1, node: str | None = None, data: Any = None) -> dict[str, Any]:
    return {"event": kind, "run_id": RUN, "seq": seq, "at": AT, "node": node, "data": data}


def view_of(*events: dict[str, Any]) -> RunView:
    view = RunView(RUN)
    for one in events:
        view.apply(one)
    return view


def picture_of(view: RunView) -> str:
    console = Console(file=io.StringIO(), width=120, record=True)
    console.print(picture(view, seconds=3.0))
    return console.export_text()


def test_messages_are_read_with_comments_many_data_lines_and_an_id_that_stays() -> None:
    lines = [
        ": hello",
        "",
        "id: 7",
        "event: log",
        "data: a",
        "data:b",
        "",
        "data: c",
        "",
        "retry: 5",
        "",
        "data: cut off",
    ]
    assert list(read_messages(lines)) == [
        Message(event="log", data="a\nb", id="7"),
        Message(event="message", data="c", id="7"),
    ]


@given(st.lists(st.text(st.characters(exclude_characters="\r\n"), min_size=1), min_size=1))
def test_whatever_is_sent_as_messages_is_read_back(texts: list[str]) -> None:
    lines = [line for text in texts for line in (f"data: {text}", "")]
    assert [message.data for message in read_messages(lines)] == texts


def test_a_value_comes_from_the_argument_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "payload.json"
    file.write_text('{"input": "hé"}')
    assert read_value('{"a": [1, 2]}', option="--input") == {"a": [1, 2]}
    assert read_value(f"@{file}", option="--input") == {"input": "hé"}


@pytest.mark.parametrize("text", ["hello", "{'a': 1}", "", "NaN", '{"a": Infinity}'])
def test_what_is_no_json_is_refused_with_how_to_quote_it(text: str) -> None:
    with pytest.raises(UsageError, match=r"--answer is no JSON.*needs its quotes"):
        read_value(text, option="--answer")


def test_a_file_that_is_missing_is_named() -> None:
    with pytest.raises(UsageError, match=r"nowhere\.json, which can't be read: No such file"):
        read_value("@nowhere.json", option="--input")


@given(st.text(), st.integers(1, 50))
def test_printable_text_is_one_line_without_control_characters(text: str, letters: int) -> None:
    shown = printable(text, letters)
    assert len(shown) <= letters
    assert shown.isprintable()


@given(
    st.sampled_from(["log", "node_update", "failed", "custom", "progress", "token", "what is new"]), st.data()
)
def test_any_event_is_one_line(kind: str, data: st.DataObject) -> None:
    value = st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner), max_leaves=5
    )
    line = event_line(event(kind, node="parse", data=data.draw(value)))
    assert "\n" not in line
    assert "\x1b" not in line


def test_lines_say_what_matters_of_an_event() -> None:
    error = {"error": {"type": "ValueError", "message": "no text", "node": "parse"}}
    assert "ValueError: no text" in event_line(event("failed", data=error))
    assert "sections=[99 items]" in event_line(
        event("node_update", node="parse", data={"update": {"sections": [1] * 99}})
    )
    assert "warning: slow" in event_line(event("log", node="a", data={"level": "warning", "message": "slow"}))
    assert "3/10 pages" in event_line(
        event("progress", node="a", data={"done": 3, "total": 10, "label": "pages"})
    )


def test_a_brief_value_is_short_whatever_it_is() -> None:
    assert brief({"a": 1}) == '{"a": 1}'
    assert brief(list(range(1000))) == "[1000 items]"
    assert brief({str(number): number for number in range(1000)}) == "{1000 keys}"
    assert len(brief("x" * 1000)) == 60


def test_every_exit_code_has_a_meaning_and_every_end_a_code() -> None:
    assert set(MEANINGS) == set(ExitCode)
    assert {status: exit_code_of(status).value for status in sorted(ENDED)} == {
        "cancelled": 3,
        "completed": 0,
        "failed": 1,
        "quarantined": 1,
    }
    assert table_text().count("\n") == len(ExitCode) - 1


def test_a_view_counts_the_tasks_of_a_node() -> None:
    kinds = ("queued", "started", "node_started:analyse", "node_started:analyse", "node_update:analyse")
    view = view_of(*events_of(*kinds))
    assert (view.status, view.last_seq) == ("running", 5)
    node = view.nodes["analyse"]
    assert (node.state, node.running, node.done) == ("running", 1, 1)


def test_a_run_that_is_taken_up_again_has_no_task_left_from_before() -> None:
    view = view_of(
        *events_of("started", "node_started:a", "recovered", "node_started:a", "node_update:a", "completed")
    )
    assert (view.nodes["a"].state, view.recoveries, view.status) == ("done", 1, "completed")


def test_a_retry_a_failure_and_a_question_are_kept() -> None:
    view = view_of(
        event("node_started", 1, "a"),
        event("node_retry", 2, "a"),
        event("node_started", 3, "a"),
        event("node_failed", 4, "a"),
        event("interrupted", 5, "b", {"value": {"question": "Ship it?"}}),
    )
    assert (view.nodes["a"].state, view.nodes["a"].retries, view.status) == ("failed", 1, "interrupted")
    assert "Ship it?" in picture_of(view)
    view.apply(event("resumed", 6))
    assert view.question is None


def test_the_picture_shows_nodes_progress_logs_and_artifacts_as_text() -> None:
    view = view_of(
        event("started", 1),
        event("node_started", 2, "parse"),
        event("progress", 3, "parse", {"done": 3, "total": 10, "label": "pages"}),
        event("log", 4, "parse", {"level": "info", "message": "[bold]not markup[/bold]"}),
        event("artifact", 5, "parse", {"artifact_id": "an-id", "name": "report.md", "size": 12_345}),
    )
    shown = picture_of(view)
    for text in (
        "running",
        "parse",
        "3/10",
        "pages",
        "[bold]not markup[/bold]",
        "report.md",
        "12.3 kB",
        "an-id",
    ):
        assert text in shown


def test_an_event_of_a_kind_that_is_not_known_yet_does_no_harm() -> None:
    view = view_of(event("signal", 9, None, ["anything"]))
    assert view.last_seq == 9
    assert json.dumps(view.artifacts) == "[]"
