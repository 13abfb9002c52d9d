"""`fastgraph workflows …`: what can be run here, and what it takes."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.options import DEFAULT_URL, AsJson, Url

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="See what can be run, and move runs to changed workflows.")


@app.command("list")
def list_workflows(url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List the workflows that hosts have published."""
    from api.cli.client import Client
    from api.cli.output import print_json, print_table

    with Client(url) as client:
        found = client.get("/api/workflows")
    if as_json:
        print_json(found)
        return
    rows = [
        (entry["name"], "default" if entry.get("is_default") else "", _first_line(entry.get("description")))
        for entry in found
    ]
    print_table(
        ("workflow", "", "description"),
        rows,
        empty="No workflow is published yet: start a host with `fastgraph host`.",
    )


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="WORKFLOW")],
    mermaid: Annotated[
        bool, typer.Option("--mermaid", help="Print its graph as a Mermaid diagram only.")
    ] = False,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Show one workflow: its description, what its payload takes, its graph."""
    from urllib.parse import quote

    from api.cli.client import Client
    from api.cli.output import print_fields, print_json

    with Client(url) as client:
        found = client.get(f"/api/workflows/{quote(name, safe='')}")
    if as_json:
        print_json(found)
        return
    if mermaid:
        print(found["mermaid"])
        return
    schema = found.get("input_schema") or {}
    required = set(schema.get("required") or ())
    fields = [
        (
            f"payload.{key}",
            f"{_kind(rule)}{', required' if key in required else ''}  {rule.get('description', '')}".rstrip(),
        )
        for key, rule in (schema.get("properties") or {}).items()
    ]
    edges = "\n".join(f"{edge['source']} → {edge['target']}" for edge in found["graph"]["edges"])
    print_fields(
        [("workflow", found["name"]), ("description", found.get("description")), *fields, ("graph", edges)]
    )


@app.command()
def check(
    name: Annotated[
        str | None, typer.Argument(metavar="[WORKFLOW]", help="Only this workflow; default all.")
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option("--target", help="Check against this TARGET's graphs, before they are deployed."),
    ] = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Say which runs that have begun would break with a changed workflow, and why; exit code 1 where some would."""
    from api.cli.client import Client
    from api.cli.output import print_json
    from api.cli.versions import check_versions, describe_check

    with Client(url) as client:
        found = check_versions(client, name, target or ())
    if as_json:
        print_json(found)
    else:
        for entry in found:
            print(describe_check(entry))
    if any(entry["breaking"] for entry in found):
        raise typer.Exit(1)


@app.command()
def migrate(
    name: Annotated[str, typer.Argument(metavar="WORKFLOW")],
    *,
    run: Annotated[
        list[str] | None, typer.Option("--run", metavar="RUN_ID", help="Only these; default all.")
    ] = None,
    node: Annotated[
        list[str] | None,
        typer.Option("--node", metavar="OLD=NEW", help="A node's new name; OLD= drops what was due there."),
    ] = None,
    key: Annotated[
        list[str] | None, typer.Option("--key", metavar="OLD=NEW", help="A key's new name; OLD= drops it.")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="HASH", help="Default the newest version.")
    ] = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Let runs go on with a changed workflow; exit code 1 where some could not."""
    from urllib.parse import quote

    from api.cli.client import Client
    from api.cli.output import print_json
    from api.cli.versions import read_places

    body = {"graph_hash": to, "run_ids": run, "nodes": read_places(node), "keys": read_places(key)}
    with Client(url) as client:
        answer = client.post(f"/api/workflows/{quote(name, safe='')}/migrate", body)
    if as_json:
        print_json(answer)
    else:
        for run_id in answer["migrated"]:
            print(f"{run_id}  goes on with {answer['graph_hash']}")
        for refusal in answer["refused"]:
            print(f"{refusal['run_id']}  stays: {refusal['reason']}")
        if not answer["migrated"] and not answer["refused"]:
            print("No run stands on another version.")
    if answer["refused"]:
        raise typer.Exit(1)


@app.command("clear-cache")
def clear_cache(
    name: Annotated[str, typer.Argument(metavar="WORKFLOW")],
    node: Annotated[
        str | None, typer.Option("--node", metavar="NODE", help="Only what this node, or task, has there.")
    ] = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Forget what nodes with a cache policy have returned, so that they are executed again."""
    from urllib.parse import quote

    from api.cli.client import Client
    from api.cli.output import print_json, say

    with Client(url) as client:
        answer = client.delete(f"/api/workflows/{quote(name, safe='')}/cache", node=node)
    if as_json:
        print_json(answer)
    else:
        say(f"{answer['cleared']} kept results are forgotten.")


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]


def _kind(rule: dict[str, object]) -> str:
    """The type that a JSON Schema asks for, in one word where it says one."""
    if isinstance(options := rule.get("anyOf"), list):
        return " or ".join(_kind(option) for option in options)
    if isinstance(choices := rule.get("enum"), list):
        return " or ".join(map(repr, choices))
    return str(rule.get("type") or rule.get("title") or "any")
