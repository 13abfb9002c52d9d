"""The features that random programs must have, and how each is told from what was sketched and what occurred."""

from differential.sketch import Node, Program

__all__ = ["FEATURES", "find_features"]

OCCURRED = {
    "send": {"send"},
    "command with goto": {"command"},
    "command to the parent": {"command to the parent"},
    "a list of updates": {"a list of updates"},
    "overwrite": {"overwrite"},
    "router that returns a list": {"router: list"},
    "router that returns a name or a Send": {"router: name"},
    "router with a mapping": {"router: map"},
    "router of True and False": {"router: flag"},
    "loop with a counter": {"a loop with a counter"},
    "dynamic interrupt": {"interrupt"},
    "answers by id": {"answers"},
    "parallel questions": {"parallel questions"},
    "retry": {"retry"},
    "error without a retry left": {"an error that ends the call"},
    "resumed without an input": {"resumed without an input"},
    "a graph as a node": {"a graph as a node"},
    "a graph called inside": {"a graph called inside"},
    "update_state": {"update", "update old"},
    "an old checkpoint": {"an old checkpoint"},
    "recursion limit": {"raised GraphRecursionError"},
    "refused update": {"raised InvalidUpdateError"},
    "custom stream": {"custom stream"},
}

FEATURES = (
    *OCCURRED,
    "join",
    "defer",
    "static interrupt",
    "list appended",
    "order of a reducer",
    "merged dict",
    "channels",
    "several inputs",
    "no checkpointer",
    "on a loop",
    "in threads",
    "chunks",
    "results",
    "chunks of nested graphs",
)
_CHANNELS = {"any", "once", "topic", "notes", "held", "gate", "late", "delta"}


def find_features(program: Program, occurred: set[str]) -> set[str]:
    """Return which of `FEATURES` a program had, given what occurred while it ran."""
    found = {name for name, signs in OCCURRED.items() if signs & occurred}
    nodes = [*program.nodes, *(node for owner in program.nodes if owner.child for node in owner.child.nodes)]
    written = {key.removesuffix("!") for node in nodes for visit in node.visits for key in visit.writes}
    claims = {
        "join": bool(program.joins),
        "defer": any(node.defer for node in nodes),
        "static interrupt": bool(program.stops_before or program.stops_after),
        "list appended": "log" in written,
        "order of a reducer": "text" in written,
        "merged dict": "merged" in written,
        "channels": bool(_CHANNELS & written),
        "several inputs": sum(move.kind == "start" for move in program.moves) > 1,
        "no checkpointer": program.saver == "none",
        "on a loop": program.is_async,
        "in threads": not program.is_async,
        "chunks": program.way.endswith("stream"),
        "results": program.way.endswith("invoke"),
        "chunks of nested graphs": program.is_deep and any(map(_has_child, program.nodes)),
    }
    return found | {name for name, is_true in claims.items() if is_true}


def _has_child(node: Node) -> bool:
    return node.child is not None
