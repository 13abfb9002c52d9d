"""The flows of the conformance suite as workflows of a server, each under its program's name.

A host loads this file as it loads a user's: all compiled graphs that it finds here are registered. Threads are kept by
the server, so nothing is compiled with a saver. FASTGRAPH_TEST_FLOWS may name those that are wanted, comma separated.
"""

import os
from typing import Any

from conformance.library import FASTGRAPH
from conformance.not_served import is_run_by_a_server
from conformance.program import Flow, list_programs


def _compile(flow: Flow) -> Any:
    built = flow.build(FASTGRAPH)
    if hasattr(built, "compile"):
        return built.compile(**flow.compile_options(FASTGRAPH), name=flow.name)
    built.name = flow.name
    return built


def _wanted() -> list[Flow]:
    names = os.environ.get("FASTGRAPH_TEST_FLOWS")
    flows = [
        program for program in list_programs() if isinstance(program, Flow) and is_run_by_a_server(program)
    ]
    return [flow for flow in flows if names is None or flow.name in names.split(",")]


globals().update({flow.name: _compile(flow) for flow in _wanted()})
