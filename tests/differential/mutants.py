"""Faults put into our engine on purpose, each with a small program that shows it.

A mutant changes one name of one module while a program runs; nothing of the product knows of it. The programs are written by
hand in the words of the random test, so that the suite finds each mutant at once.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from differential.sketch import Move, Node, Program, Router, Visit
from fastgraph.execution import machine, routing
from fastgraph.execution.tasks import TaskKind
from fastgraph.graph import commands, endings, task_call, updating
from fastgraph.in_process import opening
from fastgraph.in_process.session import Session

__all__ = ["MUTANTS", "Mutant", "mutated"]

START = Move(kind="start", keys=("log",))
GO_ON = Move(kind="go on")
PAIR = (("START", "a"), ("START", "b"))
CHAIN = (("START", "a"), ("a", "b"))


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A fault: `make` gets what `owner` has under `name` and returns what stands there instead."""

    fault: str
    owner: Any
    name: str
    make: Callable[[Any], Any]
    program: Program


@contextmanager
def mutated(mutant: Mutant) -> Iterator[None]:
    """Put a fault into the engine for a while."""
    original = getattr(mutant.owner, mutant.name)
    setattr(mutant.owner, mutant.name, mutant.make(original))
    try:
        yield
    finally:
        setattr(mutant.owner, mutant.name, original)


def _reverse_sends(route: Any) -> Any:
    def mutant(*given: Any, **options: Any) -> Any:
        way = route(*given, **options)
        pulled = [task for task in way.due if task.kind is TaskKind.PULL]
        pushed = [task for task in way.due if task.kind is TaskKind.PUSH]
        return way._replace(due=(*pulled, *reversed(pushed)))

    return mutant


def _join_early(route: Any) -> Any:
    def mutant(plan: Any, choices: Any, joins: Any, *more: Any) -> Any:
        begun = {
            name: joins.get(name, frozenset()) | {max(join.sources)} for name, join in plan.joins.items()
        }
        return route(plan, choices, begun, *more)

    return mutant


def _defer_nothing(_split: Any) -> Any:
    def mutant(_plan: Any, triggers: Any, deferred: Any) -> Any:
        waiting = {task.node: set(task.triggers) for task in deferred}
        return routing._pull({**waiting, **triggers}), ()

    return mutant


def _shift_answers(interrupt_id: Any) -> Any:
    return lambda task, position: interrupt_id(task, max(position - 1, 0))


def _clear_nothing(put_writes: Any) -> Any:
    return lambda *given, **options: put_writes(*given, **{**options, "is_step": False})


def _lead_nowhere(route: Any) -> Any:
    return lambda *given, **options: route(*given, **options)._replace(due=())


def _fork_elsewhere(change: Any) -> Any:
    def mutant(value: Any, **changes: Any) -> Any:
        if "passed_breakpoints" in changes:
            changes["parent"] = max(changes["parent"] - 1, 1)
        return change(value, **changes)

    return mutant


def _apply_once(read: Any) -> Any:
    def mutant(call: Any, value: Any) -> Any:
        node = call.graph.nodes.get(call.task.node)
        if node is not None and node.subgraph is not None and isinstance(value, dict):
            value = {**value, "log": value["log"][len(call.values["log"].fresh()) :]}
        return read(call, value)

    return mutant


