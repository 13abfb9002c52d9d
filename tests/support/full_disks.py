"""Two ways to a disk that takes no more: a small file system in memory, and a limit on the size of files."""

import resource
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FILLER = "filler"
CHUNK_BYTES = 64 * 1024


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[Path | None]:
    """Mount a file system of this size on a new folder; None where that is not allowed here."""
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(["mount", *options], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], capture_output=True, check=True)


def fill_up(folder: Path) -> Path:
    """Write a file until the disk is full; return it."""
    filler = folder / FILLER
    with suppress(OSError), filler.open("ab", buffering=0) as file:
        while file.write(bytes(CHUNK_BYTES)) == CHUNK_BYTES:
            pass
    return filler


def limit_files(pids: Iterable[int], size_bytes: int) -> None:
    """Let these processes, and what they start from now on, make no file larger than this; -1 lifts the limit."""
    soft = resource.RLIM_INFINITY if size_bytes < 0 else size_bytes
    for pid in pids:
        with suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, resource.RLIM_INFINITY))


def can_limit_files() -> bool:
    """Linux can change the limits of a process that runs."""
    return hasattr(resource, "prlimit")
