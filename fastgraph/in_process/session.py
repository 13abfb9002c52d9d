"""One call of `invoke` or `stream`: the machine driven step by step, and the chunks that its watcher sees.

The same machine as on the server, with a saver (or nothing) in the store's place. The way through the graph stands
here once; who executes tasks is a crew (`crews.py`). What a failed or interrupted step has so far stays with the
thread's log, so that the next call does not repeat what was done.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastgraph.checkpoint.base import CheckpointSource, Pending, SavedCheckpoint, ThreadLog, WatchesTasks
from fastgraph.clock import Clock
from fastgraph.errors import GraphBubbleUp, GraphDrained
from fastgraph.execution.checkpoint import Checkpoint, KeyChange, StepCommit
from fastgraph.execution.dataflow import make_machine
from fastgraph.execution.machine import Machine
from fastgraph.execution.tasks import (
    ErrorRecord,
    InterruptRequest,
    Task,
    TaskFailed,
    TaskInterrupted,
    TaskResult,
)
from fastgraph.execution.tracked import tracked_checkpoint, tracked_ending
from fastgraph.graph.commands import Command, NestedInterrupt
from fastgraph.graph.error_handlers import HANDLED_BY, note_handler, restore_error
from fastgraph.graph.namespaces import split_namespace
from fastgraph.graph.task_call import TaskCall
from fastgraph.ids import new_id
from fastgraph.in_process.caching import StepCache
from fastgraph.in_process.calls import CallMaker
from fastgraph.in_process.crews import Crew, Ended, Passed, Said
from fastgraph.in_process.leniency import Leniency
from fastgraph.in_process.opening import Opening, run_metadata
from fastgraph.in_process.options import RunOptions
from fastgraph.in_process.showing import INTERRUPT, Chunk, Showing
from fastgraph.in_process.task_services import NestedLogs
from fastgraph.in_process.unseen import NO_STEPS, Stretch, do_unseen, find_lane

if TYPE_CHECKING:
    from fastgraph.graph.compiled import CompiledGraph

__all__ = ["INTERRUPT", "Chunk", "Session"]


class Session:
    """One way through a graph, from its input to its end, an interrupt or an error."""

    def __init__(
        self, graph: CompiledGraph, options: RunOptions, log: ThreadLog, crew: Crew, clock: Clock
    ) -> None:
        self._graph = graph
        self._holds_untracked = bool(graph.state.untracked)
        self._options = options
        self._log = log
        self._watcher = log if isinstance(log, WatchesTasks) else None
        self._crew = crew
        self._clock = clock
        self._cache = StepCache(options.cache or graph.cache, is_async=crew.is_async)
        nesting = self._nesting = options.nesting
        self._showing = Showing(
            graph,
            options,
            log_key=log.key if graph.checkpointer or nesting else None,
            namespace=split_namespace(options.namespace),
            parents=nesting.parents if nesting else {},
        )
        self._run_id = nesting.parent.services.run_id if nesting else new_id()
        self._nested = NestedLogs(graph.checkpointer, options.thread_id)
        self._calls = CallMaker(
            graph,
            options,
            run_id=self._run_id,
            crew=crew,
            log=log,
            open_log=self._nested.open,
            cache=self._cache.cache,
        )
        self._error: BaseException | None = None
        self._handled: dict[str, BaseException] = {}
        self._is_waiting = self._is_over = False
        self._started, self._leniency = set[str](), Leniency()
        self._metadata = {**run_metadata(options.config), **(nesting.metadata() if nesting else {})}
        named, self._goes_on = options.take_origin(log)
        self._opening = Opening(graph, log, self._save, named, options.namespace)
        if (
            named
            and nesting is None
            and self._opening.saved
            and getattr(options.input, "resume", None) is None
        ):
            options.origins.travel(self._opening.saved)
        self._pending = self._opening.pending
        self._carried: Mapping[str, Any] = {}
        self._lane = find_lane(graph, options, log, crew)
        self._machine: Machine

    async def chunks(self) -> AsyncGenerator[Chunk, None]:
        """Go through the graph and yield what the wanted stream modes show; raises what a node raised."""
        for chunk in self._begin():
            yield chunk
        while True:
            done = self._go_unseen()
            for chunk in self._showing.written(done.shown) if done.shown else ():
                yield chunk
            for chunk in self._stand() if done.ended is None else ():
                yield chunk
            if self._is_over:
                return
            async for chunk in self._do_step(done.ended):
                yield chunk
            if self._error is not None:
                raise self._error
            for chunk in self._leave_step():
                yield chunk
            if self._is_waiting:
                break
        if self._nesting is not None:
            raise NestedInterrupt(self._open_questions())

    def _stand(self) -> Iterator[Chunk]:
        """Show where the run stands, and find out whether it may go on from there."""
        machine, control = self._machine, self._options.control
        yield from self._showing.stands(machine.checkpoint, machine.tasks, self._pending)
        self._is_over = machine.is_ended
        if self._is_over:
            return
        machine.check_steps()
        if stops := machine.breakpoint():
            yield from self._showing.stopped()
            if self._nesting is not None:
                raise self._nesting.stop_at(machine.checkpoint, stops)
            self._is_over = True
        elif control.drain_requested:
            raise GraphDrained(control.drain_reason or "shutdown")

    def _go_unseen(self) -> Stretch:
        """Do the steps that have one task and that nobody sees."""
        if self._lane is None:
            return NO_STEPS
        done = do_unseen(self._machine, self._options, self._execute_unseen, self._go_on)
        if done.commit is not None:
            self._pending = Pending()
            self._save(done.commit.checkpoint, {}, "loop", self._pending)
        return done

    def _execute_unseen(self, task: Task) -> Ended:
        assert self._lane is not None
        ended = self._lane.run_alone(self._call(task, self._calls.place(self._machine), {}))
        if isinstance(ended.ending, TaskResult):
            self._leniency.drop_keys(f"Node {task.node!r}", ended.ending.unknown_keys)
        return ended

    async def _do_step(self, ended: Ended | None) -> AsyncGenerator[Chunk, None]:
        """Execute the step's open tasks until each has ended or waits; `ended` is the only one, where it has already."""
        self._is_waiting = False
        if ended is None:
            async for chunk in self._begin_tasks():
                yield chunk
        else:
            for chunk in self._take(ended):
                yield chunk
        is_dataflow = self._graph.plan.regions is not None
        if is_dataflow:
            for chunk in await self._start_more():
                yield chunk
        async for happening in self._crew.happenings():
            if isinstance(happening, Ended) and isinstance(happening.ending, TaskResult):
                await self._cache.keep(happening.ending)
            for chunk in self._take(happening):
                yield chunk
            if is_dataflow:
                for chunk in await self._start_more():
                    yield chunk

    async def _begin_tasks(self) -> AsyncGenerator[Chunk, None]:
        """Start the step's open tasks, but those whose results are known."""
        if self._watcher is not None:
            self._watcher.begin_tasks(self._machine.open_tasks)
        await self._crew.wait(self._log.settle())
        for chunk in self._showing.begun(
            self._machine.tasks, self._pending.results, self._machine.checkpoint
        ):
            yield chunk
        for chunk in self._show_held():
            yield chunk
        calls, cached = await self._cache.find(self._open_calls())
        for call, result in cached:
            for chunk in self._take(Ended(task=call.task, ending=result)):
                yield chunk
        self._crew.start(calls, self._graph.step_timeout)

    async def _start_more(self) -> list[Chunk]:
        """Start the tasks that came up since, which they do in a dataflow graph only; return what a watcher sees of it."""
        machine, chunks = self._machine, list[Chunk]()
        if self._error is not None:
            return chunks
        while more := [task for task in machine.open_tasks if task.id not in self._started]:
            self._started.update(task.id for task in more)
            chunks += self._showing.begun(more, {}, machine.checkpoint)
            config, answers = self._calls.place(machine), self._answers()
            wanted = [self._call(task, config, answers) for task in more if not self._is_held(task)]
            calls, cached = await self._cache.find(wanted)
            for call, result in cached:
                chunks += self._take(Ended(task=call.task, ending=result))
            self._crew.join(calls)
        return chunks

    def _leave_step(self) -> Iterator[Chunk]:
        """Go to the next checkpoint, or show what there is of a step that waits."""
        if not self._is_waiting:
            return self._advance()
        if self._nesting is not None:
            return iter(())  # only the outermost graph shows half a step, as in LangGraph
        machine = self._machine
        return self._showing.half_step(machine.tasks, self._pending.results, machine.checkpoint)

    def _show_held(self) -> Iterator[Chunk]:
        """Ask again what tasks still ask that are executed only when all is answered."""
        for task in self._machine.open_tasks:
            if self._is_held(task):
                self._is_waiting = True
                asked, answers = self._pending.interrupts[task.id], self._answers()
                left = tuple(question for question in asked.interrupts if question.id not in answers)
                yield from self._showing.interrupted(
                    task, replace(asked, interrupts=left), self._machine.checkpoint
                )

    def _is_held(self, task: Task) -> bool:
        """Say whether a task waits for the rest of the answers to what it asked together."""
        asked = self._pending.interrupts.get(task.id)
        if asked is None or not self._graph.collects_interrupts:
            return False
        answers = self._answers()
        return any(question.id not in answers for question in asked.interrupts)

    def _begin(self) -> Iterator[Chunk]:
        """Take the input: new input, an answer, or None to go on."""
        given, opening = self._options.input, self._opening
        if isinstance(given, Command):
            opening.proceed(given)
        elif given is None or (self._nesting and (self._goes_on or self._nesting.goes_on(opening.saved))):
            opening.proceed(None)
        else:
            opening.begin(given)
        self._pending = opening.pending
        if self._nesting is None:
            # a nested graph is often handed the whole state of the one around it
            self._leniency.drop_keys("The input", opening.unknown_keys)
        self._leniency.ignore_targets(opening.unknown_targets)
        self._make_machine(opening)
        if opening.is_new:
            yield from self._showing.taken(opening.base, opening.checkpoint)
        else:
            if opening.stays and (self._nesting is None or self._nesting.may_pass(self._machine.checkpoint)):
                self._machine.pass_breakpoint()
            self._repeat_results()
            if self._nesting is not None:
                self._carried = self._nesting.carry_answers(
                    self._graph, self._log, opening.saved, self._machine
                )
            opening.answer_loosely(self._machine.open_tasks)
            yield from self._showing.resumed(opening.base, opening.source)
        if opening.commit is not None:
            yield from self._showing.written(opening.commit)

    def _repeat_results(self) -> None:
        """Record what an earlier call finished of this step, so that it is not executed again."""
        results = self._pending.results
        while True:
            for task in self._machine.open_tasks:
                error = self._pending.errors.get(task.id)
                if error is not None and HANDLED_BY in error.facts:
                    self._handle(task, error)
            known = [task for task in self._machine.open_tasks if task.id in results]
            for task in known:
                self._machine.record(results[task.id])
            if not known:  # in a dataflow graph what is recorded makes further tasks
                return

    def _make_machine(self, opening: Opening) -> None:
        self._machine = make_machine(
            self._graph.plan,
            opening.checkpoint,
            thread_key=self._log.key,
            run_id=self._run_id,
            recursion_limit=self._options.recursion_limit,
            first_step=opening.first_step,
            next_number=opening.next_number,
            namespace=self._options.namespace,
            interrupt_before=self._options.interrupt_before,
            interrupt_after=self._options.interrupt_after,
        )

    def _open_calls(self) -> list[TaskCall]:
        if self._graph.plan.regions is not None:
            self._started = {task.id for task in self._machine.open_tasks}
        config = self._calls.place(self._machine)
        answers = self._answers()
        return [
            self._call(task, config, answers) for task in self._machine.open_tasks if not self._is_held(task)
        ]

    def _call(self, task: Task, config: Mapping[str, Any], answers: Mapping[str, Any]) -> TaskCall:
        error = self._handled.get(task.id)
        return self._calls.make(task, self._machine, config=config, answers=answers, error=error)

    def _answers(self) -> dict[str, Any]:
        """Return the answers to this run's questions; a nested one is handed them from outside."""
        own = {name: answer.fresh() for name, answer in self._pending.answers.items()}
        return {**self._nesting.parent.answers, **self._carried, **own} if self._nesting else own

    def _open_questions(self) -> list[InterruptRequest]:
        asked, done = self._pending.interrupts, self._pending.results
        waiting = [task.id for task in self._machine.tasks if task.id in asked and task.id not in done]
        return [question for id_ in waiting for question in asked[id_].interrupts]

    def _handle(self, task: Task, error: ErrorRecord, raised: BaseException | None = None) -> Task:
        """Let a failed task's handler take its place."""
        handler = self._machine.record_failure(task.id, error.facts[HANDLED_BY])
        self._handled[handler.id] = raised or restore_error(error)
        return handler

    def _take(self, happening: Said | Ended | Passed) -> Iterator[Chunk]:
        if isinstance(happening, Said):
            yield from self._showing.said(happening)
            return
        if isinstance(happening, Passed):
            yield self._showing.passed(happening.chunk)
            return
        if isinstance(happening.error, GraphBubbleUp) and isinstance(happening.ending, TaskFailed):
            self._error = self._error or happening.error
            return
        ending, task = happening.ending, happening.task
        if isinstance(ending, TaskFailed) and happening.handler is not None:
            ending = replace(ending, error=note_handler(ending.error, happening.handler))
        self._pending.record(ending)
        self._log.record(
            self._machine.checkpoint.number, tracked_ending(ending) if self._holds_untracked else ending
        )
        if isinstance(ending, TaskResult):
            self._machine.record(ending)
            self._leniency.drop_keys(f"Node {task.node!r}", ending.unknown_keys)
            yield from self._showing.finished(task, ending)
        elif isinstance(ending, TaskInterrupted):
            self._is_waiting = True
            if ending.interrupts:
                yield from self._showing.interrupted(task, ending, self._machine.checkpoint)
            else:
                yield from self._showing.stopped()
        elif happening.handler is not None:
            yield from self._showing.failed(task, ending, happening.error)
            handler = self._handle(task, ending.error, happening.error)
            self._crew.add(self._call(handler, self._calls.place(self._machine), self._answers()))
        else:
            self._fail(ending, happening.error)
            yield from self._showing.failed(task, ending, happening.error)

    def _fail(self, ending: TaskFailed, error: BaseException | None) -> None:
        if self._error is None and error is not None:
            error.add_note(f"In node {ending.error.node!r}, attempt {ending.error.attempt}.")
            self._error = error

    def _advance(self) -> Iterator[Chunk]:
        commit = self._go_on()
        self._pending = Pending()
        self._save(commit.checkpoint, commit.changes, "loop", self._pending)
        yield from self._showing.written(commit)

    def _go_on(self) -> StepCommit:
        """Let the machine go to the next checkpoint. Runs reducers."""
        machine, graph = self._machine, self._graph
        folded = graph.state.fold_work(machine.fold_work()) if machine.needs_fold else None
        commit = self._opening.merge(machine.advance(folded, is_kept=self._lane is None))
        self._leniency.ignore_targets(commit.unknown_targets)
        self._nested.forget()
        return commit

    def _save(
        self,
        checkpoint: Checkpoint,
        changes: Mapping[str, KeyChange],
        source: CheckpointSource,
        pending: Pending,
    ) -> None:
        self._log.append(
            SavedCheckpoint(
                checkpoint=tracked_checkpoint(checkpoint) if self._holds_untracked else checkpoint,
                source=source,
                run_id=self._run_id,
                created_at=self._clock.now(),
                metadata=self._metadata,
                pending=pending,
            ),
            changes,
        )
