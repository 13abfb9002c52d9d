"""A process that has imported the product once and forks a host, or an api process, whenever it is told to.

    python -P nursery_program.py host|api

Requests come as JSON lines on stdin (`arguments`, `environment`, `output`), answers go as JSON lines to stdout:
`{"born": pid}`, and `{"ended": pid, "code": n}` (negative: the signal). A forked process is the real program from its first
line on; only the second of CPU that imports take is not spent again. At the end of stdin all children are killed.
"""

import importlib.util
import json
import os
import select
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def prepare(kind: str) -> None:
    """Import all that a child will need, as its own first lines would."""
    if kind == "api":
        import api.cli.main
        import api.cli.server
        import api.main  # noqa: F401 - so that a child has it
    else:
        spec = importlib.util.spec_from_file_location("boot", ROOT / "actors" / "host" / "boot.py")
        assert spec is not None
        assert spec.loader is not None
        boot = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(boot)
        boot.import_ours()
        boot.restore_order()


def live(kind: str, order: dict[str, Any]) -> None:
    """Be the program; never returns."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for target, source in ((0, nothing), (1, output), (2, output)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(order["environment"])
    code: Any = 1
    try:
        if kind == "api":
            from api.cli.main import main as api_main

            sys.argv = ["fastgraph", *order["arguments"]]
            api_main()
            code = 0
        else:
            from actors.host.main import main as host_main

            code = host_main(order["arguments"])
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - the end of a program: what is printed then is all that is left of it
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)


def say(**words: Any) -> None:
    os.write(1, json.dumps(words).encode() + b"\n")


def reap(children: set[int]) -> None:
    while children:
        process_id, status = os.waitpid(-1, os.WNOHANG)
        if process_id == 0:
            return
        children.discard(process_id)
        say(ended=process_id, code=os.waitstatus_to_exitcode(status))


def main(kind: str) -> None:
    prepare(kind)
    heard, told = os.pipe()
    os.set_blocking(told, False)
    os.set_blocking(heard, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(told)
    children: set[int] = set()
    say(ready=True)
    rest = b""
    while True:
        ready, _, _ = select.select([0, heard], [], [])
        if heard in ready:
            with suppress(BlockingIOError):
                os.read(heard, 4096)
            reap(children)
        if 0 not in ready:
            continue
        data = os.read(0, 1 << 16)
        if not data:
            break
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            child = os.fork()
            if child == 0:
                live(kind, json.loads(line))
            children.add(child)
            say(born=child)
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1])
