"""How a run actor begins: from a claim to a machine, fresh or rebuilt from what was recorded.

Never from memory: a new input becomes the thread's next checkpoint, anything else is read back from the last one with its
results, attempts and answers. Validators of typed values are user code and run on a user thread.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, cast

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from actors.host.tools import HostTools
from actors.runs.encoding import ChangeLog, decode_result
from actors.runs.entering import Entry, StateUpdateRequest, apply_update, fork_of, patch_of, read_entry
from actors.runs.kept_errors import restore_handlers, restore_retries
from actors.runs.reading import read_patiently
from actors.runs.relocating import UnfitError, check_fits, read_relocation, relocate_facts, relocate_values
from actors.runs.situation import Asked, Situation, Wait
from fastgraph.checkpoint.logs import CheckpointSource, SavedCheckpoint
from fastgraph.database import attempts, checkpoints, interrupts
from fastgraph.database.checkpoints import StoredResult
from fastgraph.database.interrupts import InterruptView
from fastgraph.database.records import AttemptRow, ClaimedRun
from fastgraph.errors import FastGraphError
from fastgraph.execution.checkpoint import EMPTY, Checkpoint, StepCommit
from fastgraph.execution.dataflow import make_machine
from fastgraph.execution.fitting import Relocation
from fastgraph.execution.machine import Machine
from fastgraph.execution.plan import START
from fastgraph.execution.start import start
from fastgraph.execution.stored import MachineFacts, decode_machine
from fastgraph.execution.tasks import TaskResult, WaitKind
from fastgraph.graph.compiled import CompiledGraph
from fastgraph.state.plain import decode
from fastgraph.state.values import StoredValue

__all__ = [
    "BadInputError",
    "Beginning",
    "RunConfig",
    "UnfitError",
    "begin",
    "breakpoint_task",
    "read_config",
]

DEFAULT_RECURSION_LIMIT = 10007


class BadInputError(FastGraphError):
    """The input does not fit the workflow; `error` is what was raised for that, often by the user's own validators."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        super().__init__(f"The input can't be read: {error}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """The `config` of a run, with its defaults."""

    recursion_limit: int = DEFAULT_RECURSION_LIMIT
    max_concurrency: int | None = None
    interrupt_before: tuple[str, ...] = ()
    interrupt_after: tuple[str, ...] = ()
    configurable: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """Where the run stands. `commit` is the input's step, still to be stored; None where the run goes on. `earlier` are to
    be stored before it, one by one, and `is_over` says that nothing is to be executed: the run has changed a state.

    `changes` is what a reader of its checkpoint has to go through, `result_seqs` the numbers of the results that are
    recorded since.
    """

    situation: Situation
    config: RunConfig
    changes: ChangeLog
    result_seqs: Mapping[str, int] = field(default_factory=dict)
    commit: StepCommit | None = None
    unknown_keys: tuple[str, ...] = ()
    earlier: tuple[StepCommit, ...] = ()
    is_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _LeftBehind:
    """What was recorded since the checkpoint."""

    results: Sequence[StoredResult]
    attempts: Sequence[AttemptRow]
    questions: Sequence[InterruptView]
    inherited: Sequence[StoredResult]


def read_config(encoded: bytes | None, graph: CompiledGraph) -> RunConfig:
    """Read a run's config; what the graph was compiled with holds where the run says nothing."""
    given: dict[str, Any] = orjson.loads(encoded) if encoded else {}
    return RunConfig(
        recursion_limit=given.get("recursion_limit") or DEFAULT_RECURSION_LIMIT,
        max_concurrency=given.get("max_concurrency"),
        interrupt_before=_names(given.get("interrupt_before"), graph.interrupt_before),
        interrupt_after=_names(given.get("interrupt_after"), graph.interrupt_after),
        configurable=given.get("configurable"),
    )


def breakpoint_task(number: int) -> str:
    """The name under which the answer to a static interrupt is kept: no task, but a place in the thread."""
    return f"breakpoint:{number}"


async def begin(claimed: ClaimedRun, graph: CompiledGraph, tools: HostTools) -> Beginning:
    """Make the machine of a claimed run.

    Raises UnfitError where the run does not fit this host's workflow, and BadInputError.
    """
    config = read_config(claimed.config, graph)
    try:
        entry = read_entry(claimed)
    except (FastGraphError, ValueError) as error:
        raise BadInputError(error) from error
    if entry.update is not None and not (entry.update.goes_on and _is_updated(claimed, entry.update)):
        return await _begin_update(claimed, graph, tools, config, entry)
    if claimed.checkpoint_number != claimed.base_checkpoint:
        return await _take_up(claimed, graph, tools, config)
    if entry.has_input:
        return await _begin_fresh(claimed, graph, tools, config, entry.number)
    if entry.number is None and claimed.checkpoint_number:
        return await _take_up(claimed, graph, tools, config, goes_on=True)
    return await _begin_fork(claimed, graph, tools, config, entry.number)


