"""`fastgraph keys …`: make, list and revoke API keys, through a server or, where none is let in yet, in its store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.options import DEFAULT_URL, AsJson, DatabaseUrl, DataDir, Url

if TYPE_CHECKING:
    from api.cli.client import Client

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Say who may ask the server, and for what.")

InStore = Annotated[
    bool,
    typer.Option(
        "--in-store",
        help="Without a server: write to the store of this machine's settings. For the first key.",
    ),
]


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called in the audit.")],
    *,
    role: Annotated[
        str, typer.Option("--role", metavar="ROLE", help="read, run (and read), or operate (and both).")
    ] = "operate",
    rate_limit: Annotated[
        str | None, typer.Option("--rate-limit", metavar="RATE", help="Such as 100/minute.")
    ] = None,
    in_store: InStore = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it. It is shown this once: the store has a hash."""
    from api.cli.client import Client
    from api.cli.output import print_json, say

    body = {"name": name, "role": role, "rate_limit": rate_limit}
    if in_store:
        from api.cli.serve import settings_of
        from api.cli.stored_keys import create_key

        made = create_key(settings_of(None, data_dir=data_dir, database_url=database_url), body)
    else:
        with Client(url) as client:
            made = client.post(
                "/api/keys", {name: value for name, value in body.items() if value is not None}
            )
    if as_json:
        print_json(made)
        return
    say(f"The key {made['name']!r} may {made['role']}. Keep it: it is not shown again.")
    print(made["key"])


@app.command("list")
def list_keys(
    in_store: InStore = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """List the keys in the store, without the keys themselves; those of FASTGRAPH_API_KEYS are not among them."""
    from api.cli.client import Client
    from api.cli.output import age, print_json, print_table

    if in_store:
        from api.cli.serve import settings_of
        from api.cli.stored_keys import stored_keys

        found = stored_keys(settings_of(None, data_dir=data_dir, database_url=database_url))
    else:
        with Client(url) as client:
            found = client.get("/api/keys")
    if as_json:
        print_json(found)
        return
    rows = [
        (
            key["key_id"],
            key["name"],
            key["role"],
            key["rate_limit"] or "",
            key["created_by"],
            age(key["created_at"]),
        )
        for key in found
    ]
    print_table(("key", "name", "role", "rate", "made by", "created"), rows, empty="There is no key.")


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(metavar="KEY_ID|NAME", help="As `fastgraph keys list` shows it.")],
    in_store: InStore = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    url: Url = DEFAULT_URL,
) -> None:
    """Revoke a key for ever. Who uses it is refused within a second or two, and their feeds end."""
    from api.cli.client import Client
    from api.cli.output import say

    if in_store:
        from api.cli.serve import settings_of
        from api.cli.stored_keys import revoke_key, stored_keys

        settings = settings_of(None, data_dir=data_dir, database_url=database_url)
        revoke_key(settings, _id_of(key, stored_keys(settings)))
    else:
        with Client(url) as client:
            _revoke_at(client, key)
    say(f"The key {key} is revoked.")


def _revoke_at(client: Client, key: str) -> None:
    client.delete(f"/api/keys/{_id_of(key, client.get('/api/keys'))}")


def _id_of(text: str, found: list[dict[str, Any]]) -> str:
    """Return the id of a key that was named by its id or its name. Raises UsageError."""
    from api.cli.failures import UsageError

    for key in found:
        if text in {key["key_id"], key["name"]}:
            return str(key["key_id"])
    raise UsageError(f"There is no key {text!r}. `fastgraph keys list` shows those that exist.")
