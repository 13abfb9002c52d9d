"""The state of an entrypoint: its input, what it returned, and what it saved for its next run.

From outside the state is what was returned last, under no key, as in LangGraph; inside there are three keys, so that
checkpoints, hosts and savers need to know nothing about entrypoints.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypedDict, TypeVar, cast

from fastgraph.execution.tasks import Folded, Task, Write
from fastgraph.graph.definition import GraphDefinition
from fastgraph.graph.state_access import InputReading, StateAccess
from fastgraph.state.schema import RESULT, input_json_schema
from fastgraph.state.values import StoredValue

__all__ = ["INPUT_KEY", "PREVIOUS_KEY", "RESULT_KEY", "EntrypointState", "FinalValue", "state_types"]

INPUT_KEY: Final = "__start__"
RESULT_KEY: Final = RESULT
PREVIOUS_KEY: Final = "__previous__"


def state_types(taken: Any, returned: Any, saved: Any) -> tuple[Any, Any, Any]:
    """Make the state, input and output types of an entrypoint that takes, returns and saves these."""
    state = {INPUT_KEY: taken, RESULT_KEY: returned, PREVIOUS_KEY: saved}
    return (
        _dict_type("EntrypointState", state),
        _dict_type("EntrypointInput", {INPUT_KEY: taken}),
        _dict_type("EntrypointOutput", {RESULT_KEY: returned}),
    )


def _dict_type(name: str, keys: Mapping[str, Any]) -> Any:
    make = cast("Any", TypedDict)  # a checker wants literal keys, which these are not
    return make(name, dict(keys), total=False)


R = TypeVar("R")
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class FinalValue(Generic[R, S]):
    """What an entrypoint returns (`value`), and what its thread's next run finds as `previous` (`save`)."""

    value: R
    save: S


class EntrypointState(StateAccess):
    """Reads and writes an entrypoint's state."""

    def __init__(self, definition: GraphDefinition) -> None:
        super().__init__(definition)
        self.shown_key = RESULT_KEY

    def read_input(self, given: Any, values: Mapping[str, StoredValue]) -> InputReading:  # noqa: ARG002 - no reducers
        """Read an input, which may be anything that can be stored. Raises UnstorableValueError."""
        writes, _ = self.encode_update([(INPUT_KEY, given)])
        return InputReading(
            writes=tuple(Write(*write) for write in writes),
            folded=Folded(values={}, changes={}),
            unknown_keys=(),
        )

    def parse_payload(self, payload: Any) -> Any:
        """Return a client's JSON as the function's parameter holds it. Raises Pydantic's ValidationError."""
        return self.keys[INPUT_KEY].parse(payload)

    def read_state(
        self,
        kind: Any,  # noqa: ARG002 - there is one node and no router
        values: Mapping[str, StoredValue],
        task: Task | None = None,  # noqa: ARG002 - as above
    ) -> Any:
        """Return the input."""
        return values[INPUT_KEY].fresh()

    def as_update(self, value: Any) -> Any:
        """Return what the function returned as the update of the result and of what is saved."""
        if isinstance(value, FinalValue):
            return {RESULT_KEY: value.value, PREVIOUS_KEY: value.save}
        return {RESULT_KEY: value, PREVIOUS_KEY: value}

    def read_previous(self, values: Mapping[str, StoredValue]) -> Any:
        """Return what the thread's run before has saved; None in the first."""
        saved = values.get(PREVIOUS_KEY)
        return None if saved is None else saved.fresh()

    def input_json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the function's parameter."""
        return input_json_schema(self.keys[INPUT_KEY].declared)

    def output_json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of what the function returns."""
        return input_json_schema(self.keys[RESULT_KEY].declared)
