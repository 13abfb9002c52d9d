"""Ports for servers that a test starts on the loopback interface.

A port is free when it is asked for; another process may take it before the server binds it. Whoever starts a server
tries again with another port when that happens, or lets the system choose (port 0) and reads the port that was taken.
"""

import socket


def free_port() -> int:
    """Answer a TCP port on 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
