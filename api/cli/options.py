"""The options that several commands share, so that they are called and explained the same everywhere.

Imports nothing but typer: `fastgraph --help` reads this file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "DEFAULT_URL",
    "AsJson",
    "DataDir",
    "DatabaseUrl",
    "Host",
    "Hosts",
    "Limit",
    "Paused",
    "Port",
    "Reason",
    "RequestKey",
    "RunIdArgument",
    "Targets",
    "Url",
]

DEFAULT_URL = "http://127.0.0.1:8000"

Url = Annotated[str, typer.Option("--url", envvar="FASTGRAPH_URL", help="The running server.", metavar="URL")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, as the server gave it.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at most, the newest first.")]
RunIdArgument = Annotated[
    str, typer.Argument(metavar="RUN_ID", help="The run, as `fastgraph runs list` names it.")
]

Targets = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[TARGET]...",
        help="Workflows: module, module:attribute, path/flows.py or path/flows.py:attribute. None: the examples.",
    ),
]
Host = Annotated[
    str | None, typer.Option("--host", help="Address to bind. [default: 127.0.0.1]", show_default=False)
]
Port = Annotated[
    int | None,
    typer.Option(
        "--port", min=0, max=65535, help="Port to bind, 0 for a free one. [default: 8000]", show_default=False
    ),
]
DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Folder of database and artifacts. [default: data]", show_default=False),
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database-url", help="The store. [default: SQLite in the data folder]", show_default=False
    ),
]
Hosts = Annotated[
    int | None,
    typer.Option(
        "--hosts", min=0, max=64, help="Host processes to start and watch. [default: 1]", show_default=False
    ),
]
Paused = Annotated[
    bool, typer.Option("--paused", help="Accept runs and start none until `fastgraph unpause`.")
]
Reason = Annotated[str | None, typer.Option("--reason", help="Why; it is kept in the audit log.")]
RequestKey = Annotated[
    str | None,
    typer.Option("--idempotency-key", help="The same key and command are carried out once.", metavar="KEY"),
]
