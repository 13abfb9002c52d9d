"""A run as an answer: with its payload and result whole, also where the result was too large to be kept with its run."""

from __future__ import annotations

from starlette.responses import Response

from api.encoding import encode_run, join_values
from api.services import Services
from fastgraph.database.checkpoints import read_checkpoint
from fastgraph.database.runs import RunView
from fastgraph.database.versions import find_outputs
from fastgraph.state.schema import BARE_KEYS
from fastgraph.status import RunStatus

__all__ = ["answer_run"]


async def answer_run(services: Services, run_id: str, *, status_code: int = 200) -> Response:
    """Answer a run as it stands. Raises RunNotFoundError."""
    run = await services.log.get_run(run_id)
    result = run.result
    if result is None and run.status is RunStatus.COMPLETED:
        result = await _read_result(services, run)
    body = encode_run(run, payload=run.payload, result=result)
    return Response(body, status_code, media_type="application/json")


async def _read_result(services: Services, run: RunView) -> bytes | None:
    """Return a result that was too large to be kept with its run: what the graph gives of the state after its last step.
    Of a version that has not said what it gives it is all of the state."""
    async with services.store.readers.connect() as connection:
        stored = await read_checkpoint(
            connection, thread_key=run.thread_key, number=run.checkpoint_number, spill=services.store.spill
        )
        outputs = await find_outputs(connection, name=run.workflow, graph_hash=run.graph_hash)
    if stored is None:
        return None
    if isinstance(outputs, str):
        return stored.values.get(outputs, b"null")
    if outputs is not None:
        return join_values({key: stored.values[key] for key in outputs if key in stored.values})
    bare = next((stored.values[key] for key in BARE_KEYS if key in stored.values), None)
    return join_values(stored.values) if bare is None else bare
