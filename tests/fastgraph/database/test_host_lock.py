"""A host's proof of life: dead means proved dead, and nothing else does."""

import os
from pathlib import Path

from fastgraph.database.host_lock import HostLock
from fastgraph.database.locks import FileLock, is_locked_by_other
from support import store_program
from support.programs import ProgramStarter

PROGRAM = str(Path(store_program.__file__).resolve())


def test_a_boot_is_alive_until_its_process_ends(tmp_path: Path, start_program: ProgramStarter) -> None:
    host = start_program(PROGRAM, "life", "sqlite:///unused.db", str(tmp_path))
    host.wait_for_line("held")
    locks = HostLock(tmp_path)
    assert not locks.is_dead("the-boot")
    host.kill()
    assert locks.is_dead("the-boot")
    locks.forget("the-boot")
    assert not locks.is_dead("the-boot")


def test_a_boot_that_is_unknown_here_is_not_proved_dead(tmp_path: Path) -> None:
    assert not HostLock(tmp_path).is_dead("elsewhere")


def test_a_look_at_its_own_life_does_not_end_it(tmp_path: Path, start_program: ProgramStarter) -> None:
    """Opening and closing the file in the process that holds it would give the lock up."""
    mine = HostLock(tmp_path)
    mine.hold("mine")
    assert not mine.is_dead("mine")
    assert not HostLock(tmp_path).is_dead("mine")
    read, write = os.pipe()
    child = os.fork()
    if child == 0:  # another process: what it sees is what the system knows
        os.write(write, b"d" if not _is_locked(tmp_path / "hosts" / "mine.lock") else b"a")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 1) == b"a"
    os.close(read)
    os.close(write)
    mine.release("mine")
    assert not (tmp_path / "hosts" / "mine.lock").exists()


def test_a_lock_is_taken_by_one_only(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    first.acquire()
    assert not second.try_acquire()
    assert is_locked_by_other(tmp_path / "lock")
    first.release()
    assert second.try_acquire()
    second.release()
    first.close()
    second.close()


def _is_locked(path: Path) -> bool:
    import fcntl

    descriptor = os.open(path, os.O_RDWR)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    return False
