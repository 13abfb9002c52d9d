"""`--api-key` for every command that talks to a server: added to whichever has `--url`, so that none is forgotten.

A key on a command line is seen by whoever lists this machine's processes; `FASTGRAPH_API_KEY` is not.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextvars import ContextVar
from typing import Annotated, Any

import typer

__all__ = ["ApiKey", "add_api_key", "current_api_key"]

ApiKey = Annotated[
    str | None,
    typer.Option(
        "--api-key",
        envvar="FASTGRAPH_API_KEY",
        metavar="KEY",
        help="The key, where the server asks for one. The variable is not seen by other users.",
        show_default=False,
    ),
]

_key: ContextVar[str | None] = ContextVar("api_key", default=None)


def current_api_key() -> str | None:
    """Return the key that the running command was given."""
    return _key.get()


def add_api_key(app: typer.Typer) -> None:
    """Give `--api-key` to every command of `app` and of its groups that takes `--url`."""
    for command in app.registered_commands:
        if command.callback is not None and "url" in inspect.signature(command.callback).parameters:
            command.callback = _with_api_key(command.callback)
    held = app.registered_callback  # of a group that is a command itself
    if (
        held is not None
        and held.callback is not None
        and "url" in inspect.signature(held.callback).parameters
    ):
        held.callback = _with_api_key(held.callback)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            add_api_key(group.typer_instance)


def _with_api_key(command: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(command, eval_str=True)
    if "api_key" in signature.parameters:
        return command
    added = inspect.Parameter("api_key", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=ApiKey)

    @functools.wraps(command)
    def keyed(*arguments: Any, api_key: str | None = None, **options: Any) -> Any:
        token = _key.set(api_key or None)
        try:
            return command(*arguments, **options)
        finally:
            _key.reset(token)

    keyed.__signature__ = signature.replace(parameters=[*signature.parameters.values(), added])  # type: ignore[attr-defined]
    keyed.__annotations__ = {
        name: parameter.annotation
        for name, parameter in keyed.__signature__.parameters.items()  # type: ignore[attr-defined]
    }
    return keyed