async def _begin_fresh(
    claimed: ClaimedRun, graph: CompiledGraph, tools: HostTools, config: RunConfig, number: int | None
) -> Beginning:
    base, _, changes = await _read_checkpoint(claimed, graph, tools, number)
    state = graph.state
    try:
        payload = decode(claimed.payload)
        reading = await tools.call_user(lambda: state.read_input(state.parse_payload(payload), base.values))
        commit = start(graph.plan, base, reading.writes, reading.folded, extra=reading.extra)
        newest = claimed.checkpoint_number + 1  # a branch of an older checkpoint is the newest nevertheless
        commit = replace(commit, checkpoint=replace(commit.checkpoint, number=newest))
    except Exception as error:
        raise BadInputError(error) from error
    machine = _make_machine(claimed, graph, config, commit.checkpoint, first_step=base.step + 1)
    return Beginning(
        situation=Situation(machine=machine, first_step=base.step + 1),
        config=config,
        changes=changes,
        commit=commit,
        unknown_keys=reading.unknown_keys,
    )


async def _begin_fork(
    claimed: ClaimedRun, graph: CompiledGraph, tools: HostTools, config: RunConfig, number: int | None
) -> Beginning:
    base, _, changes = await _read_checkpoint(claimed, graph, tools, number)
    try:
        commit = fork_of(base, number=claimed.checkpoint_number + 1)
    except FastGraphError as error:
        raise BadInputError(error) from error
    check_fits(claimed, graph, base)
    commit = replace(commit, source="fork")
    machine = _make_machine(claimed, graph, config, commit.checkpoint, first_step=base.step + 1)
    machine.pass_breakpoint()
    return Beginning(
        situation=Situation(machine=machine, first_step=base.step + 1),
        config=config,
        changes=changes,
        commit=commit,
    )


async def _begin_update(
    claimed: ClaimedRun, graph: CompiledGraph, tools: HostTools, config: RunConfig, entry: Entry
) -> Beginning:
    """Make the checkpoints of an update; those that were stored before a crash are not made again."""
    assert entry.update is not None, "an update was asked for"
    now = tools.clock.now()
    done = claimed.checkpoint_number - claimed.base_checkpoint
    base, facts, changes = await _read_checkpoint(claimed, graph, tools, None if done else entry.number)
    lineage = [_saved(claimed, base, facts, now)] if base.number else []
    if base.parent:
        parent, parent_facts, _ = await _read_checkpoint(claimed, graph, tools, base.parent)
        lineage.append(_saved(claimed, parent, parent_facts, now))
    steps = entry.update.steps[done:]
    newest, goes_on = claimed.checkpoint_number, entry.update.goes_on
    if goes_on:
        check_fits(claimed, graph, base)

    def apply() -> list[StepCommit]:
        if goes_on and len(steps) == 1 and [update.as_node for update in steps[0]] == [None]:
            return [patch_of(graph, base, steps[0][0].values, number=newest + 1)]
        return apply_update(graph, claimed, lineage, newest, steps)

    try:
        commits = await tools.call_user(apply)
    except Exception as error:
        raise BadInputError(error) from error
    last = commits[-1].checkpoint if commits else base
    machine = _make_machine(claimed, graph, config, last, first_step=base.step + 1)
    if goes_on:
        machine.pass_breakpoint()
    return Beginning(
        situation=Situation(machine=machine, first_step=base.step + 1),
        config=config,
        changes=changes,
        commit=commits[-1] if commits else None,
        earlier=tuple(commits[:-1]),
        is_over=not goes_on,
    )


def _is_updated(claimed: ClaimedRun, update: StateUpdateRequest) -> bool:
    """Say whether all checkpoints of an update are stored already: the run went on from there before it was lost."""
    return claimed.checkpoint_number - claimed.base_checkpoint >= len(update.steps)


def _saved(
    claimed: ClaimedRun, checkpoint: Checkpoint, facts: MachineFacts, now: datetime
) -> SavedCheckpoint:
    source = cast("CheckpointSource", facts.source or ("input" if facts.finished == (START,) else "loop"))
    return SavedCheckpoint(checkpoint=checkpoint, source=source, run_id=claimed.run_id, created_at=now)


