"""What can go wrong between actors.

    FastGraphError
    ├── ActorGoneError        the actor has stopped (also pykka.ActorDeadError, so that callers of Pykka catch it)
    ├── ActorFailedError      the actor died of something that must not travel to the asker as it is
    ├── InboxFullError        the actor is too far behind to take more
    ├── AskTimeoutError       no answer in time (also a TimeoutError)
    ├── WouldBlockLoopError   a blocking wait was tried on a thread whose event loop is running
    └── NoLoopError           an actor was made where no event loop runs, and none was handed in

An ordinary exception of a handler reaches the asker unchanged; it stands in no list here.
"""

from __future__ import annotations

from pykka import ActorDeadError

from fastgraph.errors import FastGraphError

__all__ = [
    "ActorFailedError",
    "ActorGoneError",
    "AskTimeoutError",
    "InboxFullError",
    "NoLoopError",
    "WouldBlockLoopError",
]


class ActorGoneError(FastGraphError, ActorDeadError):
    """The actor has stopped, or is stopping, and takes no message; what was sent had no effect."""

    def __init__(self, actor: str, detail: str = "has stopped") -> None:
        self.actor = actor
        self.detail = detail
        super().__init__(
            f"{actor} {detail} and did not handle the message. Ask its supervisor for the new reference."
        )


class ActorFailedError(FastGraphError):
    """The actor was stopped by `cause` while it handled the message; how far it came is not known.

    It stands for what would harm the asker's own loop or be misread there: SystemExit, KeyboardInterrupt,
    cancellation, StopIteration.
    """

    def __init__(self, actor: str, cause: BaseException) -> None:
        self.actor = actor
        self.cause = cause
        super().__init__(
            f"{actor} was ended by {type(cause).__name__}({cause}) while it handled the message. "
            "Only this actor has stopped."
        )


class InboxFullError(FastGraphError):
    """The actor has `depth` messages waiting and takes no more until it has handled some."""

    def __init__(self, actor: str, depth: int) -> None:
        self.actor = actor
        self.depth = depth
        super().__init__(
            f"The inbox of {actor} is full: {depth} messages wait and no more fit. "
            "Send again later, or send less at once."
        )


class AskTimeoutError(FastGraphError, TimeoutError):
    """No answer came in time. The message is still in the inbox or being handled, and may yet have its effect."""

    def __init__(self, actor: str, message: str, timeout_seconds: float) -> None:
        self.actor = actor
        self.message = message
        self.timeout_seconds = timeout_seconds
        super().__init__(
            f"{actor} did not answer {message} within {timeout_seconds:g} s. "
            "It may still handle it; read the state before you repeat."
        )


class WouldBlockLoopError(FastGraphError, RuntimeError):
    """A blocking wait was tried where an event loop runs; it would stop every actor of that loop."""

    def __init__(self, what: str, instead: str) -> None:
        self.what = what
        super().__init__(f"{what} would block the running event loop. Use {instead} here.")


class NoLoopError(FastGraphError, RuntimeError):
    """An AsyncActor needs a loop: the running one, or one that is handed in."""

    def __init__(self, actor: str) -> None:
        self.actor = actor
        super().__init__(f"{actor} was made where no event loop runs. Make it on its loop, or pass loop=….")
