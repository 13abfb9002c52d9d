"""Features together: what routing, questions, faults and nesting do to each other."""

from conformance.calls import answer, answer_each, proceed, tell
from conformance.parts import EMPTY, FlawError, Trail, asks, leaves, many
from conformance.program import flow
from conformance.wiring import chain, wire


@flow("1.4 conditional", "1.6 interrupt", calls=[EMPTY, answer("b")])
def a_router_asks(lg):
    builder = wire(lg, Trail, many("abc"), "START a")
    builder.add_conditional_edges("a", lambda state: lg.types.interrupt("where to?"))
    return builder


@flow("1.4 defer", "1.6 interrupt", calls=[EMPTY, answer("yes")])
def a_deferred_node_waits_for_a_question(lg):
    nodes = many("ab") | {"ask": asks(lg, "ok?"), "d": (leaves("d"), {"defer": True})}
    return wire(lg, Trail, nodes, "START a d", "START ask b d")


@flow("1.4 join", "1.6 interrupt", calls=[EMPTY, answer("yes")])
def a_join_over_a_question(lg):
    return wire(lg, Trail, many("aj") | {"ask": asks(lg, "ok?")}, "START a", "START ask", "a+ask j")


@flow("1.4 join", "1.3 failure", calls=[EMPTY, proceed()], remembers=True)
def a_join_over_a_failure(lg):
    tries: list[int] = []

    def bad(state):
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("once")
        return {"trail": ["bad"]}

    return wire(lg, Trail, many("abj") | {"bad": bad}, "START a bad", "a b", "b+bad j")


@flow("1.4 send", "1.4 join", calls=[EMPTY])
def sends_and_a_join(lg):
    builder = wire(lg, Trail, many("bj") | {"w": lambda n: {"trail": [n]}}, "START b", "w+b j")
    builder.add_conditional_edges(lg.graph.START, lambda state: [lg.types.Send("w", n) for n in (2, 1)])
    return builder


@flow("1.4 send", "1.7 as node", calls=[EMPTY])
def sends_to_a_subgraph(lg):
    sub = wire(lg, Trail, {"s": lambda state: {"trail": [f"s{len(state['trail'])}"]}}, "START s").compile()
    builder = wire(lg, Trail, {"sub": sub, "e": leaves("e")}, "sub e")
    sends = [lg.types.Send("sub", {"trail": ["x"] * n}) for n in (2, 0, 1)]
    builder.add_conditional_edges(lg.graph.START, lambda state: sends)
    return builder


@flow(
    "1.4 send", "1.6 resume", "1.7 as node", calls=[EMPTY, answer_each({"q1": "B"}), answer_each({"q0": "A"})]
)
def sends_to_a_subgraph_that_asks(lg):
    def ask(state: Trail):
        number = state["trail"][0]
        return {"trail": [lg.types.interrupt(f"q{number}")]}

    sub = chain(lg, Trail, ask).compile()
    builder = wire(lg, Trail, {"sub": sub, "e": leaves("e")}, "sub e")
    builder.add_conditional_edges(
        lg.graph.START, lambda state: [lg.types.Send("sub", {"trail": [n]}) for n in (0, 1)]
    )
    return builder


@flow("1.4 parent", "1.4 send", "1.7 as node", calls=[EMPTY])
def a_subgraph_sends_in_its_parent(lg):
    def leave(state: Trail):
        sends = [lg.types.Send("w", n) for n in (1, 2)]
        return lg.types.Command(graph=lg.types.Command.PARENT, update={"trail": ["up"]}, goto=sends)

    sub = chain(lg, Trail, leave).compile()
    return wire(lg, Trail, {"sub": sub, "w": lambda n: {"trail": [n]}}, "START sub")


@flow("1.4 parent", "1.6 interrupt", "1.7 as node", calls=[EMPTY, answer("yes")])
def a_subgraph_commands_its_parent_after_a_question(lg):
    def leave(state: Trail):
        given = lg.types.interrupt("leave?")
        return lg.types.Command(graph=lg.types.Command.PARENT, update={"trail": [given]}, goto="b")

    return wire(lg, Trail, {"sub": chain(lg, Trail, leave).compile()} | many("bc"), "START sub c")


