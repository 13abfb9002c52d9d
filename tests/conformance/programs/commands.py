"""1.4: Commands of nodes, to parents, and as input."""

from conformance.calls import tell
from conformance.parts import EMPTY, Trail, many
from conformance.program import flow, script
from conformance.wiring import chain, wire


@flow("1.4 command", calls=[EMPTY])
def goto_adds_to_static_edges(lg):
    def a(state: Trail):
        return lg.types.Command(update={"trail": ["a"]}, goto="c")

    return wire(lg, Trail, many("bc") | {"a": a}, "START a b")


@flow("1.4 command", "1.4 send", calls=[EMPTY])
def goto_takes_names_and_sends(lg):
    def a(state: Trail):
        sends = [lg.types.Send("w", 1), "b", lg.types.Send("w", 2), lg.graph.END]
        return lg.types.Command(update={"trail": ["a"]}, goto=sends)

    def w(given):
        return {"trail": [f"w{given}"]}

    return wire(lg, Trail, many("b") | {"a": a, "w": w}, "START a")


@flow("1.4 command", calls=[EMPTY])
def update_as_a_list_of_pairs(lg):
    def a(state: Trail):
        return lg.types.Command(update=[("trail", ["1"]), ("trail", ["2"])], goto="b")

    return wire(lg, Trail, many("b") | {"a": a}, "START a")


@flow("1.4 command", "1.3 plan", calls=[EMPTY])
def goto_a_node_that_is_not_there(lg):
    def a(state: Trail):
        return lg.types.Command(update={"trail": ["a"]}, goto=["nowhere", "b"])

    return wire(lg, Trail, many("b") | {"a": a}, "START a")


@flow("1.4 command", calls=[EMPTY])
def a_command_that_only_goes(lg):
    def a(state: Trail):
        return lg.types.Command(goto="b")

    return wire(lg, Trail, many("b") | {"a": a}, "START a")


@flow("1.4 command", calls=[EMPTY])
def a_list_of_commands(lg):
    def a(state: Trail):
        return [lg.types.Command(update={"trail": [name]}, goto=name) for name in "cb"]

    return wire(lg, Trail, many("bc") | {"a": a}, "START a")


def _child(lg, command):
    def inner(state: Trail):
        return {"trail": ["inner"]}

    def leave(state: Trail):
        return command

    def never(state: Trail):
        return {"trail": ["never"]}

    return chain(lg, Trail, inner, leave, never).compile()


@flow("1.4 parent", "1.7 as node", calls=[EMPTY])
def a_subgraph_commands_its_parent(lg):
    command = lg.types.Command(graph=lg.types.Command.PARENT, update={"trail": ["from below"]}, goto="b")
    return wire(lg, Trail, {"sub": _child(lg, command)} | many("bc"), "START sub c")


@flow("1.4 parent", "1.7 called", calls=[EMPTY])
def a_called_subgraph_commands_the_node_that_calls(lg):
    command = lg.types.Command(graph=lg.types.Command.PARENT, update={"trail": ["from below"]}, goto="b")
    sub = _child(lg, command)

    def call(state: Trail):
        return {"trail": ["called", *sub.invoke({"trail": []})["trail"]]}

    return wire(lg, Trail, {"call": call} | many("bc"), "START call c")


@flow("1.4 parent", "1.7 as node", calls=[EMPTY])
def a_command_goes_one_level_up(lg):
    command = lg.types.Command(graph=lg.types.Command.PARENT, update={"trail": ["from the ground"]}, goto="m")
    middle = wire(lg, Trail, {"sub": _child(lg, command)} | many("m"), "START sub").compile()
    return wire(lg, Trail, {"middle": middle} | many("b"), "START middle b")


@script("1.4 parent")
def a_command_to_a_parent_without_one_is_raised(lg):
    command = lg.types.Command(graph=lg.types.Command.PARENT, update={"trail": ["x"]})
    return _child(lg, command).invoke({"trail": []})


@flow("1.4 input command", calls=[EMPTY, tell(update={"trail": ["told"]}), tell(goto="b")])
def a_command_as_input_of_a_thread(lg):
    return wire(lg, Trail, many("ab"), "START a")


@flow("1.4 input command", calls=[EMPTY, tell(update={"trail": ["told"]}, goto=["b", "a"])])
def a_command_with_an_update_and_two_targets(lg):
    return wire(lg, Trail, many("abc"), "START a c")


@flow("1.4 input command", calls=[tell(update={"trail": ["first"]}), tell(update={"trail": ["x"]}, goto="a")])
def a_command_as_the_first_input(lg):
    return wire(lg, Trail, many("ab"), "START a b")
