"""1.5: retries, timeouts, error handlers, defaults."""

import asyncio
from datetime import timedelta
from typing import Any

from conformance.calls import proceed
from conformance.parts import EMPTY, FlawError, Trail, attempted, leaves
from conformance.program import flow, script
from conformance.wiring import wire


class OtherFlawError(Exception):
    """Another one."""


def flaky(*errors: Exception) -> Any:
    """Return a node that raises these, one an attempt, and then says at which attempt it did not."""
    tries: list[int] = []

    def node(state):
        tries.append(1)
        if len(tries) <= len(errors):
            raise errors[len(tries) - 1]
        return {"trail": [f"try {len(tries)}"]}

    return node


def policy(lg, **options) -> Any:
    return lg.types.RetryPolicy(**{"initial_interval": 0.001, "jitter": False, **options})


def retried(lg, node, *policies) -> Any:
    given = policies[0] if len(policies) == 1 else policies
    return wire(lg, Trail, {"a": leaves("a"), "flaky": (node, {"retry_policy": given})}, "START a flaky END")


@flow("1.5 retry", calls=[EMPTY], remembers=True)
def a_second_attempt_is_enough(lg):
    return retried(lg, flaky(FlawError("1"), FlawError("2")), policy(lg))


@flow("1.5 retry", calls=[EMPTY, proceed()], remembers=True)
def all_attempts_fail(lg):
    return retried(lg, flaky(FlawError("1"), FlawError("2"), FlawError("3")), policy(lg, max_attempts=2))


@flow("1.5 retry", calls=[EMPTY, proceed()], remembers=True)
def some_classes_are_not_retried_by_default(lg):
    return retried(lg, flaky(ValueError("never retried"), TypeError("nor this")), policy(lg))


@flow("1.5 retry", calls=[EMPTY], remembers=True)
def a_connection_error_is_retried_by_default(lg):
    return retried(lg, flaky(ConnectionError("gone"), ConnectionResetError("gone")), policy(lg))


@flow("1.5 retry", calls=[EMPTY], remembers=True)
def retry_on_a_class_and_on_a_list(lg):
    return retried(lg, flaky(ValueError("v"), KeyError("k")), policy(lg, retry_on=(ValueError, KeyError)))


@flow("1.5 retry", calls=[EMPTY, proceed()], remembers=True)
def retry_on_a_function(lg):
    return retried(
        lg,
        flaky(FlawError("soft"), FlawError("hard")),
        policy(lg, retry_on=lambda error: "soft" in str(error)),
    )


@flow("1.5 retry", calls=[EMPTY, proceed()], remembers=True)
def the_first_policy_that_matches_counts(lg):
    policies = (
        policy(lg, retry_on=FlawError, max_attempts=2),
        policy(lg, retry_on=OtherFlawError, max_attempts=4),
    )
    return retried(
        lg, flaky(FlawError("1"), OtherFlawError("2"), OtherFlawError("3"), FlawError("4")), *policies
    )


@script("1.5 retry")
def writes_of_a_failed_attempt_are_dropped(lg):
    tries = []

    def noisy(state: Trail, writer: lg.types.StreamWriter):
        tries.append(1)
        writer(f"attempt {len(tries)}")
        if len(tries) < 3:
            raise FlawError
        return {"trail": ["done"]}

    return list(
        retried(lg, noisy, policy(lg)).compile().stream({"trail": []}, stream_mode=["custom", "updates"])
    )


@flow("1.5 retry", "1.6 interrupt", calls=[EMPTY, proceed()], remembers=True)
def an_interrupt_is_not_retried(lg):
    tries = []

    def ask(state):
        tries.append(1)
        lg.types.interrupt(f"attempt {len(tries)}?")

    return retried(lg, ask, policy(lg))


@script("1.5 retry", "1.1 runtime")
async def async_attempts_are_numbered(lg):
    async def noisy(state: Trail, runtime: lg.runtime.Runtime):
        if runtime.execution_info.node_attempt < 3:
            raise FlawError
        return {"trail": [runtime.execution_info.node_attempt]}

    return await retried(lg, noisy, policy(lg)).compile().ainvoke({"trail": []})


