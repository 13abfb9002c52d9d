"""`DescribesItself`: what a compiled graph tells about itself without being run: its picture, its schemas, its parts.

Schemas are JSON Schemas and Pydantic models of the graph's own types. Keys of a TypedDict are optional, because a thread
may have them already; fields of a dataclass or a model are as they were declared.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel, RootModel, create_model

from fastgraph.graph.drawing import draw
from fastgraph.graph.picture import DrawableGraph
from fastgraph.state.annotations import for_pydantic
from fastgraph.state.json_schema import describe_type

if TYPE_CHECKING:
    from fastgraph.graph.compiled import CompiledGraph

__all__ = ["DescribesItself"]


class DescribesItself:
    """The descriptions of a compiled graph, under LangGraph's names; a `config` is accepted and not needed."""

    @property
    def context_schema(self) -> Any:
        """The type of the context that its nodes want; None where they want none."""
        return self._this().definition.context_type

    @property
    def InputType(self) -> Any:  # noqa: N802 - LangGraph's name
        """The type of an input."""
        return self._this().definition.input_type

    @property
    def OutputType(self) -> Any:  # noqa: N802 - LangGraph's name
        """The type of what a run gives back."""
        return self._this().definition.output_type

    def get_name(self) -> str:
        """Return the graph's name."""
        return self._this().name

    def get_graph(
        self,
        config: Mapping[str, Any] | None = None,  # noqa: ARG002 - theirs
        *,
        xray: int | bool = False,
    ) -> DrawableGraph:
        """Return the picture: `.to_json()`, `.draw_mermaid()`, `.draw_ascii()`.

        With `xray` nested graphs are drawn in place of their nodes; a number says how many levels deep.
        """
        return draw(self._this(), xray=xray)

    async def aget_graph(
        self, config: Mapping[str, Any] | None = None, *, xray: int | bool = False
    ) -> DrawableGraph:
        """Do what `get_graph` does; nothing in it waits."""
        return self.get_graph(config, xray=xray)

    def get_subgraphs(
        self, *, namespace: str | None = None, recurse: bool = False
    ) -> Iterator[tuple[str, CompiledGraph]]:
        """Yield the graphs that are its nodes, by their place (`node`, deeper ones with `recurse` as `node|inner`).

        With a `namespace` only the one at that place is found.
        """
        for name, spec in self._this().nodes.items():
            if spec.subgraph is None:
                continue
            if namespace is None or namespace == name:
                yield name, spec.subgraph
            if recurse or (namespace is not None and namespace.startswith(f"{name}|")):
                inner = namespace.removeprefix(f"{name}|") if namespace is not None else None
                for place, graph in spec.subgraph.get_subgraphs(namespace=inner, recurse=recurse):
                    yield f"{name}|{place}", graph

    async def aget_subgraphs(
        self, *, namespace: str | None = None, recurse: bool = False
    ) -> AsyncIterator[tuple[str, CompiledGraph]]:
        """Do what `get_subgraphs` does; nothing in it waits."""
        for place in self.get_subgraphs(namespace=namespace, recurse=recurse):
            yield place

    def input_json_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of an input."""
        return self._this().state.input_json_schema()

    def get_input_jsonschema(self, config: Mapping[str, Any] | None = None) -> dict[str, Any]:  # noqa: ARG002
        """Return the JSON Schema of an input."""
        return self._this().state.input_json_schema()

    def get_output_jsonschema(self, config: Mapping[str, Any] | None = None) -> dict[str, Any]:  # noqa: ARG002
        """Return the JSON Schema of what a run gives back."""
        return self._this().state.output_json_schema()

    def get_context_jsonschema(self) -> dict[str, Any] | None:
        """Return the JSON Schema of the context; None where the graph declares none."""
        kind = self.context_schema
        if kind is None:
            return None
        required = getattr(kind, "__required_keys__", None)
        described = describe_type(kind) or {}
        return described if not required else {**described, "required": sorted(required)}

    def get_config_jsonschema(self, *, include: Sequence[str] | None = None) -> dict[str, Any]:
        """Return the JSON Schema of a config, with the context under `configurable`, where it stood before `context=`."""
        return self.config_schema(include=include).model_json_schema()

    def get_input_schema(self, config: Mapping[str, Any] | None = None) -> type[BaseModel]:  # noqa: ARG002
        """Return a Pydantic model of an input: the schema itself where it is one."""
        kind = self.InputType
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
        model: type[BaseModel] = RootModel.__class_getitem__(for_pydantic(kind))  # type: ignore[assignment]
        return create_model(f"{self.get_name()}_input", __base__=model)

    def get_output_schema(self, config: Mapping[str, Any] | None = None) -> type[BaseModel]:  # noqa: ARG002
        """Return a Pydantic model with the keys that a run gives back."""
        state = self._this().state
        fields: dict[str, Any] = {
            key: (for_pydantic(state.keys[key].declared), ...) for key in state.output_keys
        }
        return create_model(f"{self.get_name()}_output", **fields)

    def config_schema(self, *, include: Sequence[str] | None = None) -> type[BaseModel]:
        """Return a Pydantic model of a config; `include` adds the keys of a RunnableConfig that are named there."""
        fields: dict[str, Any] = {}
        if self.context_schema is not None:
            fields["configurable"] = (for_pydantic(self.context_schema), None)
        fields.update((name, (Any, None)) for name in include or () if name != "configurable")
        return create_model(f"{self.get_name()}_config", **fields)

    def _this(self) -> CompiledGraph:
        return cast("CompiledGraph", self)
