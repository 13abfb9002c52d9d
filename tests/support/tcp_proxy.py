"""A proxy before PostgreSQL that does what networks do: passes a COMMIT on and loses its answer, or swallows everything."""

import selectors
import socket
import threading
from contextlib import suppress
from enum import Enum

CHUNK_BYTES = 65536


class Trick(Enum):
    """What becomes of a connection when a COMMIT has gone through it and the server has answered."""

    NONE = "none"
    BREAK = "break"  # both ends are closed
    SWALLOW = "swallow"  # both ends stay open, and nothing goes through any more


class TcpProxy:
    """Listens on a port of its own. `trick` is played on the next commits, `tricks` of them; `played` counts."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.trick = Trick.NONE
        self.tricks = 0
        self.every = 1
        self.played = 0
        self._commits = 0
        self._is_closed = False
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()

    def play(self, trick: Trick, *, times: int, every: int) -> None:
        """Play a trick on every so-many-th commit, so many times."""
        with self._lock:
            self.trick, self.tricks, self.every = trick, times, every

    def close(self) -> None:
        self._is_closed = True
        self._listener.close()
        with self._lock:
            for end in self._open:
                end.close()

    def _accept(self) -> None:
        while not self._is_closed:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                continue
            with self._lock:
                self._open += [client, server]
            threading.Thread(target=self._carry, args=(client, server), daemon=True).start()

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError, ValueError), selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, client)
            is_tricked = False
            while not self._is_closed:
                for key, _ in selector.select(1.0):
                    assert isinstance(key.fileobj, socket.socket)
                    data = key.fileobj.recv(CHUNK_BYTES)
                    if not data:
                        client.close()
                        server.close()
                        return
                    if key.fileobj is client and b"COMMIT" in data and self._is_next():
                        is_tricked = True
                    elif is_tricked and key.fileobj is server:
                        self._lose(client, server)
                        return
                    key.data.sendall(data)

    def _is_next(self) -> bool:
        with self._lock:
            if self.trick is Trick.NONE or self.tricks == 0:
                return False
            self._commits += 1
            if self._commits % self.every:
                return False
            self.tricks -= 1
            self.played += 1
            return True

    def _lose(self, client: socket.socket, server: socket.socket) -> None:
        """The server has answered: it has committed. Nobody hears of it."""
        server.close()
        if self.trick is Trick.BREAK:
            client.close()
