"""Where a step leads: the tasks that are due next, given what the step's tasks chose.

Static edges and chosen targets trigger nodes, once a step however many edges meet there; joins remember over steps whom
they have seen; Sends make a task each, in path order. Pure and without user code: routers have run at the end of their
tasks, and their choice stands in the results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fastgraph.errors import InvalidUpdateError
from fastgraph.execution.checkpoint import UnknownTarget
from fastgraph.execution.plan import START, GraphPlan, NodePlan
from fastgraph.execution.tasks import DueTask, SendWrite, TaskKind

__all__ = ["INPUT", "Choice", "Followed", "Route", "follow", "route"]

INPUT = "__input__"
_NOBODY = NodePlan(name=INPUT)


class Choice(NamedTuple):
    """What one finished task chose beside its static edges."""

    node: str
    goto: tuple[str, ...] = ()
    sends: tuple[SendWrite, ...] = ()


class Route(NamedTuple):
    """What is due next, what goes on waiting, and what could not be followed.

    `is_finish` says that no edge led to a node that need not wait, where the plan has channels that want to know.
    """

    due: tuple[DueTask, ...]
    deferred: tuple[DueTask, ...]
    joins: Mapping[str, frozenset[str]]
    unknown: tuple[UnknownTarget, ...]
    is_finish: bool = False


@dataclass(frozen=True, slots=True)
class Followed:
    """Where one choice leads by itself: triggered nodes with their triggers, sent tasks, the joins that wait for it."""

    triggers: Mapping[str, set[str]]
    pushed: tuple[DueTask, ...]
    joins: tuple[str, ...]
    unknown: tuple[UnknownTarget, ...]


def follow(plan: GraphPlan, choice: Choice) -> Followed:
    """Follow one task's edges and choices. Raises InvalidUpdateError for an unknown target where the plan is strict."""
    # a choice from outside (`INPUT`) belongs to no node and takes no static edge
    node = plan.nodes.get(choice.node, _NOBODY)
    wanted = [*node.targets, *choice.goto]
    known = [target for target in wanted if _is_node(plan, target)]
    unknown = [UnknownTarget(choice.node, target) for target in wanted if not _is_node(plan, target)]
    unknown += [
        UnknownTarget(choice.node, send.node) for send in choice.sends if not _is_node(plan, send.node)
    ]
    if unknown and plan.is_strict:
        raise InvalidUpdateError(_say_unknown(plan, unknown[0]))
    return Followed(
        triggers={target: {f"branch:to:{target}"} for target in known},
        pushed=tuple(_push(send) for send in choice.sends if _is_node(plan, send.node)),
        joins=node.joins,
        unknown=tuple(unknown),
    )


def route(
    plan: GraphPlan,
    choices: Sequence[Choice],
    joins: Mapping[str, frozenset[str]],
    deferred: tuple[DueTask, ...] = (),
) -> Route:
    """Follow the choices of one step's tasks, given in path order.

    Raises InvalidUpdateError for an unknown target where the plan is strict.
    """
    if len(choices) == 1 and plan.is_plain and not joins and not deferred:
        direct = _go_on(plan, choices[0], joins)
        if direct is not None:
            return direct
    triggers: dict[str, set[str]] = {}
    pushed: list[DueTask] = []
    unknown: list[UnknownTarget] = []
    seen = joins
    for choice in choices:
        # a choice from outside (`INPUT`) belongs to no node and takes no static edge
        node = plan.nodes.get(choice.node, _NOBODY)
        for target in node.targets:
            triggers.setdefault(target, set()).add(f"branch:to:{target}")
        for target in choice.goto:
            if _is_node(plan, target):
                triggers.setdefault(target, set()).add(f"branch:to:{target}")
            else:
                unknown.append(UnknownTarget(choice.node, target))
        for send in choice.sends:
            if _is_node(plan, send.node):
                pushed.append(_push(send))
            else:
                unknown.append(UnknownTarget(choice.node, send.node))
        if node.joins:
            seen = {**seen, **{name: seen.get(name, frozenset()) | {node.name} for name in node.joins}}
    if unknown and plan.is_strict:
        raise InvalidUpdateError(_say_unknown(plan, unknown[0]))
    for name, sources in seen.items():
        join = plan.joins.get(name)
        if join is not None and sources >= join.sources:
            triggers.setdefault(join.target, set()).add(name)
    pulled, waiting = _split_deferred(plan, triggers, deferred)
    # nobody but channels of the user's own asks
    is_finish = bool(plan.channel_keys) and all(plan.nodes[node].is_deferred for node in triggers)
    return Route((*pulled, *pushed), waiting, _begin_anew(seen, pulled), tuple(unknown), is_finish)


def _go_on(plan: GraphPlan, choice: Choice, joins: Mapping[str, frozenset[str]]) -> Route | None:
    """Return where one task leads that has one way to go, or none; None where there is more to look at."""
    if choice.sends:
        return None
    node = plan.nodes.get(choice.node)
    ways = node.targets + choice.goto if node is not None else choice.goto
    if not ways:
        return Route((), (), joins, ())
    due = plan.pulled.get(ways[0]) if len(ways) == 1 else None
    return None if due is None else Route((due,), (), joins, ())


def _is_node(plan: GraphPlan, target: str) -> bool:
    return target in plan.nodes and target != START


def _push(send: SendWrite) -> DueTask:
    return DueTask(
        node=send.node,
        kind=TaskKind.PUSH,
        triggers=("__pregel_push",),
        argument=send.argument,
        limits=send.limits,
    )


def _begin_anew(seen: Mapping[str, frozenset[str]], pulled: list[DueTask]) -> Mapping[str, frozenset[str]]:
    """Let the joins that fire now begin anew; one whose deferred target still waits stays complete, as in LangGraph."""
    if not seen:
        return seen
    fired = {trigger for task in pulled for trigger in task.triggers}
    return {name: sources for name, sources in seen.items() if name not in fired}


def _split_deferred(
    plan: GraphPlan, triggers: Mapping[str, set[str]], deferred: tuple[DueTask, ...]
) -> tuple[list[DueTask], tuple[DueTask, ...]]:
    """Return the pulled tasks in order of name, and the deferred ones that go on waiting.

    Deferred nodes wait while an edge triggers any other node; Sends do not hold them, as in LangGraph.
    """
    if not deferred and not plan.has_deferred:
        return _pull(triggers), ()
    waiting = {task.node: set(task.triggers) for task in deferred}
    ready: dict[str, set[str]] = {}
    for node, names in triggers.items():
        (waiting if plan.nodes[node].is_deferred else ready).setdefault(node, set()).update(names)
    if not ready and waiting:
        ready, waiting = waiting, {}
    return _pull(ready), tuple(_pull(waiting))


def _pull(triggers: Mapping[str, set[str]]) -> list[DueTask]:
    return [
        DueTask(node=node, kind=TaskKind.PULL, triggers=tuple(sorted(triggers[node])))
        for node in sorted(triggers)
    ]


def _say_unknown(plan: GraphPlan, fault: UnknownTarget) -> str:
    names = ", ".join(sorted(name for name in plan.nodes if name != START))
    return (
        f"Node {fault.source!r} chose the target {fault.target!r}, which graph {plan.name!r} does not have. "
        f"Its nodes: {names}."
    )
