"""The page on HTTP lists the routes, the problems and the close codes that there are, and no others."""

import re
from pathlib import Path

from starlette.routing import WebSocketRoute

from api.main import create_app
from api.problems import KINDS
from fastgraph.settings import Settings
from support.sources import text

PAGE = Path("docs", "http-api.md")
ROUTE = re.compile(r"^\| `(GET|POST|DELETE|PUT|PATCH|WS) (/[^`]*)` \|", re.MULTILINE)
PROBLEM = re.compile(r"^\| (\d{3}) \| ((?:`[a-z-]+`(?:, )?)+) \|", re.MULTILINE)
CODE = re.compile(r"^\| (\d{4}) \|", re.MULTILINE)
CODES_IN_CODE = re.compile(r"^_[A-Z_]+ = (\d{4})$", re.MULTILINE)
REQUESTS = (
    *(
        "CreateRun",
        "RunConfig",
        "ResumeRun",
        "UpdateThread",
        "StateUpdate",
        "CheckVersion",
        "MigrateRuns",
        "Command",
        "RetryRun",
        "ForkRun",
    ),
    *("PutItem", "DeleteItem", "SearchItems", "ListNamespaces"),
)
# Made from Starlette's own errors, or from what is in no row of the table.
FURTHER_PROBLEMS = {(405, "method-not-allowed"), (500, "internal-error")}


def test_every_route_is_listed_and_every_listed_route_exists() -> None:
    app = create_app(Settings(hosts=0))
    routes = {
        (method.upper(), path) for path, methods in app.openapi()["paths"].items() for method in methods
    }
    routes |= {("WS", route.path) for route in app.routes if isinstance(route, WebSocketRoute)}
    assert set(ROUTE.findall(text(PAGE))) == routes


def test_every_problem_is_listed_with_its_status() -> None:
    listed = {
        (int(status), name)
        for status, names in PROBLEM.findall(text(PAGE))
        for name in re.findall(r"`([a-z-]+)`", names)
    }
    assert listed == {(kind.status, kind.name) for _, kind in KINDS} | FURTHER_PROBLEMS


def test_every_close_code_is_listed() -> None:
    places = ("api/feeds/websocket.py", "api/middleware/callers.py", "api/middleware/keys.py")
    code = "".join(text(Path(place)) for place in places)
    assert set(CODE.findall(text(PAGE))) == set(CODES_IN_CODE.findall(code))


def test_every_field_of_a_request_is_explained() -> None:
    shapes = create_app(Settings(hosts=0)).openapi()["components"]["schemas"]
    written = text(PAGE)
    for shape in REQUESTS:
        for name in shapes[shape]["properties"]:
            assert f"`{name}`" in written or f'"{name}"' in written, f"{name} of {shape} is not explained"
