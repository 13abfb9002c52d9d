"""What a page of the documentation tells its reader to put into a file and to type into a shell."""

import re
import sys
from pathlib import Path

from support.programs import Program, ProgramStarter
from support.sources import text

__all__ = ["BLOCK", "python_of", "type_command"]

BLOCK = re.compile(r"^```(python|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def python_of(page: str) -> str:
    """The Python of a page as one file."""
    return "\n".join(source for kind, source in BLOCK.findall(text(Path(page))) if kind == "python")


def type_command(start_program: ProgramStarter, line: str, port: int) -> Program:
    """Type one line that begins with `fastgraph` and wait for its good end; the input is in single quotes."""
    words = re.findall(r"'[^']*'|\S+", line)[1:]
    arguments = [word.strip("'") for word in words]
    variables = {"FASTGRAPH_URL": f"http://127.0.0.1:{port}"}
    program = start_program.command([sys.executable, "-m", "api.cli.main", *arguments], environment=variables)
    assert program.wait_for_exit() == 0, program.tail()
    return program
