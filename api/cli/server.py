"""The api process as a program: binds the address, runs the application, announces itself, ends in time.

`serve`, `dev` and `api` share `run_app`. The socket is bound before anything else, so that a taken port is
one sentence and not a server that started its hosts first. SIGTERM and Ctrl-C end it in order within
`END_SECONDS`; what hangs then is left to the hosts, which end by themselves when their keeper is gone.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import FrameType
from typing import NoReturn

import uvicorn
from fastapi import FastAPI
from sqlalchemy.exc import DBAPIError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.cli.failures import CannotStartError
from api.cli.http_limits import MAX_SOCKET_MESSAGE_BYTES, LimitedHttp
from api.cli.quiet_imports import quiet_imports
from fastgraph.errors import FastGraphError
from fastgraph.settings import Settings

__all__ = ["END_SECONDS", "Announced", "bind", "ensure_writable", "run_app", "store_sentence"]

END_SECONDS = 9.5  # from the first signal to the end, whatever hangs (DESIGN section 3: within 10 s)
GRACE_SECONDS = 2  # for requests that are being answered; feeds are cut, watchers come back with `after`
BACKLOG = 2048
# Longer than clients keep an idle connection (httpx: 5 s, as uvicorn's default), or a request may meet one that just closes.
KEEP_ALIVE_SECONDS = 75

Announced = Callable[[FastAPI], Awaitable[None]]


def run_app(settings: Settings, *, on_serving: Announced | None = None) -> None:
    """Serve until a signal; returns when all is ended in order. Raises CannotStartError with one sentence.

    `on_serving` is awaited on the server's loop as soon as it serves.
    """
    ensure_writable(settings.data_dir)
    listener = bind(settings.host, settings.port)
    bound = settings.model_copy(update={"port": listener.getsockname()[1]})
    with quiet_imports():
        from api.main import create_app

    app = create_app(bound)
    guarded = _Guarded(app)
    config = uvicorn.Config(
        guarded,
        host=bound.host,
        port=bound.port,
        http=LimitedHttp,
        ws="websockets-sansio",
        ws_max_size=MAX_SOCKET_MESSAGE_BYTES,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        ws_per_message_deflate=False,  # twice the CPU and three times the memory a socket (docs/performance.md)
        lifespan="on",
        log_config=None,
        access_log=False,  # the application writes its own, one structured line a request
        timeout_graceful_shutdown=GRACE_SECONDS,
        backlog=BACKLOG,
    )
    logging.getLogger("uvicorn.error").addFilter(guarded.lets_through)
    try:
        _Server(config, app, on_serving).run(sockets=[listener])
    except SystemExit as error:
        raise CannotStartError(f"The server could not start. {guarded.failure or 'See above.'}") from error
    finally:
        listener.close()


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens; who connects early waits in its backlog. Raises CannotStartError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    if os.name == "posix":  # elsewhere it would let two servers share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(
            BACKLOG
        )  # at once: until somebody listens, Linux lets a second server bind the same port
    except OSError as error:
        listener.close()
        raise CannotStartError(_why_not(host, port, error)) from error
    return listener


def ensure_writable(folder: Path) -> None:
    """Make the data folder where it is missing. Raises CannotStartError where it can't be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CannotStartError(
            f"The data folder {folder.resolve()} can't be written to: {error.strerror}. "
            "Change its rights, or name another one with --data-dir."
        ) from error


def _why_not(host: str, port: int, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"Port {port} on {host} is taken by another program. End that one, or choose another with --port."
        case errno.EACCES | errno.EPERM:
            return f"This user may not bind port {port} on {host}. Choose one above 1023 with --port."
        case errno.EADDRNOTAVAIL:
            return f"{host} is no address of this machine. Choose another with --host, such as 127.0.0.1 or 0.0.0.0."
        case _:
            return f"{host} port {port} can't be bound: {error.strerror or error}. Try others with --host and --port."


class _Server(uvicorn.Server):
    """uvicorn's server, with one line when it serves, an end in order on SIGTERM too, and a limit to that end."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, on_serving: Announced | None) -> None:
        super().__init__(config)
        self._app = app
        self._on_serving = on_serving

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            print(f"FastGraph serves on {_url(self.config)} (end it with Ctrl-C)", flush=True)
            if self._on_serving is not None:
                await self._on_serving(self._app)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's hook
        """Begin the end; the base class would raise the signal once more afterwards, and the exit code would be its."""
        if self.should_exit:
            _end_at_once()
        self.should_exit = True
        limit = threading.Timer(END_SECONDS, _give_up)
        limit.daemon = True
        limit.start()


class _Guarded:
    """Passes everything on to the application, and keeps why it could not start as one sentence."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.failure: str | None = None

    def lets_through(self, _record: logging.LogRecord) -> bool:
        """Say nothing more of a failure that is one sentence already: `run_app` says it."""
        return self.failure is None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        held: list[Message] = []

        async def hold_failure(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed":
                held.append(message)
            else:
                await send(message)

        try:
            await self._app(scope, receive, hold_failure)
        except Exception as error:
            self.failure = _sentence(error)
            if held:  # a traceback is for faults that we do not know
                await send({**held[0], "message": "" if self.failure else held[0].get("message", "")})
            raise


def _sentence(error: Exception) -> str | None:
    """What a person can act on; None for what is a fault of the program."""
    if isinstance(error, DBAPIError):
        return store_sentence(error)
    return str(error) if isinstance(error, FastGraphError | OSError) else None


def store_sentence(error: DBAPIError) -> str:
    """Say in one line why the store does not answer, and what to look at."""
    reason = str(error.orig).strip().splitlines()[0]
    return f"The store does not answer: {reason}. Check FASTGRAPH_DATABASE_URL, and that its server runs."


def _url(config: uvicorn.Config) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(config.host, config.host)  # noqa: S104 - what to open, not to bind
    return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{config.port}"


def _end_at_once() -> NoReturn:
    """End without waiting for anything: somebody asked a second time."""
    os.write(2, b"Told a second time to end: the server ends at once; its hosts end by themselves.\n")
    os._exit(1)


def _give_up() -> None:
    print(
        "The server did not end in time and is given up; its hosts end by themselves.",
        file=sys.stderr,
        flush=True,
    )
    os._exit(1)
