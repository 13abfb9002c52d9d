"""The root of a host's tree: the children that every host has, and what is done when one of them dies.

    System
    ├── supervisor    its runs can't outlive it: its first death ends the process, and whoever watches that starts a new one
    └── timekeeper    holds nothing of its own: it is started again, and ends the process only when it dies too often

The Writer stands beside it: whoever writes holds its inbox, so it can't be replaced, and its death ends the process too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, assert_never

import pykka

from actors.host.tools import HostTools
from actors.runtime.async_actor import AsyncActor
from actors.supervision.child_spec import ChildSpec
from actors.supervision.messages import ChildDown, Escalation, RestartChild
from actors.supervision.supervision import Supervision

__all__ = ["System"]


class System(AsyncActor):
    """One a host. `on_escalate` is called when a child may not be started again."""

    def __init__(
        self, tools: HostTools, specs: Sequence[ChildSpec], *, on_escalate: Callable[[Escalation], None]
    ) -> None:
        super().__init__()
        self._specs = specs
        self._supervision = Supervision(
            self,
            clock=tools.clock,
            random=tools.random,
            on_escalate=on_escalate,
            dead_letters=tools.dead_letters,
        )

    def find(self, key: str) -> pykka.ActorRef[Any] | None:
        """Return a child's present reference; None while it waits for its restart. The system's loop only."""
        return self._supervision.find(key)

    def on_start(self) -> None:
        for spec in self._specs:
            self._supervision.start_child(spec)

    def on_receive(self, message: Any) -> None:
        match message:
            case ChildDown() | RestartChild():
                self._supervision.handle(message)
            case _:
                assert_never(message)

    async def on_stop(self) -> None:  # type: ignore[override]  # an AsyncActor's hooks may be coroutines
        await self._supervision.stop_all()
