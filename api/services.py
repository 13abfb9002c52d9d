"""What the routes work with: one frozen bundle, made by the lifespan and handed down with the application's state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import pykka
from starlette.types import Scope

from actors.broadcast.event_log import EventLog
from actors.broadcast.messages import Unwatch
from actors.hints.hints import HintBus
from actors.host.keeper import Keeper
from actors.host.server_store import ServerStore
from actors.writer.client import WriterClient
from api.admission import Admission
from api.payload_check import PayloadCheck
from api.security.keys import KeyRing
from api.security.links import LinkSigner
from api.workflow_registry import WorkflowRegistry
from fastgraph.clock import Clock
from fastgraph.database.store import Store
from fastgraph.settings import Settings

__all__ = ["Services", "services_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The parts of a running API process."""

    clock: Clock
    settings: Settings
    store: Store
    writer: WriterClient
    writer_ref: pykka.ActorRef[Any]
    hints: HintBus
    shared_store: ServerStore
    log: EventLog
    broadcaster: pykka.ActorRef[Any]
    workflows: WorkflowRegistry
    payloads: PayloadCheck
    admission: Admission
    keys: KeyRing
    links: LinkSigner
    keeper: Keeper | None

    def tell_broadcaster(self, message: Unwatch) -> None:
        """Tell the Broadcaster that a session is over; at the end of the process it may be gone already."""
        try:
            self.broadcaster.tell(message)
        except pykka.ActorDeadError:
            # It has stopped its sessions by then, this one among them.
            return


def services_of(scope: Scope) -> Services:
    """Return the services of the application that a request came to."""
    return cast("Services", scope["app"].state.services)
