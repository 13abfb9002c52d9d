"""The process harness keeps its word: it waits for lines, fails with the output, and leaves nothing behind."""

import signal

import pytest

from support.process_tree import is_alive
from support.programs import ProgramStarter

PRINT_AND_WAIT = "print('hello 42'); import signal; signal.pause()"
START_AN_ORPHAN = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], start_new_session=True)
print("child", child.pid)
"""


def test_a_line_is_waited_for_and_its_groups_are_answered(start_program: ProgramStarter) -> None:
    program = start_program("-c", PRINT_AND_WAIT)
    assert program.wait_for_line(r"hello (\d+)")[1] == "42"
    assert program.is_running


def test_a_missing_line_fails_at_once_when_the_output_has_ended(start_program: ProgramStarter) -> None:
    program = start_program("-c", "print('only this')")
    with pytest.raises(AssertionError, match="only this"):
        program.wait_for_line("something else", within_seconds=30)
    assert program.wait_for_exit() == 0


def test_a_killed_program_is_gone_and_tells_its_signal(start_program: ProgramStarter) -> None:
    program = start_program("-c", PRINT_AND_WAIT)
    program.wait_for_line("hello")
    program.kill()
    assert not is_alive(program.pid)
    assert program.wait_for_exit() == -signal.SIGKILL


def test_an_orphan_in_a_session_of_its_own_is_ended_too(start_program: ProgramStarter) -> None:
    program = start_program("-c", START_AN_ORPHAN)
    orphan = int(program.wait_for_line(r"child (\d+)")[1])
    program.wait_for_exit()
    assert is_alive(orphan)
    program.end()
    assert not is_alive(orphan)


def test_http_is_waited_for(start_program: ProgramStarter) -> None:
    program = start_program("-m", "http.server", "0", "--bind", "127.0.0.1")
    port = program.wait_for_line(r"port (\d+)")[1]
    assert b"Directory listing" in program.wait_for_http(f"http://127.0.0.1:{port}/")


def test_settings_of_the_developer_do_not_leak_into_a_program(
    start_program: ProgramStarter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTGRAPH_PORT", "1")
    program = start_program("-c", "import os; print('port', os.environ.get('FASTGRAPH_PORT'))")
    assert program.wait_for_line("port (.*)")[1] == "None"