def _hanging(lg, **options) -> Any:
    tries: list[int] = []

    async def hang(state: Trail):
        tries.append(1)
        if len(tries) < options.pop("hangs", 99):
            await asyncio.Event().wait()
        return {"trail": [f"try {len(tries)}"]}

    return wire(lg, Trail, {"a": leaves("a"), "hang": (hang, options)}, "START a hang")


@flow("1.5 timeout", calls=[EMPTY], is_async=True)
def an_attempt_that_takes_too_long(lg):
    return _hanging(lg, timeout=0.03)


@flow("1.5 timeout", calls=[EMPTY], is_async=True)
def a_timeout_as_timedelta_and_policy(lg):
    limits = lg.types.TimeoutPolicy(run_timeout=timedelta(milliseconds=30), idle_timeout=20)
    return _hanging(lg, timeout=limits)


@script("1.5 timeout")
async def a_timeout_tells_its_facts(lg):
    try:
        await _hanging(lg, timeout=0.03).compile().ainvoke({"trail": []})
    except lg.errors.NodeTimeoutError as error:
        return [
            error.node,
            error.kind,
            error.timeout,
            error.run_timeout,
            error.idle_timeout,
            error.elapsed >= 0.03,
        ]


@script("1.5 timeout")
async def an_idle_timeout_fires_without_progress(lg):
    limits = lg.types.TimeoutPolicy(idle_timeout=0.03)
    try:
        await _hanging(lg, timeout=limits).compile().ainvoke({"trail": []})
    except lg.errors.NodeTimeoutError as error:
        return [error.node, error.kind, error.timeout, error.run_timeout, error.idle_timeout]


@flow("1.5 timeout", "1.5 retry", calls=[EMPTY], is_async=True, remembers=True)
def a_timeout_is_retried(lg):
    tries: list[int] = []

    async def hang(state: Trail):
        tries.append(1)
        if len(tries) == 1:
            await asyncio.Event().wait()
        return {"trail": [f"try {len(tries)}"]}

    return wire(lg, Trail, {"hang": (hang, {"timeout": 0.03, "retry_policy": policy(lg)})}, "START hang")


@script("1.5 timeout", "1.11 nodes")
def a_timeout_of_a_sync_node_is_refused(lg):
    return wire(lg, Trail, {"a": (leaves("a"), {"timeout": 1.0})}, "START a").compile()


@script("1.5 timeout")
def a_timeout_must_be_positive(lg):
    async def a(state: Trail):
        return {}

    def compiled(seconds: float) -> Any:
        return attempted(lambda: wire(lg, Trail, {"a": (a, {"timeout": seconds})}, "START a").compile())

    return [compiled(0), compiled(-1)]


@script("1.5 timeout", "1.4 send")
async def a_send_has_a_timeout_of_its_own(lg):
    async def w(given):
        if given == "hang":
            await asyncio.Event().wait()
        return {"trail": [given]}

    builder = wire(lg, Trail, {"w": (w, {"timeout": 60})}, "w END")
    sends = [lg.types.Send("w", "quick"), lg.types.Send("w", "hang", timeout=0.03)]
    builder.add_conditional_edges(lg.graph.START, lambda state: sends)
    try:
        await builder.compile().ainvoke({"trail": []})
    except lg.errors.NodeTimeoutError as error:
        return [error.node, error.timeout]


def _handled(lg, handler, node=None, **options) -> Any:
    node = node or flaky(FlawError("1"), FlawError("2"), FlawError("3"))
    nodes = {"a": leaves("a"), "bad": (node, {"error_handler": handler, **options}), "next": leaves("next")}
    return wire(lg, Trail, nodes | {"rescue": leaves("rescue")}, "START a bad next END")


