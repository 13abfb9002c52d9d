"""Ctrl-C is heard while a read waits, also where the signal came just before it."""

import signal
from pathlib import Path

import pytest

from support.programs import ProgramStarter

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at threads in /proc")

# A signal that is raised on another thread is in the state of one that came just before the read: it is noted, and the read
# of the main thread is not broken off.
PROGRAM = """
import os, signal, sys, threading
from pathlib import Path
from api.cli.interrupts import prompt_interrupts

readable, _ = os.pipe()
state = Path(f"/proc/self/task/{os.getpid()}/stat")

def press():
    looks = 0
    while looks < 50:
        looks = looks + 1 if state.read_text().rpartition(")")[2].split()[0] == "S" else 0
    signal.raise_signal(signal.SIGINT)

def read_after_a_press():
    thread = threading.Thread(target=press)
    thread.start()
    os.read(readable, 1)

for _ in range(2):
    before = signal.getsignal(signal.SIGINT)
    try:
        with prompt_interrupts():
            read_after_a_press()
    except KeyboardInterrupt:
        print("heard", flush=True)
    assert signal.getsignal(signal.SIGINT) is before

with prompt_interrupts():
    pass
try:
    with prompt_interrupts():
        print("reads", flush=True)
        os.read(readable, 1)
except KeyboardInterrupt:
    print("heard from outside", flush=True)
"""


def test_a_signal_that_a_read_does_not_see_is_heard(start_program: ProgramStarter) -> None:
    program = start_program("-c", PROGRAM)
    program.wait_for_line("reads")
    assert program.lines[:2] == ["heard", "heard"]
    program.signal(signal.SIGINT)
    assert program.wait_for_exit() == 0
    assert program.lines[-1] == "heard from outside"


def test_off_the_main_thread_nothing_is_done(start_program: ProgramStarter) -> None:
    program = start_program(
        "-c",
        "import signal, threading\n"
        "from api.cli.interrupts import prompt_interrupts\n"
        "def inside():\n"
        "    with prompt_interrupts():\n"
        "        print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)\n"
        "threading.Thread(target=inside).start()\n",
    )
    assert program.wait_for_exit() == 0
    assert program.lines == ["True"]
