"""Starting child runs for a task, and finding out how they ended.

A child is accepted like any run, under a key that the same task always has: an attempt that is made again, or a second
owner of the run, finds the child that is there. How it ended is read from its own rows: no message has to be believed.
"""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from actors.host.tools import HostTools
from actors.runs.reading import RETRY_SECONDS, read_patiently
from actors.runtime.errors import InboxFullError
from fastgraph.database.checkpoints import read_checkpoint
from fastgraph.database.children import ChildOutcome, read_outcomes
from fastgraph.database.records import Accepted, AcceptRun, ClaimedRun
from fastgraph.database.workflows import find_workflow, list_workflows
from fastgraph.errors import StoreUnavailableError, WorkflowNotFoundError
from fastgraph.graph.child_runs import ChildRequest
from fastgraph.ids import new_id
from fastgraph.state.plain import decode
from fastgraph.status import ENDED

__all__ = ["find_ended", "start_child"]

KEY_MARK = "\N{RIGHTWARDS ARROW}"  # no client's Idempotency-Key has one: those are ASCII
GONE = {"status": "deleted", "result": None, "error": None}


async def start_child(tools: HostTools, claimed: ClaimedRun, request: ChildRequest) -> Accepted:
    """Accept a child run, or find it. Raises WorkflowNotFoundError, and ConflictError for a thread that is no such."""
    workflow = await read_patiently(
        tools.store, lambda connection: find_workflow(connection, name=request.workflow)
    )
    if workflow is None:
        known = await read_patiently(tools.store, list_workflows)
        raise WorkflowNotFoundError(request.workflow, tuple(item.name for item in known))
    operation = AcceptRun(
        run_id=new_id(),
        name=request.name,
        workflow=request.workflow,
        thread_id=request.thread_id or new_id(),
        payload=request.payload,
        tags=request.tags,
        idempotency_key=f"{KEY_MARK}{claimed.run_id}:{request.task_id}:{request.key}",
        parent_run_key=claimed.run_key,
        parent_task_id=request.task_id,
        parent_close_policy=request.close_policy,
        now=tools.clock.now(),
    )
    while True:
        try:
            accepted: Accepted = await tools.writer.write(operation)
        except (StoreUnavailableError, InboxFullError):
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return accepted


async def find_ended(tools: HostTools, run_ids: list[str]) -> dict[str, Any]:
    """Return the outcomes of those of these runs that have ended: id -> what `run_workflow` is told."""
    found = await read_patiently(tools.store, lambda connection: read_outcomes(connection, run_ids=run_ids))
    ended: dict[str, Any] = {name: GONE for name in run_ids if name not in found}
    for outcome in found.values():
        if outcome.status in ENDED:
            ended[outcome.run_id] = await _read(tools, outcome)
    return ended


async def _read(tools: HostTools, outcome: ChildOutcome) -> dict[str, Any]:
    result = None if outcome.result is None else decode(outcome.result)
    if result is None and outcome.status == "completed":  # too large to stand with its run
        stored = await read_patiently(
            tools.store,
            lambda connection: read_checkpoint(
                connection,
                thread_key=outcome.thread_key,
                number=outcome.checkpoint_number,
                spill=tools.store.spill,
            ),
        )
        result = {} if stored is None else {key: decode(data) for key, data in stored.values.items()}
    error = None if outcome.error is None else orjson.loads(outcome.error)
    return {"status": outcome.status, "result": result, "error": error}
