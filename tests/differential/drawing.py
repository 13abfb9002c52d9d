"""The strategy that draws whole programs.

Each program first draws which of its kind's features it may have (a swarm), so that every feature occurs often enough, no
program has them all, and all are small. What both libraries leave to chance is not drawn: an error ends a call among
siblings only on a loop, where it can wait for them.
"""

from hypothesis import strategies as st

from differential.sketch import Called, Form, Move, Node, Program, Router, Visit

__all__ = ["KINDS", "programs"]

# Which writes LangGraph shows for a task whose step was refused (two writers of a plain key) depends on earlier forks.
_NOT_WITH_HISTORY = ("held", "plain", "other")
REDUCED = ("text", "merged", "count", "bag", "delta")
KEYS = (*REDUCED, "plain", "other", "any", "once", "topic", "notes", "held", "gate", "late", "left")
SINGLE = ("plain", "other", "late")  # take one write of a step
# What a program may have depends on its kind, so that it stays small. A kind has the features that have to meet.
KINDS: dict[str, frozenset[str]] = {
    "steps": frozenset(
        {
            "joins",
            "routers",
            "sends",
            "commands",
            "loops",
            "defer",
            "overwrite",
            "retries",
            "errors",
            "faults",
            "bare",
        }
    ),
    "questions": frozenset({"asks", "stops", "routers", "joins", "commands", "loops", "retries", "errors"}),
    "nested": frozenset({"children", "parents", "asks", "stops", "retries", "bare"}),
    "threads": frozenset({"inputs", "updates", "history", "stops", "asks", "routers", "commands"}),
}
# A task that fails after an answer counts as failed here and as done in LangGraph (docs/langgraph.md), so whatever is
# called inside of a node that may have been answered neither fails nor goes on for ever.
CALM = frozenset({"asks", "overwrite", "retries", "defer"})


def chance(draw: st.DrawFn, percent: int) -> bool:
    """Draw yes in so many cases of a hundred; it shrinks to no."""
    return draw(st.integers(1, 100)) > 100 - percent


