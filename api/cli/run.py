"""`fastgraph run WORKFLOW`: start a run on a running server, and watch it where asked."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from api.cli.options import DEFAULT_URL, AsJson, Url

__all__ = ["run"]


def run(
    workflow: Annotated[
        str, typer.Argument(metavar="WORKFLOW", help="Its name, as `fastgraph workflows list` shows it.")
    ],
    *,
    value: Annotated[
        str,
        typer.Option(
            "--input", "-i", metavar="JSON|@FILE|-", help="The payload; - reads standard input, null goes on."
        ),
    ] = "{}",
    name: Annotated[
        str | None, typer.Option("--name", help="A name for people. [default: the workflow's]")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="A tag; may be given several times.")] = None,
    thread: Annotated[
        str | None, typer.Option("--thread", metavar="ID", help="Continue this thread.")
    ] = None,
    checkpoint: Annotated[
        str | None,
        typer.Option("--checkpoint", metavar="ID", help="Begin at this checkpoint of the thread."),
    ] = None,
    priority: Annotated[
        int, typer.Option("--priority", min=-10, max=10, help="Runs of a higher one start first.")
    ] = 0,
    key: Annotated[
        str | None, typer.Option("--idempotency-key", help="The same key never makes a second run.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Watch it until it ends.")] = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Start a run and print its id; with --follow watch it, and end with the code of how it ended."""
    from api.cli.client import Client
    from api.cli.inputs import read_value
    from api.cli.output import print_json, say
    from api.cli.watch import watch_run
    from fastgraph.ids import new_id

    body: dict[str, Any] = {
        "name": name or workflow,
        "workflow": workflow,
        "payload": read_value(value, option="--input"),
        "tags": tag or [],
    }
    if priority:
        body["priority"] = priority
    if thread is not None:
        body["thread_id"] = thread
    if checkpoint is not None:
        body["checkpoint_id"] = checkpoint
    with Client(url) as client:
        run_id = client.create_run(body, idempotency_key=key or new_id())
        if not follow:
            print_json({"run_id": run_id}) if as_json else print(run_id)
            return
        say(f"Run {run_id} is accepted.")
        code = watch_run(client, run_id, as_json=as_json)
    raise typer.Exit(code)
