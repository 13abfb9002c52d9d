"""The source tree as the architecture tests see it: its tracked files, its modules, who imports whom.

Imports are read from the syntax tree, nothing is executed. A file that is in the work tree but not committed yet counts
too, so that a fault shows before the commit; what git ignores does not.
"""

import ast
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("fastgraph", "actors", "api")


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One imported module or name, and where."""

    name: str
    line: int
    for_types_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function or method and its length, decorators not counted."""

    name: str
    line: int
    lines: int


@cache
def files(*suffixes: str, under: str = "") -> tuple[Path, ...]:
    """List the project's files with one of the suffixes (all without one), relative to the root, sorted."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", under or "."],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    found = {Path(name) for name in listed if name and (not suffixes or name.endswith(suffixes))}
    return tuple(sorted(path for path in found if (ROOT / path).is_file()))


@cache
def text(path: Path) -> str:
    """The text of a project file; empty for a binary one."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a Python file of the project."""
    return ast.parse(text(path), filename=str(path))


def product_files() -> tuple[Path, ...]:
    """List the Python files of the three packages."""
    return tuple(path for package in PACKAGES for path in files(".py", under=package))


def module_name(path: Path) -> str:
    """`fastgraph/state/plain.py` is `fastgraph.state.plain`."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports(path: Path) -> tuple[Import, ...]:
    """List every import of a file, also those inside functions; `from a import b` counts as `a.b`."""
    source = tree(path)
    types_only = {
        id(node) for block in ast.walk(source) if _is_type_checking(block) for node in ast.walk(block)
    }
    found = []
    for node in ast.walk(source):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for_types = id(node) in types_only
        found += [Import(name=name, line=node.lineno, for_types_only=for_types) for name in names]
    return tuple(found)


@cache
def imported_modules(name: str) -> frozenset[str]:
    """The modules of ours that importing `name` runs, itself included, over all steps (typing-only imports left out)."""
    known = {module_name(path): path for path in product_files()}
    reached: set[str] = set()
    waiting = [name]
    while waiting:
        module = waiting.pop()
        if module in reached or module not in known:
            continue
        reached.add(module)
        for found in imports(known[module]):
            if not found.for_types_only:
                waiting += [found.name, found.name.rpartition(".")[0]]
    return frozenset(reached)


@cache
def functions(path: Path) -> tuple[Function, ...]:
    """List every function of a file, nested ones too, by qualified name."""
    return tuple(_functions(tree(path), ""))


def _functions(node: ast.AST, prefix: str) -> list[Function]:
    found = []
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            name = f"{prefix}{child.name}"
            assert child.end_lineno is not None
            found.append(Function(name=name, line=child.lineno, lines=child.end_lineno - child.lineno + 1))
            found += _functions(child, f"{name}.")
        elif isinstance(child, ast.ClassDef):
            found += _functions(child, f"{prefix}{child.name}.")
        else:
            found += _functions(child, prefix)
    return found


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
