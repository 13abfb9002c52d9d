"""How the chunks of a call look to its caller: bare, with their mode, with their namespace, or as parts with a type.

    stream_mode="updates"                      data
    stream_mode=["updates", "values"]          (mode, data)
    … subgraphs=True                           (namespace, data) or (namespace, mode, data)
    … version="v2"                             {"type", "ns", "data"}, and "interrupts" beside values

`print_mode` prints chunks as they pass, in whatever form, and changes nothing. With `version="v2"` values are instances of
a dataclass or model where the graph's schema is one, and `invoke` returns a `GraphOutput`.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel

from fastgraph.errors import ConfigError
from fastgraph.execution.plan import START
from fastgraph.in_process.showing import INTERRUPT, Chunk, LateValues

if TYPE_CHECKING:
    from fastgraph.graph.compiled import CompiledGraph

__all__ = ["GraphOutput", "Outcome", "StreamForm"]

OutputT = TypeVar("OutputT")
Modes = str | Sequence[str]


@dataclass(frozen=True)
class GraphOutput(Generic[OutputT]):
    """What `invoke(version="v2")` returns: the last values, and what the run waits for.

    `output["key"]` and `"key" in output` still answer as version 1's dict does, with a warning.
    """

    value: OutputT
    interrupts: tuple[Any, ...] = ()

    def __getitem__(self, key: str) -> Any:
        self._warn()
        if key == INTERRUPT:
            return self.interrupts
        if isinstance(self.value, dict):
            return self.value[key]
        try:
            return getattr(self.value, key)
        except AttributeError:
            raise KeyError(key) from None

    def __contains__(self, key: object) -> bool:
        self._warn()
        if key == INTERRUPT:
            return bool(self.interrupts)
        if isinstance(self.value, dict):
            return key in self.value
        return isinstance(key, str) and hasattr(self.value, key)

    @staticmethod
    def _warn() -> None:
        warnings.warn("Use output.value and output.interrupts.", DeprecationWarning, stacklevel=3)


class StreamForm:
    """The form of one call's chunks. Raises ConfigError for a version that there is not."""

    def __init__(
        self,
        graph: CompiledGraph,
        mode: Modes,
        *,
        print_mode: Modes = (),
        subgraphs: bool = False,
        version: str = "v1",
    ) -> None:
        if version not in ("v1", "v2"):
            raise ConfigError(f"There is no stream version {version!r}. There are: v1, v2.")
        self.modes = _as_modes(mode)
        self.print_modes = _as_modes(print_mode)
        self.is_typed = version == "v2"
        self._is_list = not isinstance(mode, str)
        self._has_namespace = subgraphs
        self._as_output = _maker(graph.definition.output_type)
        self._as_state = _maker(graph.definition.state_type)

    def take(self, chunk: Chunk) -> tuple[Any, ...]:
        """Return a chunk in its form, alone in a tuple; nothing where its mode was not asked for."""
        if self.print_modes and chunk.mode in self.print_modes:
            self._print(chunk)
        if chunk.mode not in self.modes:
            return ()
        if self.is_typed:
            return (self._part(chunk),)
        if self._has_namespace:
            return (tuple(chunk),) if self._is_list else ((chunk.namespace, chunk.data),)
        return ((chunk.mode, chunk.data),) if self._is_list else (chunk.data,)

    def shape_values(self, values: Any) -> Any:
        """Return a run's last values in this form."""
        return self._as_output(values) if self.is_typed and isinstance(values, dict) else values

    def _part(self, chunk: Chunk) -> dict[str, Any]:
        data = chunk.data
        part: dict[str, Any] = {"type": chunk.mode, "ns": chunk.namespace, "data": data}
        if chunk.mode == "values":
            asked: tuple[Any, ...] = ()
            if isinstance(data, dict):
                data = dict(data)
                asked = data.pop(INTERRUPT, ())
                part["data"] = data if chunk.namespace else self._as_output(data)
            part["interrupts"] = asked
        elif not chunk.namespace and chunk.mode == "checkpoints":
            part["data"] = self._with_state(data)
        elif not chunk.namespace and chunk.mode == "debug" and data["type"] == "checkpoint":
            part["data"] = {**data, "payload": self._with_state(data["payload"])}
        return part

    def _with_state(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make the state of a checkpoint's values, but not before the input, where keys may be missing."""
        values = payload["values"]
        if not isinstance(values, dict) or START in payload["next"]:
            return payload
        return {**payload, "values": self._as_state(values)}

    def _print(self, chunk: Chunk) -> None:
        place = (
            f"\033[1;33m[graph={chunk.namespace}]\033[0m " if self._has_namespace and chunk.namespace else ""
        )
        print(f"\033[1m[{chunk.mode}]\033[0m {place}{chunk.data!r}")  # noqa: T201 - what print_mode is for


class Outcome:
    """What `invoke` returns, gathered from the chunks: the last values, or all chunks of the wanted modes."""

    def __init__(self, form: StreamForm, mode: Modes, namespace: tuple[str, ...] = ()) -> None:
        self._form = form
        self._namespace = namespace
        self._is_values = mode == "values"
        self._chunks: list[Any] = []
        self._values: Any = None
        self._questions: list[Any] = []

    def add(self, chunk: Chunk) -> None:
        """Take the next chunk."""
        if isinstance(chunk.data, LateValues):
            self._values = chunk.data
            return
        parts = self._form.take(chunk)
        if not self._is_values:
            self._chunks += parts
        elif chunk.namespace != self._namespace:
            return
        elif chunk.mode == "values":
            self._values = parts[0]["data"] if self._form.is_typed else chunk.data
            if self._form.is_typed:
                self._questions += parts[0]["interrupts"]
        elif chunk.mode == "updates" and not self._form.is_typed:
            self._questions += chunk.data.get(INTERRUPT, ())

    def result(self) -> Any:
        """Return the last values, with `__interrupt__` where the run waits, or the list of chunks."""
        if not self._is_values:
            return self._chunks
        if isinstance(self._values, LateValues):
            self._values = self._form.shape_values(self._values.read())
        if self._form.is_typed:
            return GraphOutput(self._values, tuple(self._questions))
        if self._questions:
            values = self._values if isinstance(self._values, dict) else {}
            return {**values, INTERRUPT: self._questions}
        return self._values


def _as_modes(mode: Modes) -> tuple[str, ...]:
    return (mode,) if isinstance(mode, str) else tuple(mode)


def _maker(kind: Any) -> Callable[[dict[str, Any]], Any]:
    """Return what makes an instance of a schema; values stay a dict where it is a TypedDict."""
    if isinstance(kind, type) and (dataclasses.is_dataclass(kind) or issubclass(kind, BaseModel)):
        return lambda values: kind(**values)
    return lambda values: values
