"""The public names are sorted, exist, and are all there is: `fastgraph` is one door, its modules list what they show."""

import importlib
import pkgutil

import pytest

import fastgraph
from support.sources import files, module_name

DOORS = [
    name
    for name in map(module_name, files("__init__.py", under="fastgraph"))
    if not name.startswith(("fastgraph.database.migrations",))
]


def test_the_door_of_the_library_lists_its_names_in_order() -> None:
    names = list(getattr(fastgraph, "__all__", ()))
    assert names == sorted(names, key=_kind_and_name)
    assert len(names) == len(set(names))


@pytest.mark.parametrize("door", DOORS)
def test_each_listed_name_exists(door: str) -> None:
    module = importlib.import_module(door)
    missing = [name for name in getattr(module, "__all__", ()) if not hasattr(module, name)]
    assert missing == []


def test_nothing_public_is_left_out_of_the_list() -> None:
    modules = {module.name for module in pkgutil.iter_modules(fastgraph.__path__)}
    listed = set(getattr(fastgraph, "__all__", ()))
    visible = {name for name in vars(fastgraph) if not name.startswith("_") and name not in modules}
    assert visible - listed - {"annotations"} == set()


def test_the_library_says_that_it_is_typed() -> None:
    assert "fastgraph/py.typed" in {path.as_posix() for path in files("py.typed")}


def _kind_and_name(name: str) -> tuple[int, str]:
    """Constants, classes, functions, as the linter sorts `__all__`."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2), name
