"""The application: middleware, routes, problems. `uvicorn api.main:app` serves it and keeps the hosts of its settings.

It knows workflows only from the store and never imports user code. Nothing is opened before the lifespan begins, and
`app` is made when it is first asked for, so importing this module costs nothing and reads no setting.
"""

from __future__ import annotations

import functools
import os
from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.routing import Route

from api.dashboard import dashboard_routes
from api.docs_pages import docs_routes
from api.feeds.websocket import websocket_routes
from api.lifespan import lifespan_of
from api.metrics import answer_metrics
from api.middleware.access_log import AccessLog
from api.middleware.body_limit import BodyLimit
from api.middleware.callers import CallerCheck
from api.middleware.cors import cors, parse_origins
from api.middleware.header_limit import HeaderLimit
from api.middleware.keys import KeyCheck
from api.middleware.rate_limit import RateLimit
from api.middleware.trailing_slash import TrailingSlash
from api.openapi import document_of
from api.operation_ids import operation_id
from api.problems import HANDLED, answer_error
from api.routes import (
    artifacts,
    control,
    events,
    interrupts,
    keeping,
    keys,
    monitoring,
    operators,
    pauses,
    runs,
    signals,
    state,
    store,
    threads,
    versions,
    workflows,
)
from fastgraph import fault_points
from fastgraph.clock import SystemClock
from fastgraph.settings import Settings
from fastgraph.version import __version__

__all__ = ["create_app"]


def create_app(settings: Settings | None = None) -> FastAPI:
    """Make the application; without settings they are read from the environment and `.env` (raises SettingsError).

    While it serves it keeps `settings.hosts` host processes; 0 where they are started elsewhere.
    """
    fault_points.switch_on(os.environ)
    settings = settings or Settings.read()
    app = FastAPI(
        title="FastGraph Server",
        version=__version__,
        summary="Runs stateful, stepwise workflows in the background, keeps every step, and streams what happens.",
        lifespan=lifespan_of(settings),
        middleware=_middleware(settings),
        # One handler for all: the table in problems.py knows the rest.
        exception_handlers=dict.fromkeys(HANDLED, answer_error),
        generate_unique_id_function=operation_id,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # Its spans and metrics cost each request several microseconds; an operator's own middleware can add them.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    _add_routes(app)
    app.openapi = functools.partial(document_of, app)  # type: ignore[method-assign]
    return app


def _middleware(settings: Settings) -> list[Middleware]:
    clock = SystemClock()
    origins = parse_origins(settings.cors_origins)
    names = [settings.host, *settings.allowed_hosts.split(",")]
    return [
        Middleware(AccessLog, clock=clock),
        Middleware(HeaderLimit),
        Middleware(CallerCheck, names=names, origins=origins),
        *cors(origins),
        Middleware(KeyCheck),
        Middleware(RateLimit, rate=settings.rate_limit, clock=clock),
        Middleware(
            BodyLimit, max_body_bytes=settings.max_body_bytes, max_upload_bytes=settings.max_upload_bytes
        ),
        Middleware(TrailingSlash),
    ]


def _add_routes(app: FastAPI) -> None:
    # The hot route stands first and is a plain one: FastAPI's own machinery takes more than the rest of it
    # (docs/performance.md). Its twin in the router is there for the OpenAPI document.
    app.router.routes.insert(0, Route("/api/runs/", runs.create_run, methods=["POST"]))
    for module in (
        runs,
        control,
        keeping,
        signals,
        events,
        state,
        threads,
        interrupts,
        artifacts,
        store,
        workflows,
        pauses,
        versions,
        keys,
        monitoring,
        operators,
    ):
        app.include_router(module.router)
    app.router.routes.append(Route("/metrics", answer_metrics, methods=["GET"]))
    app.router.routes.extend([*websocket_routes(), *docs_routes(), *dashboard_routes()])


@functools.cache
def _served_app() -> FastAPI:
    return create_app()


def __getattr__(name: str) -> Any:
    if name == "app":
        return _served_app()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
