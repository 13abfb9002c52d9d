"""The flows of the conformance suite as workflows of a server, each under its program's name.

A host loads this file as it loads a user's: all compiled graphs that it finds here are registered. Threads are kept by
the server, so nothing is compiled with a saver.
"""

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


globals().update({flow.name: _compile(flow) for flow in list_programs() if is_run_by_a_server(flow)})
