"""What one call of `invoke` or `stream` was asked for, read and checked once."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from fastgraph.checkpoint.base import ThreadLog
from fastgraph.checkpoint.durability import Durability
from fastgraph.errors import ConfigError
from fastgraph.graph.control import RunControl
from fastgraph.graph.current import find_current_task
from fastgraph.in_process.artifacts import MemoryArtifacts
from fastgraph.in_process.nesting import Nesting, find_nesting
from fastgraph.in_process.replay import Origins, read_origins

if TYPE_CHECKING:
    from fastgraph.cache.base import BaseCache
    from fastgraph.graph.compiled import CompiledGraph

__all__ = ["DEFAULT_RECURSION_LIMIT", "STREAM_MODES", "CallOptions", "RunOptions", "read_options"]

_LOGGER = logging.getLogger("fastgraph")
DEFAULT_RECURSION_LIMIT = 10007
STREAM_MODES = (
    "values",
    "updates",
    "custom",
    "messages",
    "tasks",
    "checkpoints",
    "debug",
    "log",
    "progress",
    "token",
)
_LIVE = frozenset({"custom", "messages", "log", "progress", "token"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """One call's options. `is_live` says that chunks must arrive while a node runs; `max_concurrency` None is no limit.

    `is_single_key`: the one output key was given by its name and not in a list, so its bare value is shown.
    `own_modes` are the caller's, `modes` also those that a run around this one shows. `shows_nested`: the chunks of nested
    runs are shown, too, for the same modes. `is_whole`: only the last values count, and what is asked, so nothing else is
    read.
    """

    input: Any
    config: Mapping[str, Any]
    context: Any
    modes: frozenset[str]
    output_keys: tuple[str, ...]
    is_single_key: bool
    interrupt_before: tuple[str, ...]
    interrupt_after: tuple[str, ...]
    recursion_limit: int
    max_concurrency: int | None
    thread_id: str | None
    artifacts: MemoryArtifacts
    control: RunControl
    shows_nested: bool = False
    is_whole: bool = False
    nesting: Nesting | None = None
    own_modes: frozenset[str] = frozenset()
    durability: Durability = "async"
    origins: Origins = field(default_factory=Origins)

    def take_origin(self, log: ThreadLog) -> tuple[str | None, bool]:
        """Return the name of the checkpoint to begin at, None for the newest, and whether a nested run goes on there."""
        if self.nesting is not None:
            return (
                self.nesting.origins.take(self.namespace, log) if self.nesting.mode is True else (None, False)
            )
        named = (self.config.get("configurable") or {}).get("checkpoint_id")
        return None if named is None else str(named), False

    @property
    def cache(self) -> BaseCache[Any] | None:
        """The cache of the run around this one."""
        return getattr(self.nesting.parent.services, "cache", None) if self.nesting else None

    def in_progress(self) -> AbstractContextManager[None]:
        """Let the task around a nested run wait for it, should the task end before."""
        return self.nesting.parent.open_calls().in_progress() if self.nesting else nullcontext()

    @property
    def namespace(self) -> str:
        """The run's lineage in its thread; "" for one that is not nested."""
        return self.nesting.namespace if self.nesting else ""

    @property
    def nested_modes(self) -> frozenset[str]:
        """The stream modes that somebody wants of runs nested in this one."""
        further_out = self.nesting.watched_modes if self.nesting else frozenset()
        return self.own_modes | further_out if self.shows_nested else further_out

    @property
    def is_live(self) -> bool:
        return bool(self.nested_modes) or not self.modes.isdisjoint(_LIVE)


class CallOptions(TypedDict, total=False):
    """The keywords of `invoke`, `stream` and their async forms.

    `context` is handed to every node, `output_keys` chooses what is shown, `interrupt_before` and `interrupt_after` are
    node names or "*" in place of those given to `compile`, `artifacts` collects what nodes save, `control` can ask the run
    to stop between two steps. `subgraphs` shows nested runs, `version` is the form of chunks and results, `print_mode`
    prints chunks as they pass, `debug` updates and values. `durability` says when checkpoints are kept.
    """

    context: Any
    output_keys: Sequence[str] | str | None
    interrupt_before: Sequence[str] | str | None
    interrupt_after: Sequence[str] | str | None
    artifacts: MemoryArtifacts | None
    control: RunControl | None
    subgraphs: bool
    version: Literal["v1", "v2"]
    print_mode: Sequence[str] | str
    debug: bool | None
    durability: Durability | None


