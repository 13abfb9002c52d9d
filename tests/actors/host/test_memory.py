"""A host's threads share two heaps, unless whoever starts it has chosen another number."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="heaps are told by glibc alone")

PROGRAM = """
import ctypes, sys, threading
from actors.host.memory import keep_heaps_few

keep_heaps_few()
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
meet = threading.Barrier(8)

def allocate():
    meet.wait()
    libc.malloc(1000)
    meet.wait()

threads = [threading.Thread(target=allocate) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
file = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""


@pytest.mark.parametrize(("chosen", "expected"), [(None, range(1, 3)), ("5", range(3, 6))])
def test_threads_share_two_heaps_unless_somebody_chose(
    tmp_path: Path, chosen: str | None, expected: range
) -> None:
    told = tmp_path / "heaps.xml"
    environment = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    if chosen is not None:
        environment["MALLOC_ARENA_MAX"] = chosen
    subprocess.run([sys.executable, "-c", PROGRAM, str(told)], env=environment, check=True)
    assert told.read_text().count("<heap nr=") in expected
