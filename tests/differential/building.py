"""Build a sketched program with either library: the names that it imports are the parameter.

What a node does depends on its name, on what it sees and on how often it was executed, and what it writes tells of it:
a stale read, another order or a lost write is a difference in the values. `World` holds what only a process remembers,
and notes which features did occur.
"""

import asyncio
import operator
import zlib
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any, TypedDict

from differential.sketch import Node, Program, Router, Visit

__all__ = ["Boom", "World", "build", "make_value"]

MOST_EXECUTIONS = 60
DEPTH = 2
PATIENCE = 200  # turns of the loop that an error waits for its siblings, which it would cancel
GATE = frozenset({"a", "b"})


class Boom(Exception):  # noqa: N818 - it is a node's word, not ours
    """A node's failure, which is worth a retry."""


class World:
    """One run of a program: failures so far, and the features that occurred."""

    def __init__(self) -> None:
        self.failures: Counter[str] = Counter()
        self.occurred: set[str] = set()
        self.executions = 0
        self.failing = 0

    @property
    def is_too_big(self) -> bool:
        """Whether a program multiplied its tasks beyond what is worth to be compared."""
        return self.executions > MOST_EXECUTIONS


def build(lg: Any, program: Program, world: World, *, is_async: bool, saver: Any = None) -> Any:
    """Compile a program and its children; `saver` is what the root's sketch asks for."""
    builder = lg.graph.StateGraph(make_schema(lg, program.keys))
    for node in program.nodes:
        retry = {"retry_policy": _retry(lg, node.attempts)} if node.attempts else {}
        builder.add_node(
            node.name, _make_node(lg, program, node, world, is_async=is_async), defer=node.defer, **retry
        )
    for source, target in program.edges:
        builder.add_edge(_name(lg, source), _name(lg, target))
    for sources, target in program.joins:
        builder.add_edge(list(sources), target)
    for number, router in enumerate(program.routers):
        targets = _path_map(lg, router)
        builder.add_conditional_edges(
            _name(lg, router.source),
            _make_router(lg, router, number, world, is_async=is_async),
            *([targets] if targets is not None else []),
        )
    return builder.compile(
        checkpointer=saver,
        interrupt_before=list(program.stops_before) or None,
        interrupt_after=list(program.stops_after) or None,
    )


def make_schema(lg: Any, keys: tuple[str, ...]) -> Any:
    """Return the state's type with these keys."""
    channels = lg.channels
    kinds: dict[str, Any] = {
        "log": Annotated[list, operator.add],
        "text": Annotated[str, join],
        "merged": Annotated[dict, merge],
        "count": Annotated[int, operator.add],
        "bag": Annotated[set, operator.or_],
        "plain": str,
        "other": str,
        "any": Annotated[str, channels.AnyValue(str)],
        "once": Annotated[str, channels.EphemeralValue(str, guard=False)],
        "topic": Annotated[list, channels.Topic(str)],
        "notes": Annotated[list, channels.Topic(str, accumulate=True)],
        "held": Annotated[str, channels.UntrackedValue(str, guard=False)],
        "gate": Annotated[set, channels.NamedBarrierValue(str, set(GATE))],
        "late": Annotated[str, channels.LastValueAfterFinish(str)],
        "delta": Annotated[list, channels.DeltaChannel(extend)],
        "left": lg.managed.RemainingSteps,
    }
    return TypedDict("State", {key: kinds[key] for key in keys}, total=False)  # type: ignore[operator]


def join(one: str, two: str) -> str:
    """Join texts in a way that tells their order and their grouping."""
    return f"({one}{two})"[-60:]


def merge(one: dict[str, Any], two: dict[str, Any]) -> dict[str, Any]:
    """Let later entries win."""
    return {**one, **two}


def extend(one: list[Any], many: list[list[Any]]) -> list[Any]:
    """Extend a list by all writes of a step."""
    return [*one, *(item for items in many for item in items)]


def digest(seen: Any) -> int:
    """Return a small number that depends on everything in a value."""
    return zlib.crc32(repr(_sorted(seen)).encode()) % 97


def _sorted(seen: Any) -> Any:
    if isinstance(seen, Mapping):
        return [(key, _sorted(seen[key])) for key in sorted(seen)]
    if isinstance(seen, set | frozenset):
        return sorted(seen)
    return [_sorted(item) for item in seen] if isinstance(seen, list | tuple) else seen


def make_value(key: str, label: str, number: int) -> Any:
    """Return what a node called `label` writes to a key, having seen what has the digest `number`."""
    match key:
        case "log" | "delta":
            return [f"{label}.{number}"]
        case "merged":
            return {f"k{number % 3}": label}
        case "count":
            return 1
        case "bag":
            return {number % 7}
        case "gate":
            return label[0]
        case _:
            return f"{label}.{number}"


def _retry(lg: Any, attempts: int) -> Any:
    return lg.types.RetryPolicy(initial_interval=0, jitter=False, max_attempts=attempts, retry_on=Boom)


def _name(lg: Any, name: str) -> str:
    return str({"START": lg.graph.START, "END": lg.graph.END}.get(name, name))


def _make_node(lg: Any, program: Program, node: Node, world: World, *, is_async: bool) -> Any:
    child: Any = None
    if node.child is not None:
        saver = {"inherit": None, "own": True, "none": False}[node.child.saver]
        child = build(lg, node.child, world, is_async=is_async, saver=saver)
        if node.called == "as node":
            world.occurred.add("a graph as a node")
            return child
    act = _make_act(lg, program, node, world, child, is_async=is_async)
    return act if is_async else _step_through(act)


