"""Random graphs, and a world that answers for their nodes: what a task returns depends on nothing but the task.

So two runs of one world may be compared whole: whatever differs, the machine did. Keys of all kinds are there: `CHANNELS`
are folded by the channels themselves, `log` by joining lists.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Any

from hypothesis import strategies as st

from fastgraph.channels import BaseChannel, LastValueAfterFinish, NamedBarrierValue, Topic
from fastgraph.channels.folding import fold_channel
from fastgraph.execution.checkpoint import EMPTY, Checkpoint, StepCommit
from fastgraph.execution.dataflow import make_machine
from fastgraph.execution.fold import FoldWork
from fastgraph.execution.machine import Machine
from fastgraph.execution.plan import END, START, GraphPlan, JoinPlan, KeyKind, KeyPlan, NodePlan, join_name
from fastgraph.execution.regions import find_regions
from fastgraph.execution.start import start
from fastgraph.execution.tasks import Folded, SendWrite, Task, TaskKind, TaskResult, Write
from fastgraph.state.changes import Change
from fastgraph.state.held import HeldValue
from fastgraph.state.values import PLAIN, StoredValue

STEPS = 12
BOUND = {"n0", "n1"}

CHANNELS: dict[str, BaseChannel[Any, Any, Any]] = {
    "topic": Topic(str),
    "notes": Topic(str, accumulate=True),
    "gate": NamedBarrierValue(str, BOUND),
    "late": LastValueAfterFinish(str),
}
KINDS = {
    "log": KeyKind.REDUCER,
    "once": KeyKind.EPHEMERAL,
    "some": KeyKind.ANY_VALUE,
    "held": KeyKind.UNTRACKED_ANY,
    "topic": KeyKind.TOPIC,
    "notes": KeyKind.REDUCER,
    "gate": KeyKind.CHANNEL,
    "late": KeyKind.CHANNEL,
}


@dataclass(frozen=True)
class World:
    """A graph with the seed of its nodes' answers; `chattiness` is how often, in a hundred, a node sends or goes."""

    plan: GraphPlan
    seed: int
    chattiness: int

    def begin(self) -> StepCommit:
        """Take an input of one written key."""
        return start(
            self.plan,
            EMPTY,
            (Write("log", stored(["input"])),),
            Folded(values={"log": stored(["input"])}, changes={"log": Change.set_to(stored(["input"]))}),
        )

    def machine(self, checkpoint: Checkpoint) -> Machine:
        """Build a machine at a checkpoint, as after a restart."""
        return make_machine(
            self.plan,
            checkpoint,
            thread_key=7,
            run_id="run",
            recursion_limit=STEPS,
            first_step=EMPTY.step + 1,
        )

    def answer(self, task: Task) -> TaskResult:
        """Say what a task's node returns and where it leads."""
        random = Random(f"{self.seed} {task.node} {task.step} {task.path}")
        writes = (
            [Write("last", stored(task.id))] if "last" in self.plan.keys and random.random() < 0.2 else []
        )
        writes += [Write("log", stored([f"{task.step} {task.path}"]))] if random.random() < 0.8 else []
        if task.kind is TaskKind.PULL and task.node != START:
            writes.append(Write(f"own_{task.node}", stored(task.step)))
            if "gate" in self.plan.keys and task.node in BOUND and random.random() < 0.5:
                writes.append(Write("gate", stored(task.node)))
        writes += [
            Write(key, stored(f"{key} {task.step} {task.path}"))
            for key in ("some", "topic", "notes", "late")
            if key in self.plan.keys and random.random() < 0.3
        ]
        if "held" in self.plan.keys and random.random() < 0.3:
            writes.append(Write("held", HeldValue(task.node)))
        if "once" in self.plan.keys and random.random() < 0.15:
            writes.append(Write("once", stored(task.path)))
        choices = self.plan.nodes[task.node].choices
        targets = [*(self.plan.nodes if choices is None else sorted(choices)), END, "nowhere"]
        goto = [random.choice(targets)] if random.randrange(100) < self.chattiness else []
        sends = [
            SendWrite(random.choice(targets), stored(number))
            for number in range(random.randrange(3) if random.randrange(100) < self.chattiness else 0)
        ]
        return TaskResult(task_id=task.id, writes=tuple(writes), goto=tuple(goto), sends=tuple(sends))


def stored(value: object) -> StoredValue:
    """Encode a value."""
    return StoredValue.of(value)


