"""Finds and ends processes that belong to one program of a test, also those whose parent is gone.

A program of a test carries a mark in its environment, which its children inherit. On Linux the mark is read from /proc,
so that an orphan in a session of its own is found as well; elsewhere only the process group is ended. Nothing is ever
ended by its name.
"""

import os
import signal
from contextlib import suppress
from pathlib import Path

MARK_VARIABLE = "FASTGRAPH_TEST_PROGRAM"

_PROC = Path("/proc")


def marked_processes(mark: str) -> list[int]:
    """List the ids of living processes whose environment carries `mark`; empty where there is no /proc."""
    wanted = f"{MARK_VARIABLE}={mark}".encode()
    found = []
    for folder in _PROC.glob("[0-9]*"):
        try:
            variables = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue  # it ended meanwhile, or belongs to somebody else: neither is ours
        if wanted in variables and _is_running(folder):
            found.append(int(folder.name))
    return sorted(found)


def kill_tree(mark: str, *, group: int) -> None:
    """Send SIGKILL to the process group `group` and to each marked process, until none is left."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    for _ in range(20):  # a process may start another one between the look and the kill
        remaining = marked_processes(mark)
        if not remaining:
            return
        for process_id in remaining:
            with suppress(ProcessLookupError):
                os.kill(process_id, signal.SIGKILL)


def is_alive(process_id: int) -> bool:
    """Tell whether a process with this id exists and is no zombie."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    folder = _PROC / str(process_id)
    return _is_running(folder) if _PROC.is_dir() else True


def _is_running(folder: Path) -> bool:
    try:
        state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state not in {"Z", "X"}
