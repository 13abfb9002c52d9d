"""What `fastgraph actors` draws of a tree."""

from typing import Any

from rich.console import Console

from api.cli.actors_display import COLUMNS, actor_rows, picture


def actor(key: str, *children: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """An actor as the API gives it."""
    plain = {"id": key, "key": key, "kind": "Actor", "state": "idle", "mailbox_depth": 0, "restarts": 0}
    return {**plain, "child_count": len(children), **facts, "children": list(children)}


TREE = actor(
    "system",
    actor(
        "supervisor",
        actor(
            "run-1",
            kind="RunActor",
            state="busy",
            current_message="TaskEnded",
            current_seconds=2.5,
            p95_ms=1.024,
        ),
        kind="RunSupervisor",
        child_count=150,
    ),
    actor("timekeeper", kind="Timekeeper", state="waiting", restarts=2, last_error="[bold]failed[/bold]\nno"),
    kind="System",
)


def test_each_actor_is_a_line_below_its_supervisor_and_a_cut_page_says_so() -> None:
    rows = actor_rows(TREE)
    assert [row[0] for row in rows] == [
        *("system", "  RunSupervisor supervisor", "    RunActor run-1", "    … 149 more", "  timekeeper")
    ]
    assert {len(row) for row in rows} == {len(COLUMNS)}
    by_name = dict(zip(COLUMNS, rows[2], strict=True))
    assert (by_name["handling"], by_name["p95"]) == ("TaskEnded 2.5 s", "1.02 ms")


def test_the_picture_shows_what_was_said_as_text_and_a_notice_below() -> None:
    console = Console(width=200, record=True, file=None, force_terminal=False)
    with console.capture() as captured:
        console.print(picture(TREE, notice="no server answers"))
    shown = captured.get()
    assert "[bold]failed[/bold]" in shown
    assert "no server answers" in shown
    assert "waiting" in shown
