"""Where a host process begins: paths first, then ours, then the user's.

Started as `python -P <this file> …` and never with `-m`: a user's project may have packages of its own called `api` or
`actors`, and only a script that sets its own root first is sure to import ours (DESIGN section 2). Everything of ours and
all that it needs is imported here, before a line of the user's code can stand in the way.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OF_EXTRAS = frozenset({"actors.tracing.run_traces"})
"""Modules that need an extra, which may not be installed; whoever asks for what they do says so (`check_traces`)."""


def import_ours() -> None:
    """Put our root first and import our packages whole, so that later imports find them in `sys.modules`."""
    root = str(ROOT)
    sys.path[:] = [root, *(entry for entry in sys.path if entry not in ("", root))]
    import gc
    import importlib
    import pkgutil
    from contextlib import suppress

    gc.disable()  # what is imported lives until the end; to look at it meanwhile takes a sixth of the start
    for name in ("fastgraph", "actors"):
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if ".examples" in module.name or ".migrations" in module.name or module.name.endswith(".boot"):
                continue
            with suppress(*((ImportError,) if module.name in OF_EXTRAS else ())):
                importlib.import_module(module.name)
    gc.freeze()
    gc.enable()


def restore_order() -> None:
    """Put our root last, so that a user's own `api` is found before ours, which a host must never import."""
    root = str(ROOT)
    sys.path[:] = [*(entry for entry in sys.path if entry != root), root]


if __name__ == "__main__":
    import_ours()
    restore_order()
    if sys.argv[1:2] == ["--task-fd"]:
        from actors.tasks.program import main
    else:
        from actors.host.main import main
    sys.exit(main(sys.argv[2:] if sys.argv[1:2] == ["--task-fd"] else sys.argv[1:]))
