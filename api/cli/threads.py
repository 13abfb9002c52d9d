"""`fastgraph threads …`: what a thread holds, how it came to that, and changing it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from api.cli.options import DEFAULT_URL, AsJson, Limit, Url

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Look at threads, their history, and change their state.")

ThreadIdArgument = Annotated[str, typer.Argument(metavar="THREAD_ID")]


@app.command()
def state(
    thread_id: ThreadIdArgument,
    checkpoint: Annotated[
        str | None, typer.Option("--checkpoint", metavar="ID", help="At this checkpoint.")
    ] = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Show a thread's values, what comes next and what it asks."""
    from api.cli.client import Client
    from api.cli.output import print_fields, print_json

    with Client(url) as client:
        found = client.get(f"/api/threads/{thread_id}/state", checkpoint_id=checkpoint)
    if as_json:
        print_json(found)
        return
    print_fields(
        [
            ("checkpoint", found["checkpoint_id"]),
            ("step", found["step"]),
            ("next", ", ".join(found["next"]) or None),
            *((f"asks.{asked['id']}", asked["value"]) for asked in found["interrupts"]),
            *((f"values.{key}", value) for key, value in found["values"].items()),
        ]
    )


@app.command()
def history(
    thread_id: ThreadIdArgument, limit: Limit = 20, url: Url = DEFAULT_URL, as_json: AsJson = False
) -> None:
    """List a thread's checkpoints, the newest first."""
    from api.cli.client import Client
    from api.cli.output import age, print_json, print_table

    with Client(url) as client:
        page = client.get_page(f"/api/threads/{thread_id}/history", {"limit": limit})
    if as_json:
        print_json(page.items)
        return
    rows = [
        (
            entry["checkpoint_id"],
            entry["step"],
            entry["source"],
            ", ".join(entry["next"]) or "end",
            age(entry["created_at"]),
            entry["run_id"],
        )
        for entry in page.items
    ]
    print_table(("checkpoint", "step", "made by", "next", "created", "run"), rows, empty="It has none yet.")


@app.command()
def update(  # noqa: PLR0917 - typer calls it by name
    thread_id: ThreadIdArgument,
    values: Annotated[
        str, typer.Option("--values", metavar="JSON|@FILE|-", help="What the node is to have returned.")
    ] = "null",
    node: Annotated[
        str | None, typer.Option("--as", metavar="NODE", help="The node; default the last one.")
    ] = None,
    checkpoint: Annotated[
        str | None, typer.Option("--checkpoint", metavar="ID", help="Change the state at this checkpoint.")
    ] = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Change a thread's state as if a node had returned something; prints the new checkpoint."""
    from api.cli.client import Client
    from api.cli.inputs import read_value
    from api.cli.output import print_json

    body: dict[str, Any] = {"values": read_value(values, option="--values"), "as_node": node}
    if checkpoint is not None:
        body["checkpoint_id"] = checkpoint
    with Client(url) as client:
        made = client.post(f"/api/threads/{thread_id}/state", body)
    print_json(made) if as_json else print(made["checkpoint_id"])