async def _take_up(
    claimed: ClaimedRun,
    graph: CompiledGraph,
    tools: HostTools,
    config: RunConfig,
    *,
    goes_on: bool = False,
) -> Beginning:
    """Go on with what was recorded. Where the run `goes_on` with what other runs of its thread left, their results count."""
    checkpoint, facts, changes = await _read_checkpoint(claimed, graph, tools)
    check_fits(claimed, graph, checkpoint)
    first_step = checkpoint.step + 1 if goes_on else facts.first_step
    machine = _make_machine(claimed, graph, config, checkpoint, first_step=first_step)
    situation = Situation(machine=machine, first_step=first_step)
    if goes_on:
        machine.pass_breakpoint()

    async def read(connection: AsyncConnection) -> _LeftBehind:
        return _LeftBehind(
            results=await checkpoints.read_pending_results(
                connection,
                run_key=claimed.run_key,
                checkpoint_number=checkpoint.number,
                spill=tools.store.spill,
            ),
            attempts=await attempts.read_attempts(connection, run_key=claimed.run_key),
            questions=await interrupts.list_of_run(connection, run_key=claimed.run_key),
            inherited=await checkpoints.read_results_of_thread(
                connection,
                thread_key=claimed.thread_key,
                checkpoint_number=checkpoint.number,
                without=claimed.run_key,
                spill=tools.store.spill,
            )
            if goes_on
            else (),
        )

    left = await read_patiently(tools.store, read)
    restore_handlers(situation, left.attempts)
    open_ids = {task.id for task in machine.open_tasks}
    known = {result.task_id for result in left.results}
    inherited = [row for row in left.inherited if row.task_id in open_ids - known]
    for result in await _decode_results([*left.results, *inherited], graph, tools):
        machine.record(result)
    restore_retries(situation, left.attempts)
    names = {task.id for task in machine.open_tasks}
    _restore_questions(situation, left.questions, names)
    return Beginning(
        situation=situation,
        config=config,
        changes=changes,
        result_seqs={result.task_id: result.seq for result in left.results},
    )


async def _decode_results(
    stored: Sequence[StoredResult], graph: CompiledGraph, tools: HostTools
) -> list[TaskResult]:
    if not stored:
        return []
    try:
        return await tools.call_user(lambda: [decode_result(result, graph) for result in stored])
    except Exception as error:
        raise _unreadable(graph, error) from error


def _restore_questions(situation: Situation, rows: Sequence[InterruptView], names: set[str]) -> None:
    place = breakpoint_task(situation.machine.checkpoint.number)
    collects = situation.machine.plan.collects_interrupts
    for row in sorted(rows, key=lambda row: row.position):
        if row.task_id not in names and row.task_id != place:
            continue
        asked = situation.asked.setdefault(
            row.task_id, Asked(task_id=row.task_id, node=row.node, collects=collects)
        )
        asked.interrupt_ids.append(row.interrupt_id)
        kind = WaitKind(row.kind)
        if kind is not WaitKind.INTERRUPT or row.asked_by:
            asked.waits[row.interrupt_id] = Wait(
                kind=kind, name=row.name, due_at=row.due_at, asked_by=row.asked_by
            )
        if row.answer is not None:
            asked.answers[row.interrupt_id] = decode(row.answer)
    for asked in situation.asked.values():
        asked.guess_waiting()


async def _read_checkpoint(
    claimed: ClaimedRun, graph: CompiledGraph, tools: HostTools, number: int | None = None
) -> tuple[Checkpoint, MachineFacts, ChangeLog]:
    if claimed.checkpoint_number == 0:
        return EMPTY, MachineFacts(), ChangeLog()
    wanted = claimed.checkpoint_number if number is None else number
    stored = await read_patiently(
        tools.store,
        lambda connection: checkpoints.read_checkpoint(
            connection,
            thread_key=claimed.thread_key,
            number=wanted,
            spill=tools.store.spill,
        ),
    )
    if stored is None:
        raise FastGraphError(f"Checkpoint {wanted} of run {claimed.run_id} is not in the store.")
    moved = read_relocation(claimed)
    encoded = relocate_values(stored.values, moved) if moved else stored.values
    facts = decode_machine(stored.machine, partial(_read_argument, graph, moved))
    if moved:
        facts = relocate_facts(facts, moved)
    try:
        values = await tools.call_user(lambda: _decode_values(encoded, graph))
    except Exception as error:
        raise _unreadable(graph, error) from error
    checkpoint = facts.checkpoint(number=stored.number, step=stored.step, parent=stored.parent, values=values)
    # what was moved must be written whole next: the log before it knows it by its old names
    log_bytes = sys.maxsize if moved else stored.log_bytes
    return checkpoint, facts, ChangeLog(log_bytes=log_bytes, rows=stored.log_rows)


def _read_argument(graph: CompiledGraph, moved: Relocation | None, node: str, data: bytes) -> StoredValue:
    return graph.state.decode_argument((moved.node(node) if moved else node) or node, data)


def _unreadable(graph: CompiledGraph, error: Exception) -> UnfitError:
    return UnfitError(
        f"Workflow {graph.name!r} has changed and can't read this run's state any more: {error}. Make it read the old "
        f"state too, or cancel the run."
    )


def _decode_values(encoded: Mapping[str, bytes], graph: CompiledGraph) -> dict[str, StoredValue]:
    return {key: graph.state.decode_value(key, data) for key, data in encoded.items()}


def _make_machine(
    claimed: ClaimedRun, graph: CompiledGraph, config: RunConfig, checkpoint: Checkpoint, *, first_step: int
) -> Machine:
    return make_machine(
        graph.plan,
        checkpoint,
        thread_key=claimed.thread_key,
        run_id=claimed.run_id,
        recursion_limit=config.recursion_limit,
        first_step=first_step,
        interrupt_before=config.interrupt_before,
        interrupt_after=config.interrupt_after,
    )


def _names(given: Any, compiled: tuple[str, ...]) -> tuple[str, ...]:
    if given is None:
        return compiled
    return (given,) if isinstance(given, str) else tuple(given)