@flow("1.5 handler", calls=[EMPTY, EMPTY], remembers=True)
def a_handler_takes_the_place_of_a_failed_node(lg):
    def handle(state: Trail, error: lg.errors.NodeError):
        return {"trail": [f"{error.node}: {type(error.error).__name__} {error.error}"]}

    return _handled(lg, handle)


@flow("1.5 handler", "1.4 command", calls=[EMPTY], remembers=True)
def a_handler_routes_by_a_command(lg):
    def handle(state: Trail, error: lg.errors.NodeError):
        return lg.types.Command(update={"trail": [str(error.error)]}, goto="rescue")

    return _handled(lg, handle)


@flow("1.5 handler", "1.5 retry", calls=[EMPTY], remembers=True)
def a_handler_comes_after_the_last_attempt(lg):
    def handle(state: Trail, error: lg.errors.NodeError):
        return {"trail": [str(error.error)]}

    return _handled(lg, handle, retry_policy=policy(lg, max_attempts=3))


@flow("1.5 handler", calls=[EMPTY, proceed()], remembers=True)
def a_handler_that_fails_fails_the_run(lg):
    def handle(state: Trail):
        raise OtherFlawError("the handler, too")

    return _handled(lg, handle)


@flow("1.5 handler", "1.6 interrupt", calls=[EMPTY])
def a_handler_is_not_for_interrupts(lg):
    def ask(state: Trail):
        return {"trail": [lg.types.interrupt("?")]}

    return _handled(lg, leaves("handled"), ask)


@flow("1.5 handler", calls=[EMPTY], remembers=True)
def a_handler_beside_a_sibling(lg):
    nodes = {"bad": (flaky(FlawError("1")), {"error_handler": leaves("handled")}), "good": leaves("good")}
    return wire(lg, Trail, nodes | {"j": leaves("j")}, "START bad j", "START good j")


@flow("1.5 handler", calls=[EMPTY], is_async=True)
def an_async_handler(lg):
    async def bad(state: Trail):
        raise FlawError("async")

    async def handle(state: Trail, error: lg.errors.NodeError):
        return lg.types.Command(update={"trail": [str(error.error)]}, goto="rescue")

    return _handled(lg, handle, bad)


@flow("1.5 defaults", "1.5 retry", calls=[EMPTY], remembers=True)
def default_retries_and_a_nodes_own(lg):
    builder = wire(lg, Trail, {"a": flaky(FlawError("1"))}, "START a")
    builder.add_node(
        "b", flaky(FlawError("1"), FlawError("2"), FlawError("3")), retry_policy=policy(lg, max_attempts=4)
    )
    return builder.add_edge("a", "b").set_node_defaults(retry_policy=policy(lg, max_attempts=2))


@flow("1.5 defaults", "1.5 handler", calls=[EMPTY], remembers=True)
def a_default_handler_and_a_nodes_own(lg):
    def handle(state: Trail, error: lg.errors.NodeError):
        return lg.types.Command(update={"trail": [f"default {error.node}"]}, goto="b")

    builder = wire(lg, Trail, {"a": flaky(FlawError("1"))}, "START a")
    builder.add_node("b", flaky(FlawError("1")), error_handler=leaves("own"))
    return builder.set_node_defaults(error_handler=handle)


@flow("1.5 defaults", calls=[EMPTY], remembers=True)
def defaults_are_not_inherited_by_a_subgraph(lg):
    sub = wire(lg, Trail, {"inner": flaky(FlawError("1"))}, "START inner").compile()
    builder = wire(lg, Trail, {"a": flaky(FlawError("2")), "sub": sub}, "START a sub")
    return builder.set_node_defaults(
        retry_policy=policy(lg, max_attempts=2, retry_on=lambda error: "2" in str(error))
    )


@flow("1.5 defaults", "1.5 timeout", calls=[EMPTY], is_async=True)
def a_default_timeout(lg):
    async def hang(state: Trail):
        await asyncio.Event().wait()

    return wire(lg, Trail, {"hang": hang}, "START hang").set_node_defaults(timeout=0.03)
