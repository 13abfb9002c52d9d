"""Random graphs, and a world that answers for their nodes: what a task returns depends on nothing but the task.

So two runs of one world may be compared whole: whatever differs, the machine did.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from hypothesis import strategies as st

from fastgraph.execution.checkpoint import EMPTY, Checkpoint, StepCommit
from fastgraph.execution.fold import FoldWork
from fastgraph.execution.machine import Machine
from fastgraph.execution.plan import END, START, GraphPlan, JoinPlan, KeyKind, KeyPlan, NodePlan, join_name
from fastgraph.execution.start import start
from fastgraph.execution.tasks import Folded, SendWrite, Task, TaskKind, TaskResult, Write
from fastgraph.state.changes import Change
from fastgraph.state.values import StoredValue

STEPS = 12


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
            Folded(values={"log": stored(["input"])}, changes={}),
        )

    def machine(self, checkpoint: Checkpoint) -> Machine:
        """Build a machine at a checkpoint, as after a restart."""
        return Machine(
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
        writes = [Write("log", stored([f"{task.step} {task.path}"]))] if random.random() < 0.8 else []
        if task.kind is TaskKind.PULL and task.node != START:
            writes.append(Write(f"own_{task.node}", stored(task.step)))
        targets = [*self.plan.nodes, END, "nowhere"]
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
    """Join lists, in the order in which the machine gives them."""
    values, changes = {}, {}
    for key in work.keys:
        items = [
            *(key.current.fresh() if key.current else []),
            *(item for write in key.writes for item in write.value.fresh()),
        ]
        values[key.key] = stored(items)
        changes[key.key] = Change.set_to(values[key.key])
    return Folded(values=values, changes=changes)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw a graph of up to six nodes with edges, loops, joins, deferred nodes, and a router at START."""
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
    keys = {"log": KeyPlan(name="log", kind=KeyKind.REDUCER)}
    keys |= {f"own_{name}": KeyPlan(name=f"own_{name}") for name in names}
    plan = GraphPlan(
        name="random",
        nodes=nodes,
        keys=keys,
        joins={join: JoinPlan(name=join, sources=sources, target=target) for join, sources, target in plans},
    )
    return World(plan, draw(st.integers(0, 2**32)), draw(st.sampled_from([0, 15, 40])))