def _make_act(
    lg: Any, program: Program, node: Node, world: World, child: Any, *, is_async: bool
) -> Callable[[Any], Coroutine[Any, Any, Any]]:
    async def act(state: Any) -> Any:
        sent = state.get("me") if isinstance(state, dict) else None
        if sent is None:
            count = sum(entry.startswith(f"{node.name}:") for entry in state.get("log", ()))
            label = f"{node.name}:{count}"
        else:
            count = sent.count("/")
            label = f"{node.name}:{sent}"
        world.executions += 1
        if world.is_too_big:
            await _let_others_end(world, is_async=is_async)
            raise OverflowError("this program multiplies")
        visit = node.visits[min(count, len(node.visits) - 1)]
        await _fail(node, visit, label, world, is_async=is_async)
        log = [f"{label}.{digest(state)}"]
        for number in range(visit.asks):
            world.occurred.add("interrupt")
            log.append(f"{label}={lg.types.interrupt(f'{label}?{number}')}")
        for number in range({"inside": 1, "inside twice": 2}.get(node.called, 0)):
            world.occurred.add("a graph called inside")
            given = {"log": [f"{label}-{number}"]}
            found = await child.ainvoke(given) if is_async else child.invoke(given)
            log.append(f"{label}={digest(found)}")
        if visit.is_telling:
            world.occurred.add("custom stream")
            lg.config.get_stream_writer()(f"{label} says")
        if visit.returns in ("number", "parent"):
            await _let_others_end(world, is_async=is_async)
        return _answer(lg, visit, log, world, label=label, number=digest(state))

    act.__name__ = node.name
    return act


def _step_through(act: Callable[[Any], Coroutine[Any, Any, Any]]) -> Callable[[Any], Any]:
    """Make a sync node of one that is never suspended."""

    def run(state: Any) -> Any:
        try:
            act(state).send(None)
        except StopIteration as end:
            return end.value
        raise AssertionError("a sync node was suspended")

    return run


async def _fail(node: Node, visit: Visit, label: str, world: World, *, is_async: bool) -> None:
    if world.failures[label] >= visit.fails:
        return
    world.failures[label] += 1
    is_final = world.failures[label] % max(node.attempts, 1) == 0
    world.occurred.add("an error that ends the call" if is_final else "retry")
    if is_final:
        await _let_others_end(world, is_async=is_async)
    raise Boom(label)


async def _let_others_end(world: World, *, is_async: bool) -> None:
    """Wait with an error until the siblings, which it would cancel, have ended; those that fail, too, wait longer."""
    world.failing += 1
    try:
        for _ in range(PATIENCE * world.failing if is_async else 0):
            await asyncio.sleep(0)
    finally:
        world.failing -= 1


def _answer(lg: Any, visit: Visit, log: list[str], world: World, *, label: str, number: int) -> Any:
    update: dict[str, Any] = {}
    for write in visit.writes:
        key = write.removesuffix("!")
        value = log if key == "log" else make_value(key, label, number)
        if write.endswith("!"):
            world.occurred.add("overwrite")
            value = lg.types.Overwrite(value)
        update[key] = value
    # what was sent sends no more after a while, or tasks would multiply
    wanted = [target for target in visit.goto if label.count("/") < DEPTH or not target.startswith("send:")]
    goto = [_target(lg, target, f"{label}/{place}", world) for place, target in enumerate(wanted)]
    match visit.returns:
        case "none":
            return None
        case "number":
            return 5
        case "command":
            world.occurred.add("command")
            return lg.types.Command(update=update, goto=goto)
        case "parent":
            world.occurred.add("command to the parent")
            return lg.types.Command(graph=lg.types.Command.PARENT, update=update, goto=goto)
        case "list":
            world.occurred.add("a list of updates")
            return [{key: value} for key, value in update.items()] + [lg.types.Command(goto=goto)]
        case _:
            return update


def _target(lg: Any, target: str, path: str, world: World) -> Any:
    if not target.startswith("send:"):
        return _name(lg, target)
    world.occurred.add("send")
    return lg.types.Send(target.removeprefix("send:"), {"me": path.partition(":")[2], "from": path})


def _path_map(lg: Any, router: Router) -> Any:
    if router.form == "map":
        return {f"option {number}": _name(lg, option[0]) for number, option in enumerate(router.options)}
    if router.form == "flag":
        return {False: _name(lg, router.options[0][0]), True: _name(lg, router.options[-1][0])}
    return None


def _make_router(lg: Any, router: Router, number: int, world: World, *, is_async: bool) -> Any:
    async def choose(state: Any) -> Any:
        chosen = digest(state) % len(router.options)
        if router.until:
            world.occurred.add("a loop with a counter")
            chosen = int(state.get("count", 0) >= router.until) if isinstance(state, dict) else 1
            chosen = min(chosen, len(router.options) - 1)
        world.occurred.add(f"router: {router.form}")
        if router.form == "map":
            return f"option {chosen}"
        if router.form == "flag":
            return bool(chosen)
        path = f"{router.source}:{number}{chosen}"
        found = [
            _target(lg, target, f"{path}/{place}", world)
            for place, target in enumerate(router.options[chosen])
        ]
        return found[0] if router.form == "name" and found else found

    # on a loop nothing may leave it for a thread, or an error would end siblings at a moment of chance
    chooser = choose if is_async else _step_through(choose)
    chooser.__name__ = f"choose{number}"
    return chooser
