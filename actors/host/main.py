"""The host process: its arguments, its signals, and how it ends.

It ends with 0 after SIGTERM or when its keeper is gone (a host of one run goes on for half a minute, to end that run), 2
when its workflows can't be loaded (one sentence on stderr), and 3 when it was declared dead or can't go on; whoever watches
it starts a new one. It never waits for a user's thread.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from actors.host.host import Host
from actors.host.loading import LoadingError, load_workflows
from actors.host.logs import configure_logs
from actors.host.memory import calm_collector, keep_heaps_few
from actors.host.output import capture_output
from actors.host.publishing import describe
from actors.tracing.opening import check_traces
from fastgraph import fault_points
from fastgraph.errors import SettingsError, StoreError
from fastgraph.graph.strictness import strict_values
from fastgraph.settings import Settings
from fastgraph.targets import join_targets, split_targets

__all__ = ["EXIT_CANNOT_GO_ON", "EXIT_NOT_LOADED", "main"]

EXIT_NOT_LOADED = 2
EXIT_CANNOT_GO_ON = 3
ALONE_SECONDS = 30.0  # a run on probation had bad luck already; its host's death needs not be its own
ORPHAN_SECONDS = 5.0
ORPHAN_DRAIN_SECONDS = 2.0  # and the rest is for giving back what runs then


def main(arguments: Sequence[str]) -> int:
    """Run a host until it is told to end; does not return on the way that user threads can't block."""
    options = _parse(arguments)
    keep_heaps_few()
    try:
        fault_points.switch_on(os.environ)
        settings = Settings.read(targets=join_targets(options.targets) if options.targets else None)
        configure_logs(settings)
        check_traces(settings)
        if settings.capture_output:
            capture_output()
        with strict_values(settings.strict_values):
            workflows = load_workflows(split_targets(settings.targets))
    except (LoadingError, SettingsError) as error:
        sys.stderr.write(f"fastgraph host: {error}\n")
        return EXIT_NOT_LOADED
    if options.describe:
        sys.stdout.write(f"{describe(workflows)}\n")
        return 0
    calm_collector()
    host = Host(
        settings,
        workflows,
        only_run_id=options.only,
        parent=options.parent,
        tell_news=_news_writer(options.news_fd),
    )
    grace_seconds = 0.0 if options.only is None else ALONE_SECONDS
    code = asyncio.run(_live(host, options.lifeline_fd, grace_seconds))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # user code may hold threads that never return; nothing of ours waits for them


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="fastgraph host", description="Run workflows; see `fastgraph host --help`."
    )
    parser.add_argument(
        "targets", nargs="*", help="module, module:attribute, path/flows.py or path/flows.py:attribute"
    )
    parser.add_argument("--describe", action="store_true", help="print what would be published, and end")
    parser.add_argument("--only", metavar="RUN_ID", help="run this run and nothing else, then end")
    parser.add_argument("--parent", metavar="BOOT_ID", help="the host that started this one for that run")
    parser.add_argument("--lifeline-fd", type=int, help="end when this descriptor reads its end")
    parser.add_argument("--news-fd", type=int, help="tell the keeper here: ready, committed")
    return parser.parse_args(arguments)


def _news_writer(descriptor: int | None) -> Callable[[str], None]:
    def tell(word: str) -> None:
        if descriptor is not None:
            with suppress(OSError):  # the keeper is gone; the lifeline ends this host
                os.write(descriptor, f"{word}\n".encode())

    if descriptor is not None:
        os.set_inheritable(descriptor, False)
    return tell


async def _live(host: Host, lifeline: int | None, grace_seconds: float) -> int:
    loop = asyncio.get_running_loop()
    stop, orphaned = asyncio.Event(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: _end_at_second(stop))
    if lifeline is not None:
        os.set_inheritable(lifeline, False)
        threading.Thread(
            target=_watch_keeper,
            args=(lifeline, grace_seconds, loop, stop, orphaned),
            daemon=True,
            name="fastgraph-lifeline",
        ).start()
    try:
        await host.start()
    except StoreError as error:
        sys.stderr.write(f"fastgraph host: {error}\n")
        return EXIT_CANNOT_GO_ON
    ended = asyncio.ensure_future(host.wait_ended())
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait((ended, stopping), return_when=asyncio.FIRST_COMPLETED)
    if ended.done():
        await host.stop()
        return ended.result()
    await host.stop(ORPHAN_DRAIN_SECONDS if orphaned.is_set() else None)
    return 0


def _end_at_second(stop: asyncio.Event) -> None:
    if stop.is_set():
        os._exit(EXIT_CANNOT_GO_ON)
    stop.set()


def _watch_keeper(
    lifeline: int,
    grace_seconds: float,
    loop: asyncio.AbstractEventLoop,
    stop: asyncio.Event,
    orphaned: threading.Event,
) -> None:
    """Wait for the keeper's end in a thread of its own: it must be heard even where the loop is stuck.

    `grace_seconds` is how long this host goes on without its keeper.
    """
    with suppress(OSError):
        while os.read(lifeline, 1):
            pass
    time.sleep(grace_seconds)
    orphaned.set()
    timer = threading.Timer(ORPHAN_SECONDS, os._exit, args=(0,))
    timer.daemon = True
    timer.start()
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(stop.set)
