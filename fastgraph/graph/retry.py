"""When a failed node is tried again, and how long to wait before.

The policy is the user's; whether an error matches is asked where the error was raised (`retry_on` is user code), and the
delay is a pure function of the policy, the attempt and a handed-in source of chance, so that the waiting belongs to
whoever owns time: a timer row on the server, a plain wait in `invoke`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

__all__ = ["RetryPolicy", "default_retry_on", "delay_seconds", "find_policy", "has_attempts_left"]

RetryOn = type[BaseException] | Sequence[type[BaseException]] | Callable[[Exception], bool]

_MISTAKES = (
    ValueError,
    TypeError,
    ArithmeticError,
    ImportError,
    LookupError,
    NameError,
    SyntaxError,
    RuntimeError,
    ReferenceError,
    StopIteration,
    StopAsyncIteration,
    OSError,
)


_NO_RESPONSE = 599  # a client's error without a response: the server was not reached


def default_retry_on(error: BaseException) -> bool:
    """Say whether an error may pass by itself: lost connections and servers' 5xx do, mistakes in code do not.

    >>> default_retry_on(ConnectionResetError()), default_retry_on(KeyError("a")), default_retry_on(Exception())
    (True, False, True)
    """
    if isinstance(error, ConnectionError):
        return True
    status = _http_status(error)
    if status is not None:
        return 500 <= status < 600
    return not isinstance(error, _MISTAKES)


def _http_status(error: BaseException) -> int | None:
    """Return the status that an HTTP client's error carries; by shape, so that no client has to be imported."""
    names = {(kind.__module__.partition(".")[0], kind.__name__) for kind in type(error).__mro__}
    if names.isdisjoint({("httpx", "HTTPStatusError"), ("requests", "HTTPError")}):
        return None
    if getattr(error, "response", None) is None:
        return _NO_RESPONSE
    status = getattr(getattr(error, "response", None), "status_code", None)
    return status if isinstance(status, int) else None


class RetryPolicy(NamedTuple):
    """How often and when a failed node is tried again.

    `initial_interval` and `max_interval` are seconds, `max_attempts` counts the first one, `jitter` adds up to one second.
    `retry_on` is an exception class, several, or a function of the error. Of several policies the first that matches
    decides; attempts are counted over all of them. `give_up_on` are classes that are not tried again, whatever `retry_on`
    says of them.
    """

    initial_interval: float = 0.5
    backoff_factor: float = 2.0
    max_interval: float = 128.0
    max_attempts: int = 3
    jitter: bool = True
    retry_on: RetryOn = default_retry_on
    give_up_on: tuple[type[BaseException], ...] = ()


def find_policy(policies: Sequence[RetryPolicy], error: BaseException) -> int | None:
    """Return the index of the first policy that matches the error. Calls user code (`retry_on`)."""
    if not isinstance(error, Exception):
        return None
    for index, policy in enumerate(policies):
        if isinstance(error, policy.give_up_on):
            return None
        if _matches(policy.retry_on, error):
            return index
    return None


def _matches(retry_on: RetryOn, error: Exception) -> bool:
    if isinstance(retry_on, type):
        return isinstance(error, retry_on)
    if isinstance(retry_on, Sequence):
        return isinstance(error, tuple(retry_on))
    if not callable(retry_on):
        raise TypeError(
            f"retry_on is a {type(retry_on).__name__}; give an exception class, several, or a function."
        )
    return bool(retry_on(error))


def has_attempts_left(policy: RetryPolicy, attempt: int) -> bool:
    """Say whether the policy allows another attempt after number `attempt` (1 is the first)."""
    return attempt < policy.max_attempts


def delay_seconds(policy: RetryPolicy, attempt: int, random: Random) -> float:
    """Return the seconds to wait after failed attempt number `attempt` (1 is the first).

    >>> delay_seconds(RetryPolicy(jitter=False), 3, Random(1))
    2.0
    """
    # the exponent is bounded: a float overflows at about 2**1024, and the interval is capped long before
    growth = policy.backoff_factor ** min(attempt - 1, 256)
    interval = min(policy.max_interval, policy.initial_interval * growth)
    return interval + (random.uniform(0.0, 1.0) if policy.jitter else 0.0)
