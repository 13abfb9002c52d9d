"""Which new run tries an older one again, or forks it: on the same thread, from one of its checkpoints.

Nothing here is executed or stored. An ended run is never opened again, and what it left is never changed: the new run
begins at a checkpoint, with the results of finished tasks where that is the thread's newest.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson

from api.schemas.control import ForkRun
from api.services import Services
from fastgraph.database.records import AcceptRun
from fastgraph.database.runs import RunView
from fastgraph.database.threads import find_thread
from fastgraph.errors import ConflictError, ThreadNotFoundError
from fastgraph.ids import checkpoint_id, new_id, parse_checkpoint_id
from fastgraph.state.plain import decode, encode
from fastgraph.state.secrets import reveal

__all__ = ["accept_fork", "accept_retry"]

_PLACE = frozenset(
    {"checkpoint_id", "update_state", "goes_on"}
)  # where a run entered its thread, not how it is executed


async def accept_retry(services: Services, run: RunView, update: dict[str, Any] | None) -> AcceptRun:
    """Return the run that goes on where `run` ended, its state changed by `update` first; one that never made a checkpoint
    begins again, with `update` over its payload. Raises ConflictError where that payload is no object."""
    config = _config_of(run)
    if not run.checkpoint_number:
        return _accept(services, run, config, payload=await _payload_again(services, run, update))
    config = {name: value for name, value in config.items() if name not in _PLACE}
    if run.checkpoint_number != await _newest_of(services, run):
        config["checkpoint_id"] = checkpoint_id(run.thread_key, run.checkpoint_number)
    if update is not None:
        config |= {"update_state": [[{"values": update, "as_node": None}]], "goes_on": True}
    return _accept(services, run, config, payload=b"null")


async def accept_fork(services: Services, run: RunView, asked: ForkRun) -> AcceptRun:
    """Return the run that begins at a checkpoint of `run`'s thread. Raises ThreadNotFoundError where that has no such one,
    ConflictError where there is none at all."""
    config = {name: value for name, value in _config_of(run).items() if name not in _PLACE}
    config["checkpoint_id"] = await _place_of(services, run, asked.checkpoint_id)
    if asked.update is not None or asked.as_node is not None:
        step = [{"values": asked.update, "as_node": asked.as_node}]
        config |= {"update_state": [step], "goes_on": True}
    return _accept(services, run, config, payload=b"null")


async def _place_of(services: Services, run: RunView, named: str | None) -> str:
    if named is None:
        if not run.checkpoint_number:
            raise ConflictError(
                f"Run {run.run_id} has no checkpoint to fork. Start a new run with its payload."
            )
        return checkpoint_id(run.thread_key, run.checkpoint_number)
    try:
        key, number = parse_checkpoint_id(named)
    except ValueError:
        raise ThreadNotFoundError(run.thread_id, named) from None
    if key != run.thread_key or not 0 < number <= await _newest_of(services, run):
        raise ThreadNotFoundError(run.thread_id, named)
    return named


async def _newest_of(services: Services, run: RunView) -> int:
    async with services.store.readers.connect() as connection:
        thread = await find_thread(connection, thread_id=run.thread_id, namespace="")
    return 0 if thread is None else thread.checkpoint_number


async def _payload_again(services: Services, run: RunView, update: dict[str, Any] | None) -> bytes:
    if update is None:
        return run.payload
    payload = reveal(decode(run.payload))
    if not isinstance(payload, dict):
        raise ConflictError(
            f"Run {run.run_id} has no checkpoint, and its payload is no object that could be changed key by key. "
            "Start a new run with another payload."
        )
    changed = payload | update
    workflow = await services.workflows.get(run.workflow)
    services.payloads.check(changed, schema=workflow.input_schema, workflow=workflow.name)
    return encode(services.payloads.hidden(changed, workflow.input_schema), where="update")


def _config_of(run: RunView) -> dict[str, Any]:
    config: dict[str, Any] = orjson.loads(run.config) if run.config else {}
    return config


def _accept(services: Services, run: RunView, config: dict[str, Any], *, payload: bytes) -> AcceptRun:
    now, seconds = services.clock.now(), config.get("timeout_seconds")
    return AcceptRun(
        run_id=new_id(),
        name=run.name,
        workflow=run.workflow,
        thread_id=run.thread_id,
        payload=payload,
        tags=run.tags,
        context=run.context,
        config=encode(config, where="update") if config else None,
        deadline_at=None if seconds is None else now + timedelta(seconds=seconds),
        priority=run.priority,
        now=now,
    )
