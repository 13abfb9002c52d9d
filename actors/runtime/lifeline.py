"""The end of an actor as something that others can watch.

Every inbox of ours has a `Lifeline`. It is cut exactly once, when the actor can do nothing more (its hooks have run,
its inbox is closed, its last asker is answered), and each watcher is called exactly once, also when it comes too late.
The supervisor's death watch is built on it. A watcher must be quick and must not raise; an error of one is logged and
hinders no other.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pykka
import structlog

from actors.runtime.messages import DownReason

__all__ = ["Lifeline", "Watcher", "watch_end"]

log = structlog.get_logger("actors.runtime")

Watcher = Callable[[DownReason], None]


class Lifeline:
    """Tells watchers that an actor has ended. All methods may be called from any thread."""

    __slots__ = ("_lock", "_reason", "_watchers")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reason: DownReason | None = None
        self._watchers: tuple[Watcher, ...] = ()

    @property
    def reason(self) -> DownReason | None:
        """Why the actor ended, or None while it lives."""
        return self._reason

    def watch(self, watcher: Watcher) -> None:
        """Call `watcher` once with the reason: on the actor's thread when it ends, or here and now if it has ended."""
        with self._lock:
            reason = self._reason
            if reason is None:
                self._watchers = (*self._watchers, watcher)
                return
        _tell(watcher, reason)

    def cut(self, reason: DownReason) -> bool:
        """Record the end and call all watchers. Answers False, and does nothing, when it was cut before."""
        with self._lock:
            if self._reason is not None:
                return False
            self._reason = reason
            watchers, self._watchers = self._watchers, ()
        for watcher in watchers:
            _tell(watcher, reason)
        return True


def watch_end(ref: pykka.ActorRef[Any], watcher: Watcher) -> None:
    """Watch the end of an actor of ours; see `Lifeline.watch`. Any thread. Raises TypeError for a stock Pykka actor."""
    # Not by a protocol: that looks at all its members anew each time, a twentieth of what a short run costs.
    lifeline = getattr(ref.actor_inbox, "lifeline", None)
    if not isinstance(lifeline, Lifeline):
        raise TypeError(
            f"{ref} is an actor of Pykka's own, whose end nobody can watch. Make it an AsyncActor."
        )
    lifeline.watch(watcher)


def _tell(watcher: Watcher, reason: DownReason) -> None:
    try:
        watcher(reason)
    except Exception:  # a boundary: the actor is already gone, and the other watchers must hear of it too
        log.exception("watcher of an actor failed", watcher=repr(watcher), reason=str(reason))