def read_options(
    graph: CompiledGraph,
    value: Any,
    config: Mapping[str, Any] | None,
    given: CallOptions,
    *,
    modes: Sequence[str],
    keys: tuple[str, ...],
    is_whole: bool = False,
) -> RunOptions:
    """Read the options of a call; raises ConfigError for a value that can't be. `keys` are shown where none are named."""
    shown = given.get("output_keys")
    if shown is None:
        shown = graph.state.shown_key or keys
    nesting = find_nesting(graph, (config or {}).get("configurable"))
    merged = graph.merge_config(_inherit(config, nesting))
    configurable = merged.get("configurable") or {}
    origins = Origins()
    if nesting is None and configurable.get("checkpoint_ns"):
        configurable, origins = read_origins(configurable)
        merged["configurable"] = configurable
    limit = merged.get("recursion_limit", DEFAULT_RECURSION_LIMIT)
    if not isinstance(limit, int) or limit < 1:
        raise ConfigError(f"recursion_limit is {limit!r}; it must be at least 1.")
    _check_modes(graph, modes)
    thread_id = configurable.get("thread_id")
    if nesting is None and graph.checkpointer_mode is True:
        raise RuntimeError(
            "checkpointer=True cannot be used for root graphs: it means the saver of the graph around. "
            "Compile the graph with a saver."
        )
    if nesting is None and graph.checkpointer is not None and thread_id is None:
        raise ConfigError(
            "The graph has a checkpointer and the config names no thread. "
            'Give one: config={"configurable": {"thread_id": "<name>"}}.'
        )
    return RunOptions(
        input=value,
        config=merged,
        context=_context(graph, given, nesting),
        modes=frozenset(modes) | (nesting.watched_modes if nesting else frozenset()),
        own_modes=frozenset(modes),
        nesting=nesting,
        output_keys=_as_names(shown),
        is_single_key=isinstance(shown, str),
        interrupt_before=_as_names(given.get("interrupt_before")) or graph.interrupt_before,
        interrupt_after=_as_names(given.get("interrupt_after")) or graph.interrupt_after,
        recursion_limit=limit,
        max_concurrency=merged.get("max_concurrency"),
        thread_id=None if thread_id is None else str(thread_id),
        artifacts=_artifacts(given.get("artifacts")),
        control=given.get("control") or _control_around() or RunControl(),
        shows_nested=given.get("subgraphs", False),
        is_whole=is_whole and not (nesting and nesting.watched_modes),
        durability=_durability(given.get("durability"), nesting),
        origins=origins,
    )


def _check_modes(graph: CompiledGraph, modes: Sequence[str]) -> None:
    """Tell of a mode that there is not; it shows nothing, as in LangGraph, and is an error for a strict graph."""
    unknown = [mode for mode in modes if mode not in STREAM_MODES]
    if unknown:
        sentence = f"There is no stream mode {unknown[0]!r}. There are: {', '.join(STREAM_MODES)}."
        if graph.plan.is_strict:
            raise ConfigError(sentence)
        _LOGGER.warning("%s It shows nothing.", sentence)


def _durability(given: Any, nesting: Nesting | None) -> Durability:
    """Return when checkpoints are kept: as the call says, else as the run around it."""
    around = getattr(nesting.parent.services, "durability", None) if nesting else None
    wanted: Durability = given or around or "async"
    if wanted not in _DURABILITIES:
        # LangGraph takes any word for "async"
        _LOGGER.warning("durability %r is none of %s; it counts as async.", wanted, ", ".join(_DURABILITIES))
        return "async"
    return wanted


def _as_names(names: Sequence[str] | str | None) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names or ())


_LOGGER = logging.getLogger("fastgraph")
_DURABILITIES = ("sync", "async", "exit")
_OWN_PLACE = frozenset({"checkpoint_id", "checkpoint_ns", "checkpoint_map"})


def _inherit(config: Mapping[str, Any] | None, nesting: Nesting | None) -> Mapping[str, Any] | None:
    """Lay a call's config over that of the task around it; where the task stands is not handed down."""
    current = find_current_task()
    if current is None:
        return config
    around, given = current.config, config or {}
    merged = {**around, **given}
    merged["metadata"] = {**(around.get("metadata") or {}), **(given.get("metadata") or {})}
    merged["tags"] = list(dict.fromkeys((*(around.get("tags") or ()), *(given.get("tags") or ()))))
    if nesting is not None:
        both = {**(around.get("configurable") or {}), **(given.get("configurable") or {})}
        merged["configurable"] = {key: value for key, value in both.items() if key not in _OWN_PLACE}
    else:
        merged["configurable"] = given.get("configurable") or {}
    return merged


def _context(graph: CompiledGraph, given: CallOptions, nesting: Nesting | None) -> Any:
    """Return the context as the graph's schema says; one that does not fit fails the call before anything runs."""
    context = given.get("context")
    if context is None and nesting is not None:
        return nesting.parent.context
    return graph.state.read_context(context)


def _control_around() -> RunControl | None:
    """A nested run stops when the run around it is asked to."""
    current = find_current_task()
    return current.control if current else None


def _artifacts(given: MemoryArtifacts | None) -> MemoryArtifacts:
    # an empty collection is false, and still the one to fill
    return MemoryArtifacts() if given is None else given