def fold(work: FoldWork) -> Folded:
    """Join lists, in the order in which the machine gives them; channels take care of themselves."""
    values, changes = {}, {}
    emptied, seen = set[str](), set[str]()
    for item in work.keys:
        # a dataflow graph folds a key once for each layer of its writes
        key = replace(item, current=values.get(item.key, item.current))
        if key.key in CHANNELS:
            written = [write.value for write in key.writes]
            change, value, is_seen = fold_channel(
                CHANNELS[key.key],
                key.key,
                PLAIN,
                key.current,
                written,
                is_step=work.is_step,
                is_last=work.is_last,
            )
            if value is None:
                emptied.add(key.key)
            else:
                values[key.key] = value
            if change is not None:
                changes[key.key] = change
            if is_seen:
                seen.add(key.key)
            continue
        items = [
            *(key.current.fresh() if key.current else []),
            *(item for write in key.writes for item in write.value.fresh()),
        ]
        values[key.key] = stored(items)
        changes[key.key] = Change.set_to(values[key.key])
    return Folded(values=values, changes=changes, emptied=frozenset(emptied), seen=frozenset(seen))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw a graph of up to six nodes with edges, loops, joins, deferred nodes, a router at START, and some kinds of key."""
    names = [f"n{number}" for number in range(draw(st.integers(1, 6)))]
    node = st.sampled_from(names)
    edges = draw(st.sets(st.tuples(node, node), max_size=9))
    entries = draw(st.sets(node, min_size=1, max_size=3))
    joins = draw(st.lists(st.tuples(st.sets(node, min_size=1, max_size=3), node), max_size=3))
    deferred = draw(st.sets(node, max_size=2))
    plans = [(join_name(sorted(sources), target), frozenset(sources), target) for sources, target in joins]
    nodes = {
        name: NodePlan(
            name=name,
            targets=tuple(sorted(target for source, target in edges if source == name)),
            joins=tuple(sorted({join for join, sources, _ in plans if name in sources})),
            is_deferred=name in deferred,
        )
        for name in names
    }
    nodes[START] = NodePlan(name=START, targets=tuple(sorted(entries)), has_routers=draw(st.booleans()))
    kinds = {"log", *draw(st.sets(st.sampled_from(sorted(KINDS)), max_size=5))}
    keys = {name: KeyPlan(name=name, kind=KINDS[name]) for name in sorted(kinds)}
    keys |= {f"own_{name}": KeyPlan(name=f"own_{name}") for name in names}
    plan = GraphPlan(
        name="random",
        nodes=nodes,
        keys=keys,
        joins={join: JoinPlan(name=join, sources=sources, target=target) for join, sources, target in plans},
    )
    return World(plan, draw(st.integers(0, 2**32)), draw(st.sampled_from([0, 15, 40])))


@st.composite
def flows(draw: st.DrawFn) -> World:
    """Draw a dataflow graph: nodes say whom they may choose, some of them that it may be anybody."""
    world = draw(worlds())
    node = st.sampled_from([name for name in world.plan.nodes if name != START])
    nodes = {
        name: replace(
            plan,
            choices=draw(
                st.one_of(st.frozensets(node, max_size=2), st.frozensets(node, max_size=1), st.none())
            )
            if draw(st.booleans())
            else frozenset(),
        )
        for name, plan in world.plan.nodes.items()
    }
    kinds = {
        "log": KeyKind.REDUCER,
        "notes": KeyKind.REDUCER,
        "held": KeyKind.UNTRACKED_ANY,
        "last": KeyKind.LAST_VALUE,
    }
    names = {"log", *draw(st.sets(st.sampled_from(sorted(kinds)), max_size=3))}
    keys = {name: KeyPlan(name=name, kind=kinds[name]) for name in sorted(names)}
    keys |= {name: key for name, key in world.plan.keys.items() if name.startswith("own_")}
    joins = world.plan.joins
    leads = {
        name: frozenset([*plan.targets, *(joins[join].target for join in plan.joins), *_choices(plan, nodes)])
        for name, plan in nodes.items()
    }
    plan = replace(world.plan, nodes=nodes, keys=keys, regions=find_regions(leads))
    return replace(world, plan=plan)


def _choices(plan: NodePlan, nodes: dict[str, NodePlan]) -> list[str]:
    return [name for name in nodes if name != START] if plan.choices is None else sorted(plan.choices)