@flow("1.4 command", "1.6 interrupt", calls=[EMPTY, answer("c"), answer("b")])
def a_question_decides_where_to_go(lg):
    def ask(state: Trail):
        target = lg.types.interrupt(f"where to after {len(state['trail'])}?")
        return lg.types.Command(update={"trail": [target]}, goto=target)

    return wire(lg, Trail, {"ask": ask} | many("bc"), "START ask", "c ask")


@flow("1.4 input command", "1.6 resume", calls=[EMPTY, tell(goto="b"), answer("yes")])
def a_command_goes_elsewhere_while_a_question_is_open(lg):
    return wire(lg, Trail, {"ask": asks(lg, "ok?")} | many("bc"), "START ask c")


@flow("1.4 input command", "1.6 resume", calls=[EMPTY, tell(resume="yes", goto="b")])
def an_answer_with_a_target(lg):
    return wire(lg, Trail, {"ask": asks(lg, "ok?")} | many("bc"), "START ask c")


@flow("1.5 retry", "1.6 resume", calls=[EMPTY, answer("yes")], remembers=True)
def a_node_that_is_retried_after_an_answer(lg):
    tries: list[str] = []

    def ask(state: Trail):
        given = lg.types.interrupt("ok?")
        tries.append(given)
        if len(tries) < 3:
            raise FlawError(len(tries))
        return {"trail": [given, len(tries)]}

    policy = lg.types.RetryPolicy(initial_interval=0.001, jitter=False)
    return wire(lg, Trail, {"ask": (ask, {"retry_policy": policy}), "z": leaves("z")}, "START ask z")


@flow("1.5 handler", "1.4 send", calls=[EMPTY])
def a_handler_of_sent_tasks(lg):
    def w(n):
        if n % 2:
            raise FlawError(f"odd {n}")
        return {"trail": [n]}

    def handle(given, error: lg.errors.NodeError):
        return {"trail": [f"handled {given} {error.error}"]}

    builder = wire(lg, Trail, {"w": (w, {"error_handler": handle}), "e": leaves("e")}, "w e")
    builder.add_conditional_edges(lg.graph.START, lambda state: [lg.types.Send("w", n) for n in range(4)])
    return builder


@flow("1.5 handler", "1.7 as node", calls=[EMPTY])
def a_handler_of_a_subgraph(lg):
    def bad(state: Trail):
        raise FlawError("below")

    def handle(state: Trail, error: lg.errors.NodeError):
        return {"trail": [f"{error.node} {error.error}"]}

    sub = chain(lg, Trail, bad).compile()
    return wire(lg, Trail, {"sub": (sub, {"error_handler": handle}), "z": leaves("z")}, "START sub z")


@flow(
    "1.5 handler", "1.6 breakpoints", calls=[EMPTY, proceed()], options=lambda _: {"interrupt_before": ["z"]}
)
def a_handler_and_a_breakpoint(lg):
    def bad(state: Trail):
        raise FlawError("bad")

    handler = lambda state: lg.types.Command(update={"trail": ["handled"]}, goto="z")  # noqa: E731 - a router of one line
    return wire(lg, Trail, {"bad": (bad, {"error_handler": handler}), "z": leaves("z")}, "START bad")


@flow("1.5 retry", "1.7 as node", calls=[EMPTY], remembers=True)
def a_subgraph_is_retried_as_a_whole(lg):
    tries: list[int] = []

    def bad(state: Trail):
        tries.append(1)
        if len(tries) < 3:
            raise FlawError
        return {"trail": [len(tries)]}

    sub = wire(lg, Trail, {"first": leaves("first"), "bad": bad}, "START first bad").compile()
    policy = lg.types.RetryPolicy(initial_interval=0.001, jitter=False)
    return wire(lg, Trail, {"sub": (sub, {"retry_policy": policy})}, "START sub")
