"""A flow sees the same whether its thread is kept in memory or in SQLite."""

import warnings

import pytest

from conformance.library import FASTGRAPH
from conformance.observing import run_chunks
from conformance.program import Flow, list_programs
from fastgraph.checkpoint.sqlite import SqliteSaver

FLOWS = [
    flow
    for flow in list_programs()
    if isinstance(flow, Flow) and flow.needs_checkpointer and not flow.is_async
]


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_a_flow_sees_the_same_in_memory_and_in_sqlite(flow: Flow) -> None:
    with warnings.catch_warnings(), SqliteSaver.from_conn_string(":memory:") as kept:
        warnings.simplefilter("ignore")
        assert run_chunks(flow, FASTGRAPH, kept) == run_chunks(flow, FASTGRAPH)
