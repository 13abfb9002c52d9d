"""`fastgraph runs …`: look at runs, watch them, answer them, end them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from api.cli.options import DEFAULT_URL, AsJson, Limit, RequestKey, RunIdArgument, Url

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Look at runs, watch them, answer them, end them.")


@app.command("list")
def list_runs(
    *,
    status: Annotated[
        list[str] | None, typer.Option("--status", help="Only these; may be given several times.")
    ] = None,
    workflow: Annotated[str | None, typer.Option("--workflow", help="Only of this workflow.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Only of this name.")] = None,
    tag: Annotated[str | None, typer.Option("--tag", help="Only with this tag.")] = None,
    parent: Annotated[
        str | None, typer.Option("--parent", help="Only runs that this run has started.")
    ] = None,
    limit: Limit = 20,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """List runs, the newest first."""
    from api.cli.client import Client
    from api.cli.output import age, print_json, print_table, say

    asked = {
        "status": status,
        "workflow": workflow,
        "name": name,
        "tag": tag,
        "parent": parent,
        "limit": limit,
    }
    with Client(url) as client:
        page = client.get_page("/api/runs/", asked)
    if as_json:
        print_json(page.items)
        return
    rows = [
        (
            run["run_id"],
            run["status"],
            run["workflow"],
            run["name"],
            age(run["created_at"]),
            run.get("waiting_for"),
        )
        for run in page.items
    ]
    print_table(
        ("run", "status", "workflow", "name", "created", "waiting for"), rows, empty="There is no such run."
    )
    if page.total is not None and page.total > len(rows):
        say(f"{len(rows)} of {page.total}; --limit shows more.")


@app.command()
def show(run_id: RunIdArgument, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Show one run: status, payload, result or error, and what it waits for."""
    from api.cli.client import Client
    from api.cli.output import print_fields, print_json

    with Client(url) as client:
        run = client.get(f"/api/runs/{run_id}")
        interrupts = (
            client.get(f"/api/runs/{run_id}/state")["interrupts"] if run["status"] == "interrupted" else []
        )
    if as_json:
        print_json(run)
        return
    error = run.get("error") or {}
    names = (
        "name",
        "workflow",
        "status",
        "waiting_for",
        "tags",
        "thread_id",
        "created_at",
        "started_at",
        "finished_at",
        "parent_run_id",
        "children",
        "priority",
        "kept",
    )
    fields: list[tuple[str, Any]] = [("run_id", run["run_id"]), *((name, run.get(name)) for name in names)]
    fields += [("payload", run.get("payload")), ("result", run.get("result"))]
    fields += [
        (f"error.{name}", error.get(name)) for name in ("type", "message", "node", "attempt", "traceback")
    ]
    fields += [(f"interrupt {entry['id']}", entry.get("value")) for entry in interrupts]
    print_fields(fields)


@app.command()
def events(
    run_id: RunIdArgument,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run ends.")] = False,
    after: Annotated[int, typer.Option("--after", min=0, help="Only events after this number.")] = 0,
    limit: Limit = 1000,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Print a run's events, one a line; with --follow watch it and end with the code of how it ended."""
    from api.cli.client import Client
    from api.cli.lines import event_line
    from api.cli.output import print_json
    from api.cli.watch import watch_run

    with Client(url) as client:
        if follow:
            raise typer.Exit(watch_run(client, run_id, after=after, as_json=as_json))
        stored = client.get(f"/api/runs/{run_id}/events", after=after, limit=limit)
    if as_json:
        print_json(stored)
        return
    for event in stored:
        print(event_line(event))


@app.command()
def resume(
    run_id: RunIdArgument,
    *,
    answer: Annotated[
        str,
        typer.Option("--answer", "-a", metavar="JSON|@FILE|-", help="The answer; a text needs its quotes."),
    ],
    interrupt: Annotated[
        str | None, typer.Option("--interrupt", metavar="ID", help="Which question, where there are several.")
    ] = None,
    key: RequestKey = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Answer a run that waits for a person."""
    from api.cli.inputs import read_value

    value = read_value(answer, option="--answer")
    body = {"resume": value} if interrupt is None else {"answers": {interrupt: value}}
    _order(f"/api/runs/{run_id}/resume", body, url, key=key, as_json=as_json)


@app.command()
def signal(
    run_id: RunIdArgument,
    name: Annotated[str, typer.Argument(help="The signal's name.")],
    *,
    body: Annotated[
        str,
        typer.Option("--body", "-b", metavar="JSON|@FILE|-", help="What it says; a text needs its quotes."),
    ] = "null",
    dedup_id: Annotated[
        str | None, typer.Option("--dedup-id", help="The same id is one signal, however often it is sent.")
    ] = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Send a signal to a run, whether it waits for it already or not."""
    from urllib.parse import quote, urlencode

    from api.cli.inputs import read_value

    query = "" if dedup_id is None else f"?{urlencode({'dedup_id': dedup_id})}"
    path = f"/api/runs/{run_id}/signals/{quote(name, safe='')}{query}"
    _order(path, read_value(body, option="--body"), url, as_json=as_json)


@app.command()
def keep(run_id: RunIdArgument, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Keep a run: retention leaves it alone, and it can't be deleted."""
    _order(f"/api/runs/{run_id}/keep", {}, url, as_json=as_json)


@app.command()
def unkeep(run_id: RunIdArgument, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Leave a run to retention again."""
    _order(f"/api/runs/{run_id}/unkeep", {}, url, as_json=as_json)


@app.command()
def delete(run_id: RunIdArgument, url: Url = DEFAULT_URL) -> None:
    """Delete an ended run with its events, checkpoints and artifacts."""
    from api.cli.client import Client
    from api.cli.output import say

    with Client(url) as client:
        client.delete(f"/api/runs/{run_id}")
    say(f"Run {run_id} is deleted.")


def _order(path: str, body: Any, url: str, *, key: str | None = None, as_json: bool) -> None:
    """Send a command to a run and say how it stands."""
    from api.cli.client import Client
    from api.cli.output import print_json

    with Client(url) as client:
        run = client.post(path, body, idempotency_key=key)
    print_json(run) if as_json else print(f"{run['run_id']} {run['status']}")
