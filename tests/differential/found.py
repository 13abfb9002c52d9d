"""Programs on which the libraries once disagreed, in their smallest form, each with what it shows.

The random test found them. They stay, because a fault that was made once is made again.
"""

from differential.sketch import Move, Node, Program, Router, Visit

__all__ = ["FOUND"]

START = Move(kind="start", keys=("log",))
GO_ON = Move(kind="go on")
CHAIN = (("START", "a"), ("a", "b"))

FOUND: dict[str, Program] = {
    "a task's input has its managed values": Program(
        nodes=(Node(name="a"),), keys=("log", "left"), edges=(("START", "a"),), modes=("tasks", "debug")
    ),
}