MUTANTS = (
    Mutant(
        fault="Sends are executed in another order",
        owner=machine,
        name="route",
        make=_reverse_sends,
        program=Program(
            nodes=(
                Node(name="a", visits=(Visit(returns="command", goto=("send:b", "send:b")),)),
                Node(name="b"),
            ),
            edges=(("START", "a"),),
        ),
    ),
    Mutant(
        fault="What a finished sibling wrote is lost",
        owner=Session,
        name="_repeat_results",
        make=lambda _: lambda _session: None,
        program=Program(
            nodes=(Node(name="a", visits=(Visit(fails=1),)), Node(name="b")),
            edges=PAIR,
            moves=(START, GO_ON),
            way="astream",
        ),
    ),
    Mutant(
        fault="A join fires before all have come",
        owner=machine,
        name="route",
        make=_join_early,
        program=Program(
            nodes=(Node(name="a"), Node(name="b"), Node(name="c")), edges=CHAIN, joins=((("a", "b"), "c"),)
        ),
    ),
    Mutant(
        fault="A router does not see what its node wrote",
        owner=task_call,
        name="put_writes",
        make=lambda _: lambda _plan, values, *_more, **_options: values,
        program=Program(
            nodes=(Node(name="a", visits=(Visit(writes=("log", "count")),)),),
            keys=("log", "count"),
            edges=(("START", "a"),),
            routers=(Router(source="a", options=(("a",), ("END",)), form="name", until=1),),
        ),
    ),
    Mutant(
        fault="A deferred node does not wait",
        owner=routing,
        name="_split_deferred",
        make=_defer_nothing,
        program=Program(
            nodes=(Node(name="a"), Node(name="b"), Node(name="c", defer=True)), edges=(*CHAIN, ("START", "c"))
        ),
    ),
    Mutant(
        fault="Reducers fold in another order",
        owner=machine,
        name="group_writes",
        make=lambda group: lambda tasks: group(reversed(list(tasks))),
        program=Program(nodes=(Node(name="a"), Node(name="b")), edges=PAIR),
    ),
    Mutant(
        fault="A retry policy has one attempt less",
        owner=endings,
        name="has_attempts_left",
        make=lambda has_left: lambda policy, attempt: has_left(policy, attempt + 1),
        program=Program(
            nodes=(Node(name="a", visits=(Visit(fails=1),), attempts=2),), edges=(("START", "a"),)
        ),
    ),
    Mutant(
        fault="A question gets the answer of the one before",
        owner=commands,
        name="interrupt_id",
        make=_shift_answers,
        program=Program(
            nodes=(Node(name="a", visits=(Visit(asks=2),)),), edges=(("START", "a"),), moves=(START, GO_ON)
        ),
    ),
    Mutant(
        fault="An ephemeral value is not cleared",
        owner=machine,
        name="put_writes",
        make=_clear_nothing,
        program=Program(
            nodes=(Node(name="a", visits=(Visit(writes=("log", "once")),)), Node(name="b"), Node(name="c")),
            keys=("log", "once"),
            edges=(*CHAIN, ("b", "c")),
        ),
    ),
    Mutant(
        fault="update_state takes no edges",
        owner=updating,
        name="route",
        make=_lead_nowhere,
        program=Program(
            nodes=(Node(name="a"), Node(name="b")),
            edges=CHAIN,
            moves=(START, Move(kind="update", keys=("log",), node="a"), GO_ON),
        ),
    ),
    Mutant(
        fault="A fork has another parent",
        owner=opening,
        name="replace",
        make=_fork_elsewhere,
        program=Program(
            nodes=(Node(name="a"), Node(name="b")), edges=CHAIN, moves=(START, Move(kind="fork", number=1))
        ),
    ),
    Mutant(
        fault="What a nested graph was given is not applied again",
        owner=task_call,
        name="_read",
        make=_apply_once,
        program=Program(
            nodes=(
                Node(
                    name="a",
                    child=Program(
                        nodes=(Node(name="p"),), edges=(("START", "p"),), saver="inherit", moves=()
                    ),
                    called="as node",
                ),
            ),
            edges=(("START", "a"),),
            moves=(START,),
        ),
    ),
    Mutant(
        fault="A breakpoint is forgotten",
        owner=machine.Machine,
        name="breakpoint",
        make=lambda _: lambda _machine: (),
        program=Program(nodes=(Node(name="a"), Node(name="b")), edges=CHAIN, stops_before=("b",)),
    ),
)
