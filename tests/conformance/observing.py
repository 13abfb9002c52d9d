"""Run a program on one library and return what it saw.

A flow is run in each way that a user can: its chunks (values and updates), its results alone, and both on a loop; after
each call the state is looked at, and at the end the history. Updates of one step come in the order in which its tasks
finish, which is nobody's to decide, so they are compared as a set between two chunks of values.
"""

import asyncio
import copy
import inspect
import logging
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from conformance.calls import Call
from conformance.plain import Raised, Seen
from conformance.program import Flow, Program, Script

__all__ = ["compile_flow", "observe", "observe_in_time", "run_chunks"]

THREAD = "thread"
MODES = ["values", "updates"]


def observe(program: Program, lg: Any) -> Any:
    """Return what a program sees on a library; an error is something seen, too."""
    with warnings.catch_warnings(), silent_loggers():
        warnings.simplefilter("ignore")
        if isinstance(program, Script):
            return _run_script(program, lg)
        ways: dict[str, Callable[[Flow, Any], Any]] = {"on a loop": _run_on_loop}
        if not program.is_async:
            ways |= {"chunks": run_chunks, "results": _run_results}
        return {name: _look(lambda way=way: way(program, lg)) for name, way in ways.items()}


@contextmanager
def silent_loggers() -> Iterator[None]:
    """Let nothing be logged; other tests look at what is."""
    loggers = [
        logging.getLogger(name) for name in ("langgraph", "fastgraph", "asyncio", "concurrent.futures")
    ]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def observe_in_time(program: Program, lg: Any, *, seconds: float = 20) -> Any:
    """Observe a program in a thread of its own; TimeoutError where it hangs, so that it fails and the rest goes on."""
    seen: list[Any] = []
    thread = threading.Thread(target=lambda: seen.append(observe(program, lg)), daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError(f"{program.name} on {lg} has not ended within {seconds} s")
    assert seen, f"{program.name} on {lg} raised outside of what is observed"
    return seen[0]


def compile_flow(flow: Flow, lg: Any, kept: Any = None) -> Any:
    """Build and compile a flow's graph, with the saver `kept` or one of its own in memory where it needs one."""
    built = flow.build(lg)
    if not hasattr(built, "compile"):
        return built
    options = flow.compile_options(lg)
    if flow.needs_checkpointer:
        options["checkpointer"] = kept or lg.checkpoint.memory.InMemorySaver()
    return built.compile(**options)


def _run_script(program: Script, lg: Any) -> Any:
    try:
        seen = program.run(lg)
        return Seen().plain(asyncio.run(seen) if inspect.iscoroutine(seen) else seen)
    except Exception as error:  # noqa: BLE001 - the error is the observation
        return Raised(error)


def run_chunks(flow: Flow, lg: Any, kept: Any = None) -> list[Any]:
    """Return what a flow's caller sees of its chunks, its states and its history."""
    graph, seen = compile_flow(flow, lg, kept), Seen()

    def perform(given: Any, config: Any, options: dict[str, Any]) -> Any:
        chunks: list[Any] = []
        try:
            chunks.extend(graph.stream(given, config, stream_mode=MODES, **options))
        except Exception as error:  # noqa: BLE001 - the error is the observation
            return [*_steps(chunks, seen), Raised(error)]
        return _steps(chunks, seen)

    return _run_calls(flow, lg, graph, seen, perform)


def _run_results(flow: Flow, lg: Any) -> list[Any]:
    graph, seen = compile_flow(flow, lg), Seen()

    def perform(given: Any, config: Any, options: dict[str, Any]) -> Any:
        try:
            return seen.plain(graph.invoke(given, config, **options))
        except Exception as error:  # noqa: BLE001 - the error is the observation
            return Raised(error)

    return _run_calls(flow, lg, graph, seen, perform)


def _run_on_loop(flow: Flow, lg: Any) -> list[Any]:
    graph, seen = compile_flow(flow, lg), Seen()

    async def stream(given: Any, config: Any, options: dict[str, Any]) -> Any:
        chunks: list[Any] = []
        try:
            async for chunk in graph.astream(given, config, stream_mode=MODES, **options):
                chunks.append(chunk)  # noqa: PERF401 - what came before an error is seen, too
        except Exception as error:  # noqa: BLE001 - the error is the observation
            return [*_steps(chunks, seen), Raised(error)]
        return _steps(chunks, seen)

    with asyncio.Runner() as runner:
        return _run_calls(flow, lg, graph, seen, lambda *given: runner.run(stream(*given)))


def _run_calls(flow: Flow, lg: Any, graph: Any, seen: Seen, perform: Callable[..., Any]) -> list[Any]:
    observed: list[Any] = []
    config: dict[str, Any] = {"configurable": {"thread_id": THREAD}} if flow.needs_checkpointer else {}
    for call in flow.calls:
        options = dict(call.options)
        at = find_config(graph, config, call)
        merged = merge_configs(at, options.pop("config", {}))
        if call.kind == "update":
            observed.append(_update(graph, merged, call, seen))
        else:
            observed.append(perform(give(lg, graph, config, call), merged, options))
        if flow.needs_checkpointer:
            observed.append({"state": _look(lambda: seen.snapshot(graph.get_state(config)))})
    if flow.needs_checkpointer:
        observed.append({"history": _look(lambda: list(map(seen.snapshot, graph.get_state_history(config))))})
    return observed


def _look(look: Callable[[], Any]) -> Any:
    """Return what is seen, or the error: a graph that can't be compiled, a state that its schema refuses."""
    try:
        return look()
    except Exception as error:  # noqa: BLE001 - the error is the observation
        return Raised(error)


def give(lg: Any, graph: Any, config: Any, call: Call) -> Any:
    """Return what a call hands to `invoke`."""
    if call.kind == "start":
        return (
            call.value(lg) if callable(call.value) else copy.deepcopy(call.value)
        )  # a node may change it in place
    if call.kind == "proceed":
        return None
    if call.kind == "answer":
        return lg.types.Command(resume=call.value)
    if call.kind == "tell":
        return lg.types.Command(**call.value)
    ids = {question.value: question.id for question in graph.get_state(config).interrupts}
    return lg.types.Command(resume={ids[question]: given for question, given in call.value.items()})


def _update(graph: Any, config: Any, call: Call, seen: Seen) -> Any:
    try:
        return seen.plain(graph.update_state(config, **call.value))
    except Exception as error:  # noqa: BLE001 - the error is the observation
        return Raised(error)


def find_config(graph: Any, config: dict[str, Any], call: Call) -> Any:
    """Return the config of the checkpoint that a call begins from."""
    if call.at is None:
        return config
    return next(shown.config for shown in graph.get_state_history(config) if shown.next == call.at)


def merge_configs(config: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return a config with a call's own on top."""
    configurable = {**config.get("configurable", {}), **more.get("configurable", {})}
    return {**config, **more, "configurable": configurable}


def _steps(chunks: list[Any], seen: Seen) -> list[Any]:
    """Put what comes while the tasks of a step finish in an order of its own: updates, and values that show a question."""
    steps: list[Any] = []
    together: list[Any] = []
    for mode, chunk in [*chunks, ("end", None)]:
        if mode == "updates" or (isinstance(chunk, dict) and "__interrupt__" in chunk):
            together.append((mode, chunk))
            continue
        together.sort(
            key=lambda item: (item[0], repr({str(key): str(value)[:60] for key, value in item[1].items()}))
        )
        steps += [(kind, seen.plain(update)) for kind, update in together]
        together = []
        if mode != "end":
            steps.append((mode, seen.plain(chunk)))
    return steps
