"""Ways to a disk that takes no more: a small file system in memory, a limit on the size of files, and a file system that has
become read-only."""

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
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder))
    except (FileNotFoundError, subprocess.CalledProcessError):
        yield None
        return
    try:
        yield folder
    finally:
        _run("umount", "--lazy", str(folder))


class FailingDisk:
    """An ext4 file system in a file, which the system makes read-only as it does after an error of the device."""

    def __init__(self, image: Path, folder: Path) -> None:
        self._image, self.folder = image, folder

    def mount(self) -> bool:
        """Make it where there is none, check it, and mount it; False where that is not allowed here."""
        try:
            if not self._image.exists():
                self.folder.mkdir()
                with self._image.open("wb") as file:
                    file.truncate(64 * 1024 * 1024)
                _run("mkfs.ext4", "-q", "-F", str(self._image))
            else:
                _run("e2fsck", "-p", "-f", str(self._image), good=(0, 1))
            _run("mount", "-o", "loop", str(self._image), str(self.folder))
        except (FileNotFoundError, subprocess.CalledProcessError):
            return False
        return True

    def fail(self) -> None:
        """From here on nothing can be written, also not to files that are open."""
        _run("mount", "-o", "remount,abort", str(self.folder))

    def unmount(self) -> None:
        """Take it away; nobody may have a file open any more."""
        _run("umount", str(self.folder))


@contextmanager
def failing_disk(folder: Path) -> Iterator[FailingDisk | None]:
    """A mounted `FailingDisk`; None where no file system can be mounted."""
    disk = FailingDisk(folder.with_suffix(".image"), folder)
    if not disk.mount():
        yield None
        return
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], capture_output=True, check=False)


def _run(*command: str, good: tuple[int, ...] = (0,)) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in good:
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)


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
