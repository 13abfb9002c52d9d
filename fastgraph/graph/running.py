"""`RunsInProcess`: invoke, stream and their async forms, for everything that has a plan, a state and nodes.

The four differ in what they give back and in who drives; what a call may be told stands in `CallOptions`, how its chunks
look in `StreamForm`, the way through the graph in `fastgraph.runner`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack, cast

from fastgraph.graph.current import find_current_task
from fastgraph.graph.namespaces import split_namespace
from fastgraph.in_process.options import CallOptions, RunOptions, read_options
from fastgraph.in_process.streams import Outcome, StreamForm
from fastgraph.runner import astream_chunks, stream_chunks

if TYPE_CHECKING:
    from fastgraph.graph.compiled import CompiledGraph

__all__ = ["RunsInProcess"]

MAX_THREADS = 32
MAX_TASKS = 1000
Configs = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None


class RunsInProcess:
    """What runs a compiled graph in this process. `stream_mode` is what `stream` shows by default; `debug` prints it."""

    stream_mode: str | Sequence[str] = "updates"
    debug: bool = False

    def invoke(
        self,
        input: Any,  # noqa: A002 - the name of LangGraph's parameter
        config: Mapping[str, Any] | None = None,
        *,
        stream_mode: str | Sequence[str] = "values",
        **options: Unpack[CallOptions],
    ) -> Any:
        """Run the graph and return the last values of its output keys (or, for another `stream_mode`, all chunks).

        `input` is a dict or an instance of the input schema, `Command(resume=…)` to answer an interrupt, or None to go
        on with a thread. Where the run waits, the result has `__interrupt__`, the list of questions. The options are
        those of `CallOptions`; with `version="v2"` a GraphOutput is returned. Raises what a node raised,
        GraphRecursionError, InvalidUpdateError, EmptyInputError, ConfigError.
        """
        form, call = self._read_call(input, config, stream_mode, options, is_whole=True)
        outcome = Outcome(form, stream_mode, split_namespace(call.namespace))
        with call.in_progress():
            for chunk in stream_chunks(self._graph(), call):
                outcome.add(chunk)
        return outcome.result()

    async def ainvoke(
        self,
        input: Any,  # noqa: A002 - the name of LangGraph's parameter
        config: Mapping[str, Any] | None = None,
        *,
        stream_mode: str | Sequence[str] = "values",
        **options: Unpack[CallOptions],
    ) -> Any:
        """Do what `invoke` does, on the running loop; the way for async nodes."""
        form, call = self._read_call(input, config, stream_mode, options, is_whole=True)
        outcome = Outcome(form, stream_mode, split_namespace(call.namespace))
        with call.in_progress():
            async for chunk in astream_chunks(self._graph(), call):
                outcome.add(chunk)
        return outcome.result()

    def stream(
        self,
        input: Any,  # noqa: A002 - the name of LangGraph's parameter
        config: Mapping[str, Any] | None = None,
        *,
        stream_mode: str | Sequence[str] | None = None,
        **options: Unpack[CallOptions],
    ) -> Iterator[Any]:
        """Run the graph and yield what its stream modes show, as it happens.

        `values`: the state after each step. `updates`: what each task wrote. `custom`: what nodes gave to their stream
        writer. `messages`: (message, metadata). `tasks`, `checkpoints`, `debug`: what happens inside. `log`, `progress`,
        `token`: what nodes sent by the functions of these names. With a list of modes each chunk is (mode, chunk), with
        `subgraphs=True` the namespace stands before it, with `version="v2"` each is a dict with type, ns and data.
        """
        mode = self._default_mode(config) if stream_mode is None else stream_mode
        form, call = self._read_call(input, config, mode, options)
        for chunk in stream_chunks(self._graph(), call):
            yield from form.take(chunk)

    async def astream(
        self,
        input: Any,  # noqa: A002 - the name of LangGraph's parameter
        config: Mapping[str, Any] | None = None,
        *,
        stream_mode: str | Sequence[str] | None = None,
        **options: Unpack[CallOptions],
    ) -> AsyncGenerator[Any, None]:
        """Do what `stream` does, on the running loop."""
        mode = self._default_mode(config) if stream_mode is None else stream_mode
        form, call = self._read_call(input, config, mode, options)
        async for chunk in astream_chunks(self._graph(), call):
            for part in form.take(chunk):
                yield part

    def batch(
        self,
        inputs: Sequence[Any],
        config: Configs = None,
        *,
        return_exceptions: bool = False,
        **options: Unpack[CallOptions],
    ) -> list[Any]:
        """Run the graph for each input, at the same time in threads, and return the results in the inputs' order.

        `config` is one for all or one for each; its `max_concurrency` caps the threads. With `return_exceptions` an error
        stands in its result's place, else the first one by the inputs' order is raised once all have ended.
        """

        def run(value: Any, own: Mapping[str, Any] | None) -> Any:
            try:
                return self.invoke(value, own, **options)
            except Exception as error:  # noqa: BLE001 - it stands in the result's place, or is raised below
                return _Failure(error)

        configs = _configs(config, len(inputs))
        limit = next(
            (own["max_concurrency"] for own in configs if own and own.get("max_concurrency")), MAX_THREADS
        )
        if not inputs:
            return []
        with ThreadPoolExecutor(min(limit, len(inputs)), thread_name_prefix="fastgraph-batch") as pool:
            outcomes = list(pool.map(run, inputs, configs))
        return _settle(outcomes, return_exceptions=return_exceptions)

    async def abatch(
        self,
        inputs: Sequence[Any],
        config: Configs = None,
        *,
        return_exceptions: bool = False,
        **options: Unpack[CallOptions],
    ) -> list[Any]:
        """Do what `batch` does, on the running loop."""
        configs = _configs(config, len(inputs))
        limit = next(
            (own["max_concurrency"] for own in configs if own and own.get("max_concurrency")), MAX_TASKS
        )
        slots = asyncio.Semaphore(limit)

        async def run(value: Any, own: Mapping[str, Any] | None) -> Any:
            async with slots:
                try:
                    return await self.ainvoke(value, own, **options)
                except Exception as error:  # noqa: BLE001 - as above
                    return _Failure(error)

        outcomes = await asyncio.gather(*(run(*pair) for pair in zip(inputs, configs, strict=True)))
        return _settle(outcomes, return_exceptions=return_exceptions)

    def _read_call(
        self,
        value: Any,
        config: Mapping[str, Any] | None,
        mode: str | Sequence[str],
        options: CallOptions,
        *,
        is_whole: bool = False,
    ) -> tuple[StreamForm, RunOptions]:
        """Read a call: how its chunks look, and what is to be run. `is_whole`: for `invoke`, which gathers them."""
        graph = self._graph()
        prints = (
            ("updates", "values") if options.get("debug") or self.debug else options.get("print_mode", ())
        )
        form = StreamForm(
            graph,
            mode,
            print_mode=prints,
            subgraphs=options.get("subgraphs", False),
            version=options.get("version", "v1"),
        )
        watched = {*form.modes, *form.print_modes}
        if is_whole and mode == "values" and not form.is_typed:
            watched.add("updates")
        call = read_options(
            graph,
            value,
            config,
            options,
            modes=sorted(watched),
            keys=graph.output_keys if is_whole else graph.state_keys,
            is_whole=is_whole and mode == "values" and not form.print_modes,
        )
        return form, call

    def _default_mode(self, config: Mapping[str, Any] | None) -> str | Sequence[str]:
        """Inside a node, a graph that is handed the node's config shows its values, as in LangGraph."""
        return "values" if config is not None and find_current_task() is not None else self.stream_mode

    def _graph(self) -> CompiledGraph:
        return cast("CompiledGraph", self)


@dataclass(frozen=True, slots=True)
class _Failure:
    """What a run of a batch raised; a run may return an exception as its result, which is none."""

    error: Exception


def _configs(config: Configs, number: int) -> Sequence[Mapping[str, Any] | None]:
    """Return a config for each input. Raises ValueError where there are not as many."""
    if config is None or isinstance(config, Mapping):
        return [config] * number
    if len(config) != number:
        raise ValueError(
            f"A batch of {number} inputs has {len(config)} configs; give one for all or one for each."
        )
    return config


def _settle(outcomes: Sequence[Any], *, return_exceptions: bool) -> list[Any]:
    failures = [outcome.error for outcome in outcomes if isinstance(outcome, _Failure)]
    if failures and not return_exceptions:
        raise failures[0]
    return [outcome.error if isinstance(outcome, _Failure) else outcome for outcome in outcomes]
