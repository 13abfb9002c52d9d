"""Which addresses are this machine's own."""

from __future__ import annotations

import ipaddress

from starlette.types import Scope

__all__ = ["binds_loopback", "comes_from_loopback", "is_loopback"]


def is_loopback(address: str) -> bool:
    """Say whether a client's address is this machine's own. What is no address is a Unix socket, or a client in this
    very process."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return True


def comes_from_loopback(scope: Scope) -> bool:
    """Say whether a request came from this machine. Where a proxy here names whom it asks for, that address counts."""
    client = scope.get("client")
    return client is None or is_loopback(client[0])


def binds_loopback(host: str) -> bool:
    """Say whether a server that binds `host` can be reached from this machine only. A name other than `localhost` may
    stand for anything."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