class Artist:
    """Draws the parts of one graph: `names` are its nodes, `has` the features that it may have."""

    def __init__(
        self, draw: st.DrawFn, names: list[str], keys: tuple[str, ...], has: frozenset[str], *, is_root: bool
    ) -> None:
        self.draw = draw
        self.names = names
        self.node = st.sampled_from(names)
        self.keys = keys
        self.has = has
        self.is_root = is_root
        self.routed = [*names, "START"]

    def may(self, feature: str, percent: int) -> bool:
        """Draw whether a feature is used here."""
        return feature in self.has and chance(self.draw, percent)

    def targets(self, most: int = 3) -> tuple[str, ...]:
        """Draw where a node leads."""
        return tuple(self.target() for _ in range(self.draw(st.integers(0, most))))

    def target(self) -> str:
        """Draw one target."""
        if self.may("sends", 75):
            return f"send:{self.draw(self.node)}"
        return (
            self.draw(self.node) if chance(self.draw, 85) else self.draw(st.sampled_from(["END", "nowhere"]))
        )

    def edges(self) -> tuple[tuple[str, str], ...]:
        """Draw edges that lead on, and a few that lead back."""
        found = {("START", self.names[0])}
        for number, name in enumerate(self.names[1:], 1):
            if chance(self.draw, 45):
                found.add(("START", name))
            if chance(self.draw, 65):
                found.add((self.names[self.draw(st.integers(0, number - 1))], name))
        if self.may("loops", 25):
            found.add((self.draw(self.node), self.draw(self.node)))
        return tuple(sorted(found))

    def joins(self) -> tuple[tuple[tuple[str, ...], str], ...]:
        """Draw up to two joins."""
        if not self.may("joins", 80):
            return ()
        sources = st.sets(self.node, min_size=1, max_size=3)
        drawn = self.draw(st.lists(st.tuples(sources, self.node), min_size=1, max_size=2))
        return tuple(sorted({(tuple(sorted(names)), target) for names, target in drawn}))

    def routers(self) -> tuple[Router, ...]:
        """Draw conditional edges."""
        found = []
        if self.may("routers", 90):
            for _ in range(self.draw(st.integers(1, 3))):
                source = self.draw(st.sampled_from(self.routed))
                form: Form = self.draw(st.sampled_from(["list", "list", "name", "map", "map", "flag"]))
                found.append(Router(source=source, options=self.options(form), form=form))
        if "count" in self.keys and self.may("loops", 95):
            source, back = self.draw(st.sampled_from(self.routed)), self.draw(self.node)
            found.append(
                Router(
                    source=source,
                    options=((back,), ("END",)),
                    form=self.draw(st.sampled_from(["name", "flag"])),
                    until=self.draw(st.integers(1, 3)),
                )
            )
        return tuple(found)

    def options(self, form: Form) -> tuple[tuple[str, ...], ...]:
        """Draw what a router may choose from."""
        if form == "list":
            return tuple(self.targets() for _ in range(self.draw(st.integers(1, 3))))
        if form == "name":
            return tuple((self.target(),) for _ in range(self.draw(st.integers(1, 3))))
        ends = st.sampled_from([*self.names, "END"])
        return ((self.draw(ends),), (self.draw(ends),))

    def visit(self, name: str, *, attempts: int) -> Visit:
        """Draw what a node does one time."""
        returns = "dict"
        if self.may("commands", 50):
            returns = self.draw(st.sampled_from(["command", "command", "list"]))
        elif not self.is_root and self.may("parents", 70):
            returns = "parent"
        elif chance(self.draw, 6):
            returns = "none"
        elif self.may("faults", 9):
            returns = "number"
        fails = self.draw(st.integers(1, 3)) if self.may("retries", 60) and attempts else 0
        is_final = fails >= max(attempts, 1)
        if is_final and "errors" not in self.has:
            fails = max(attempts, 1) - 1
        if not fails and self.may("errors", 30):
            fails = 1
        asks = 0
        if fails < max(attempts, 1) and self.may("asks", 65):
            asks = self.draw(st.integers(1, 2))
        goto = self.targets() if returns in ("command", "list") else ()
        if returns == "parent":
            goto = tuple(self.draw(st.lists(st.sampled_from(["a", "b", "send:a"]), max_size=1)))
        return Visit(
            writes=self.writes(name),
            returns=returns,  # type: ignore[arg-type]
            goto=goto,
            asks=asks,
            fails=fails,
            is_telling=chance(self.draw, 15),
        )

    def writes(self, name: str) -> tuple[str, ...]:
        """Draw the keys that a node writes."""
        found = ["log"] if chance(self.draw, 92) else []
        for key in self.keys:
            share = {"plain": 15, "other": 15, "left": 0, "log": 0, "count": 75}.get(key, 50)
            if key == "gate" and name not in ("a", "b"):
                share = 0
            if share and chance(self.draw, share):
                is_replaced = key in REDUCED and self.may("overwrite", 25)
                found.append(f"{key}!" if is_replaced else key)
        if found == ["held"]:
            found.insert(0, "log")  # to LangGraph a task that wrote nothing that is stored has not ended
        if found[:1] == ["log"] and self.may("overwrite", 15):
            found[0] = "log!"
        return tuple(found)

    def make_node(self, name: str, child: Program | None, called: Called) -> Node:
        """Draw a node, whose child may be given."""
        attempts = self.draw(st.integers(2, 3)) if self.may("retries", 50) else 0
        visits = tuple(self.visit(name, attempts=attempts) for _ in range(self.draw(st.integers(1, 2))))
        return Node(
            name=name,
            visits=visits,
            defer=self.may("defer", 50),
            attempts=attempts,
            child=child,
            called=called,
        )

    def moves(self) -> tuple[Move, ...]:
        """Draw what is called on the thread."""
        keys = st.sampled_from([key for key in self.keys if key != "left"])
        # LangGraph loses what an update writes to a delta channel where the step before it was refused
        updated = st.sampled_from([key for key in self.keys if key not in ("left", "delta")])
        found = [Move(kind="start", keys=self.some_keys())]
        kinds = ["go on"]
        if "asks" in self.has:
            kinds += ["answer all", "answer one"]
            # LangGraph hands a plain answer down to what a nested graph asks first, also when it was used already
            # and one to nothing that was asked, at a breakpoint, to whichever of the step's tasks asks first
            kinds += [] if self.has & {"children", "stops"} else ["answer"]
        if "inputs" in self.has:
            kinds += ["start", "start", "start", "tell"]
        if "updates" in self.has:
            kinds += ["update", "update", "update old"]
        if "history" in self.has:
            kinds += ["fork", "fork", "update old"]
        least = 1 if {"inputs", "updates", "history"} & self.has else 0
        for _ in range(self.draw(st.integers(least, 3))):
            kind = self.draw(st.sampled_from(kinds))
            if kind == "tell":
                # of two to a thread at its end LangGraph makes one step, and where both write a key of one value,
                # the thread raises from then on
                kinds = [other for other in kinds if other != "tell"]
            drawn = updated if kind.startswith("update") else keys
            given = self.some_keys() if kind == "start" else (self.draw(drawn),)
            names = [*self.names, *([None, "END"] if kind == "update" else [])]
            names = names if kind.startswith("update") else [None]
            found.append(
                Move(
                    kind=kind,  # type: ignore[arg-type]
                    keys=given if kind in ("start", "tell", "update", "update old") else (),
                    node=self.draw(st.sampled_from(names)),
                    goto=(self.draw(self.node),)
                    if kind == "tell" and "defer" not in self.has and chance(self.draw, 50)
                    else (),
                    number=self.draw(st.integers(0, 6))
                    if kind in ("fork", "update old", "answer one")
                    else 0,
                )
            )
        return (*found, Move(kind="go on"))

    def some_keys(self) -> tuple[str, ...]:
        """Draw the keys of an input."""
        return ("log", *(key for key in self.keys if key not in ("left", "log") and chance(self.draw, 40)))

    def stops(self) -> tuple[str, ...]:
        """Draw the nodes of a breakpoint."""
        return (self.draw(self.node),) if self.may("stops", 50) else ()


