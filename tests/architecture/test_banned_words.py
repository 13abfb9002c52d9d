"""Words and constructs that this tree does without, each with what to do in its place."""

import ast
import re
from pathlib import Path

from support.sources import files, imports, product_files, text, tree

# Put together from parts, so that this file and the one that lists the house rules do not find themselves.
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b")
DRAWERS = {"utils", "util", "utilities", "helpers", "helper", "common", "misc"}
BARE_TYPE_IGNORE = re.compile(r"#\s*type:\s*ignore(?!\[)")
SOURCES = (".py", ".ts", ".tsx", ".css", ".sh", ".toml", ".conf")
UNTOUCHED = {"frontend/package-lock.json"}


def test_nothing_is_left_unfinished() -> None:
    """Finish it, or file an issue and say in the comment what holds today."""
    assert _lines(UNFINISHED, files(*SOURCES)) == []


def test_no_drawer_without_a_name() -> None:
    """A module that is called after no idea has none: name it by what it holds."""
    drawers = [path.as_posix() for path in files(*SOURCES) if DRAWERS & {*path.parts[:-1], path.stem}]
    assert drawers == []


def test_no_error_is_swallowed() -> None:
    """`except` that only passes hides the cause: say where the error goes, or name it with `contextlib.suppress`."""
    swallowing = [
        f"{path}:{node.lineno}"
        for path in files(".py")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler) and _only_passes(node) and _is_broad(node)
    ]
    assert swallowing == []


def test_a_type_ignore_names_its_code() -> None:
    assert _lines(BARE_TYPE_IGNORE, files(".py")) == []


def test_no_test_sleeps() -> None:
    """Wait for an event, a line, a row: tests/support/waiting.py. A node of a test's workflow may take its time."""
    sleeping = [
        f"{path}:{node.lineno}"
        for path in files(".py", under="tests")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and _is_sleep(node) and not path.stem.endswith(("waiting", "flows"))
    ]
    assert sleeping == []


def test_nothing_is_pickled() -> None:
    """Stored data is plain JSON; reading it must never run code."""
    names = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "joblib"}
    found = [
        f"{path}:{found.line}"
        for path in product_files()
        for found in imports(path)
        if found.name.partition(".")[0] in names
    ]
    assert found == []


def test_no_state_is_global() -> None:
    """Things are handed in by the constructor."""
    found = [
        f"{path}:{node.lineno}"
        for path in product_files()
        # its marks are exchanged once, before the threads of a process start, and cost nothing while switched off
        if path.as_posix() != "fastgraph/fault_points.py"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Global)
    ]
    assert found == []


def test_each_module_says_what_it_is() -> None:
    silent = [
        path.as_posix() for path in files(".py") if text(path).strip() and not ast.get_docstring(tree(path))
    ]
    assert silent == []


def _lines(pattern: re.Pattern[str], paths: tuple[Path, ...]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()[:100]}"
        for path in paths
        if path.as_posix() not in UNTOUCHED
        for number, line in enumerate(text(path).splitlines(), 1)
        if pattern.search(line)
    ]


def _only_passes(handler: ast.ExceptHandler) -> bool:
    return all(isinstance(statement, ast.Pass) for statement in handler.body)


def _is_broad(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or ast.unparse(handler.type) in {"Exception", "BaseException"}


def _is_sleep(call: ast.Call) -> bool:
    """A sleep with a duration; `asyncio.sleep(0)` only yields."""
    duration = call.args[0] if call.args else None
    only_yields = isinstance(duration, ast.Constant) and duration.value == 0
    return (
        ast.unparse(call.func) in {"time.sleep", "asyncio.sleep", "anyio.sleep", "sleep"} and not only_yields
    )
