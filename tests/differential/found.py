"""Programs on which the libraries once disagreed, in their smallest form, each with what it shows.

The random test found them. They stay, because a fault that was made once is made again.
"""

from differential.sketch import Move, Node, Program, Router, Visit

__all__ = ["FOUND"]

START = Move(kind="start", keys=("log",))
GO_ON = Move(kind="go on")
CHAIN = (("START", "a"), ("a", "b"))

PAIR = (("START", "a"), ("START", "b"))


def _thread(*moves: Move, stops_before: tuple[str, ...] = (), stops_after: tuple[str, ...] = ()) -> Program:
    """Return a chain of two nodes, of which the first writes keys of all kinds, with the calls on it."""
    return Program(
        nodes=(Node(name="a", visits=(Visit(writes=("log", "once", "late", "notes")),)), Node(name="b")),
        keys=("log", "once", "late", "notes", "held"),
        edges=CHAIN,
        stops_before=stops_before,
        stops_after=stops_after,
        moves=moves,
    )


FOUND: dict[str, Program] = {
    "a task's input has its managed values": Program(
        nodes=(Node(name="a"),), keys=("log", "left"), edges=(("START", "a"),), modes=("tasks", "debug")
    ),
    "update_state stores no untracked key": _thread(
        START, Move(kind="update", keys=("log", "held"), node="a"), GO_ON
    ),
    "a router of update_state sees how many steps are left": Program(
        nodes=(Node(name="a"), Node(name="b")),
        keys=("log", "left"),
        edges=(("START", "b"),),
        routers=(
            Router(source="b", options=tuple((name,) for name in ("a", "b", "END", "a", "b", "a", "b"))),
        ),
        moves=(START, Move(kind="update", keys=("log",), node="b")),
    ),
    "update_state ends what waits for the finish": _thread(
        START, Move(kind="update", keys=("log", "late"), node="b"), GO_ON
    ),
    "START that leads to deferred nodes only is a finish": Program(
        nodes=(Node(name="a", defer=True), Node(name="b")),
        keys=("log", "late"),
        edges=CHAIN,
        moves=(Move(kind="start", keys=("log", "late")), GO_ON),
    ),
    "a router of START that leads to deferred nodes only is a finish": Program(
        nodes=(Node(name="a", defer=True), Node(name="b")),
        keys=("log", "once", "topic", "late"),
        edges=CHAIN,
        routers=(Router(source="START", options=(("a",),)),),
        moves=(Move(kind="start", keys=("log", "once", "topic", "late")), GO_ON),
    ),
    "half a step that wrote nothing which shows is not streamed": Program(
        nodes=(Node(name="a", visits=(Visit(writes=("late",)),)), Node(name="b", visits=(Visit(asks=1),))),
        keys=("log", "late"),
        edges=PAIR,
        moves=(START, GO_ON),
    ),
    "an input that drops what was due clears what lives for one step": _thread(
        START, START, GO_ON, stops_after=("a",)
    ),
    "an update leaves the result of a finished task": _thread(
        START, Move(kind="update old", keys=("log",), node="a", number=1), GO_ON
    ),
    "an update without a node on an old checkpoint": Program(
        nodes=(Node(name="a"), Node(name="b"), Node(name="c")),
        edges=(*PAIR, ("a", "c")),
        moves=(START, Move(kind="update old", keys=("log",), number=1), GO_ON),
    ),
    "a Command that only sends has no result": Program(
        nodes=(
            Node(name="a", visits=(Visit(writes=(), returns="command", goto=("send:b",)),)),
            Node(name="b"),
        ),
        edges=(("START", "a"),),
        stops_after=("a",),
        moves=(START, GO_ON),
    ),
    "one of two questions of a nested graph is answered": Program(
        nodes=(
            Node(
                name="a",
                child=Program(
                    nodes=(Node(name="p", visits=(Visit(asks=1),)), Node(name="q", visits=(Visit(asks=1),))),
                    edges=(("START", "p"), ("START", "q")),
                    saver="inherit",
                    moves=(),
                ),
                called="as node",
            ),
        ),
        edges=(("START", "a"),),
        moves=(START, Move(kind="answer one"), GO_ON),
    ),
    "a nested graph that waits streams no half step": Program(
        nodes=(
            Node(
                name="a",
                child=Program(
                    nodes=(Node(name="p"), Node(name="q", visits=(Visit(asks=1),))),
                    edges=(("START", "p"), ("START", "q")),
                    saver="inherit",
                    moves=(),
                ),
                called="as node",
            ),
        ),
        edges=(("START", "a"),),
        is_deep=True,
        moves=(START, GO_ON),
    ),
    "a fork of an input stops at the first breakpoint": _thread(
        START, GO_ON, Move(kind="fork", number=3), GO_ON, stops_before=("a",)
    ),
    "an input after a fork and a Command is added to what accumulates": _thread(
        Move(kind="start", keys=("log", "notes")),
        Move(kind="fork", number=2),
        Move(kind="tell", keys=("notes",)),
        Move(kind="start", keys=("log", "notes")),
        GO_ON,
    ),
    "a join and an edge trigger one task": Program(
        nodes=(Node(name="a"), Node(name="b"), Node(name="c")),
        edges=(*PAIR, ("a", "c")),
        joins=((("a", "b"), "c"),),
        modes=("tasks",),
    ),
}
