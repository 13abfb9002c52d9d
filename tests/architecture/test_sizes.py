"""A file holds one idea and a function fits on a screen. The lists of exceptions may only shrink.

Each exception is a file or function that is longer than the limit, with the length it may have. When it gets shorter the
test asks to lower the number or to take it out; it never asks to raise one.
"""

from support.sources import files, functions, product_files, text

FILE_LINES = 400
FUNCTION_LINES = 70
FUNCTION_LINES_OF_MOST = 40
SHARE_OF_MOST = 0.9

MIGRATIONS = "fastgraph/database/migrations/versions"  # a list of statements, frozen once it is out

LONG_FILES: dict[str, int] = {}
LONG_FUNCTIONS: dict[str, int] = {}


def test_no_file_is_longer_than_the_limit() -> None:
    lengths = {path.as_posix(): text(path).count("\n") for path in files(".py")}
    _check({name: lines for name, lines in lengths.items() if lines > FILE_LINES}, LONG_FILES, FILE_LINES)


def test_no_function_is_longer_than_the_limit() -> None:
    lengths = {
        f"{path.as_posix()}:{found.name}": found.lines
        for path in files(".py")
        if not path.is_relative_to(MIGRATIONS)
        for found in functions(path)
    }
    long = {name: lines for name, lines in lengths.items() if lines > FUNCTION_LINES}
    _check(long, LONG_FUNCTIONS, FUNCTION_LINES)


def test_nine_functions_in_ten_fit_on_a_screen() -> None:
    lengths = [found.lines for path in product_files() for found in functions(path)]
    short = sum(lines <= FUNCTION_LINES_OF_MOST for lines in lengths)
    assert short >= SHARE_OF_MOST * len(lengths)


def _check(long: dict[str, int], allowed: dict[str, int], limit: int) -> None:
    grown = {name: lines for name, lines in long.items() if lines > allowed.get(name, limit)}
    assert grown == {}, f"over {limit} lines, find the second idea in it"
    shrunk = {
        name: long.get(name, "under the limit") for name in allowed if long.get(name, 0) < allowed[name]
    }
    assert shrunk == {}, "got shorter: lower the number in tests/architecture/test_sizes.py, or take it out"