@st.composite
def programs(draw: st.DrawFn, kind: str) -> Program:
    """Draw a program of a kind, with its calls."""
    has = frozenset(feature for feature in sorted(KINDS[kind]) if chance(draw, 65))
    if kind == "nested":
        has |= {"children", "parents"} if chance(draw, 60) else {"children"}
    if "sends" in has:
        has |= {"commands"}
    names = list("abcd")[: draw(st.integers(1, 2) if kind == "nested" else st.integers(2, 4))]
    keys = (
        "log",
        *(
            key
            for key in KEYS
            if chance(draw, 60 if key == "count" and "loops" in has else 30)
            and not (key in _NOT_WITH_HISTORY and "history" in has)
        ),
    )
    artist = Artist(draw, names, keys, has, is_root=True)
    saver = "none" if "bare" in has and chance(draw, 40) else "memory"
    nodes = []
    for name in names:
        child, called = None, "no"
        if artist.may("children", 85):
            called = draw(st.sampled_from(["as node", "as node", "inside", "inside twice"]))
            if called == "as node":
                # an async router can't follow a Command to the parent in LangGraph
                artist.routed.remove(name)
            child = draw_child(draw, keys, has if called == "as node" else has & CALM)
        nodes.append(artist.make_node(name, child, called))  # type: ignore[arg-type]
    # LangGraph fails where a durability meets a graph without checkpoints
    is_kept = saver == "memory" and all(node.child is None or node.child.saver != "none" for node in nodes)
    durabilities = ["", "sync", "async"]
    joins = artist.joins()
    if joins or not {"notes", "gate"}.isdisjoint(keys):
        # else LangGraph's saver may see the list or set of an accumulating Topic, a barrier or a join when the next step
        # has added to it
        durabilities = ["sync"]
    is_loop = not has.isdisjoint({"errors", "faults", "parents"}) or chance(draw, 20)
    way = draw(st.sampled_from(["stream", "stream", "invoke"]))
    return Program(
        nodes=tuple(nodes),
        keys=keys,
        edges=artist.edges(),
        joins=joins,
        routers=artist.routers(),
        stops_before=artist.stops(),
        stops_after=artist.stops(),
        saver=saver,  # type: ignore[arg-type]
        limit=draw(st.sampled_from([9, 14] if kind == "nested" else [9, 2, 3, 14])),
        moves=artist.moves(),
        way=f"a{way}" if is_loop else way,  # type: ignore[arg-type]
        modes=tuple(mode for mode in ("custom",) if chance(draw, 30)),
        is_deep=chance(draw, 70 if kind == "nested" else 5),
        durability=draw(st.sampled_from(durabilities)) if is_kept else "",
    )


def draw_child(draw: st.DrawFn, keys: tuple[str, ...], has: frozenset[str]) -> Program:
    """Draw a graph that a node is or calls."""
    names = list("pqr")[: draw(st.integers(1, 3))]
    # never "own": LangGraph hands such a graph no input in a call that resumes, it shows its old state again
    saver = draw(st.sampled_from(["inherit", "inherit", "inherit" if "notes" in keys else "none"]))
    if saver == "none":
        has -= {
            "asks"
        }  # LangGraph can't take an answer by id to a graph without checkpoints: it asks for ever
    # what a sibling of a nested graph that fails did show by then is chance: no key that refuses two writes, no limit
    own = ("log", *(key for key in keys if key not in ("log", "gate", *SINGLE) and chance(draw, 60)))
    artist = Artist(draw, names, own, has - {"children"}, is_root=False)
    # of two tasks that leave for the parent in one step LangGraph follows whichever was quicker: one at a time
    in_turn = tuple(zip(("START", *names), names, strict=False))
    return Program(
        nodes=tuple(artist.make_node(name, None, "no") for name in names),
        keys=own,
        edges=in_turn if "parents" in has else artist.edges(),
        joins=artist.joins(),
        routers=artist.routers(),
        saver=saver,  # type: ignore[arg-type]
        moves=(),
    )
