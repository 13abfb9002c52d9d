"""`fastgraph artifacts …`: files out of runs, and files into them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.cli.options import DEFAULT_URL, AsJson, Limit, Url

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Get files out of runs, and put files in for them.")


@app.command("list")
def list_artifacts(
    run: Annotated[str | None, typer.Option("--run", metavar="RUN_ID", help="Only of this run.")] = None,
    limit: Limit = 20,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """List artifacts, the newest first."""
    from api.cli.client import Client
    from api.cli.output import age, bytes_text, print_json, print_table

    with Client(url) as client:
        page = client.get_page(f"/api/runs/{run}/artifacts" if run else "/api/artifacts", {"limit": limit})
    if as_json:
        print_json(page.items)
        return
    rows = [
        (
            row["artifact_id"],
            row["name"],
            row["media_type"],
            bytes_text(row["size"]),
            row["run_id"],
            age(row["created_at"]),
        )
        for row in page.items
    ]
    print_table(("artifact", "name", "type", "size", "run", "created"), rows, empty="There is no artifact.")


@app.command()
def get(
    artifact_id: Annotated[str, typer.Argument(metavar="ARTIFACT_ID")],
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FILE|-", help="Where to; - is standard output. [default: its name]"
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that exists.")] = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Download an artifact; a file appears whole or not at all."""
    from api.cli.client import Client
    from api.cli.output import bytes_text, say
    from api.cli.transfer import name_of, save, to_stdout

    with Client(url) as client, client.download(f"/api/artifacts/{artifact_id}") as answer:
        if output == "-":
            to_stdout(answer)
            return
        target = Path(output or name_of(answer) or artifact_id)
        size = save(answer, target, may_replace=force)
    say(f"{target} ({bytes_text(size)})")


@app.command()
def put(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="What to upload; - reads standard input.")],
    name: Annotated[str | None, typer.Option("--name", help="Its name. [default: the file's]")] = None,
    media_type: Annotated[str | None, typer.Option("--media-type", help="[default: by its name]")] = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Upload a file and print its artifact id, which a payload may name."""
    import mimetypes

    from api.cli.client import Client
    from api.cli.output import print_json
    from api.cli.transfer import read_pieces

    called = name or ("upload" if file == "-" else Path(file).name)
    kind = media_type or mimetypes.guess_type(called)[0] or "application/octet-stream"
    with Client(url) as client:
        stored = client.upload("/api/artifacts", read_pieces(file), media_type=kind, name=called)
    print_json(stored) if as_json else print(stored["artifact_id"])
