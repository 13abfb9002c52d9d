"""Imports go down only: `fastgraph` knows no actor and no HTTP, `actors` no api, the pure core nothing that acts.

Whoever needs something from above has found a message, an event or a parameter that is missing.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from support.sources import files, imported_modules, imports, module_name, product_files, text

HTTP = {"fastapi", "starlette", "uvicorn", "httpx", "websockets", "limits", "multipart"}

NOT_FOR = {
    "fastgraph": {"actors", "api", "pykka", "typer", "rich"} | HTTP,
    "actors": {"api", "typer", "rich"} | HTTP,
    "api": {"tests", "benchmarks", "examples"},
}

PURE = ("fastgraph/execution", "fastgraph/state")
IMPURE = {
    "asyncio", "concurrent", "logging", "multiprocessing", "os", "random", "secrets", "select", "shutil",
    "signal", "socket", "sqlite3", "subprocess", "sys", "tempfile", "threading", "time",
    "aiosqlite", "alembic", "portalocker", "psycopg", "sqlalchemy", "structlog", "watchfiles",
}  # fmt: skip
PURE_MAY_USE = (
    "fastgraph.errors",
    "fastgraph.ids",
    "fastgraph.status",
    "fastgraph.execution",
    "fastgraph.state",
)

DATABASE_LIBRARIES = {"sqlalchemy", "sqlite3", "aiosqlite", "psycopg", "alembic"}
NO_SQL = (  # faults, addresses, and the type of the connection that a statement's function is handed
    "sqlalchemy.exc",
    "sqlalchemy.make_url",
    "sqlalchemy.URL",
    "sqlalchemy.ext.asyncio.AsyncConnection",
)
SQL_ELSEWHERE = {
    # a process of a few MB that renews a lease while its host's C code keeps the GIL: it imports nothing of ours
    "actors/host/stand_in_program.py",
    "actors/hints/postgres_notify.py",  # LISTEN and NOTIFY are a channel here, not a store
    "fastgraph/cache/sqlite.py",  # a program's own cache, apart from the server's
    "fastgraph/store/sqlite/base.py",  # a program's own store of values, apart from the server's
    "fastgraph/store/sqlite/aio.py",
    # a program's own threads, apart from the server's
    "fastgraph/checkpoint/sqlite/aio.py",
    "fastgraph/checkpoint/sqlite/file.py",
    "fastgraph/checkpoint/sqlite/log.py",
    "fastgraph/checkpoint/sqlite/migrations/env.py",
    "fastgraph/checkpoint/sqlite/migrations/versions/0001_saver_tables.py",
    "fastgraph/checkpoint/sqlite/saver.py",
    "fastgraph/checkpoint/sqlite/schema.py",
    "fastgraph/checkpoint/sqlite/tables.py",
    "api/cli/store_state.py",  # `doctor` looks at a store that may be broken, without opening it as ours
}

USER_CODE_LOADER = "actors.host.loading"


@pytest.mark.parametrize("package", NOT_FOR)
def test_imports_go_down_only(package: str) -> None:
    forbidden = NOT_FOR[package]
    assert _offences(files(".py", under=package), lambda name: name.partition(".")[0] in forbidden) == []


def test_the_pure_core_imports_nothing_impure() -> None:
    found = [path for folder in PURE for path in files(".py", under=folder)]
    assert _offences(found, lambda name: name.partition(".")[0] in IMPURE) == []


def test_the_pure_core_knows_only_the_pure_part_of_ours() -> None:
    found = [path for folder in PURE for path in files(".py", under=folder)]
    assert (
        _offences(found, lambda name: name.startswith("fastgraph.") and not name.startswith(PURE_MAY_USE))
        == []
    )


def test_the_library_starts_no_thread_and_no_loop_when_it_is_imported() -> None:
    reached = imported_modules("fastgraph")
    assert [name for name in reached if name.startswith(("fastgraph.database", "fastgraph.settings"))] == []


def test_the_api_never_loads_user_code() -> None:
    loaders = [
        f"{module} reaches {USER_CODE_LOADER}"
        for module in map(module_name, files(".py", under="api"))
        if USER_CODE_LOADER in imported_modules(module)
    ]
    assert loaders == []
    assert (
        _offences(files(".py", under="api"), lambda name: name in {"importlib.import_module", "runpy"}) == []
    )


def test_a_host_never_imports_the_api() -> None:
    for path in files(".py", under="actors"):
        assert [name for name in imported_modules(module_name(path)) if name.split(".")[0] == "api"] == []


def test_sql_lives_in_the_database_package() -> None:
    elsewhere = [
        path
        for path in product_files()
        if not path.is_relative_to("fastgraph/database") and path.as_posix() not in SQL_ELSEWHERE
    ]

    def is_sql(name: str) -> bool:
        return name.partition(".")[0] in DATABASE_LIBRARIES and not name.startswith(NO_SQL)

    assert _offences(elsewhere, is_sql) == []


def test_time_of_day_is_asked_of_the_clock_only() -> None:
    """`datetime.now` stands in clock.py alone, so that a decision can be replayed."""
    asked = [
        f"{path}: {words}"
        for path in product_files()
        if path.as_posix() != "fastgraph/clock.py"
        for words in ("datetime.now(", "datetime.utcnow(", "date.today(")
        if words in text(path)
    ]
    assert asked == []


def _offences(paths: Iterable[Path], is_forbidden: Callable[[str], bool]) -> list[str]:
    return [
        f"{path}:{found.line} imports {found.name}"
        for path in paths
        for found in imports(path)
        if is_forbidden(found.name)
    ]
