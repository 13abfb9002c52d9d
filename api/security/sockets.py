"""How a WebSocket is accepted: which subprotocol it gets, and that it is accepted once.

Browsers can't send a header with a WebSocket, so a key may stand among the subprotocols that they offer. The one that
is chosen is always `fastgraph`: a key is never sent back.
"""

from __future__ import annotations

from starlette.types import Message, Scope

__all__ = ["KEY_PROTOCOL", "PROTOCOL", "accept_message", "is_accepted", "mark_accepted"]

PROTOCOL = "fastgraph"
KEY_PROTOCOL = "fastgraph.key."

_ACCEPTED = "fastgraph.is_accepted"


def accept_message(scope: Scope) -> Message:
    """Return the message that accepts a WebSocket."""
    if PROTOCOL in scope.get("subprotocols", ()):
        return {"type": "websocket.accept", "subprotocol": PROTOCOL}
    return {"type": "websocket.accept"}


def mark_accepted(scope: Scope) -> None:
    """Write down that a WebSocket was accepted before its feed was asked."""
    scope[_ACCEPTED] = True


def is_accepted(scope: Scope) -> bool:
    """Say whether a WebSocket was accepted already."""
    return bool(scope.get(_ACCEPTED))
