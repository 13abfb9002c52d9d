"""The server's end of a connection: it never gathers without bound what is not complete.

The parser keeps the target, a header or a chunk's size line in memory until it ends; nothing in it stops a client that
never ends one. Here a connection that sends more than MAX_PENDING_BYTES without completing anything is answered 431 and
closed. What is complete is measured by `api.middleware.header_limit`.
"""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.middleware.header_limit import MAX_HEADER_BYTES

__all__ = ["MAX_PENDING_BYTES", "MAX_SOCKET_MESSAGE_BYTES", "LimitedHttp"]

MAX_PENDING_BYTES = MAX_HEADER_BYTES
MAX_SOCKET_MESSAGE_BYTES = 64 * 1024  # watchers have nothing to say but a key

_REFUSAL = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-type: text/plain\r\n"
    b"content-length: 25\r\n\r\nThe headers are too large"
)


class LimitedHttp(HttpToolsProtocol):
    """uvicorn's protocol with a bound on what a client may send without completing a header, a body's piece or a request."""

    _pending_bytes = 0

    def data_received(self, data: bytes) -> None:
        self._pending_bytes += len(data)
        super().data_received(data)
        if self._pending_bytes > MAX_PENDING_BYTES and not self.transport.is_closing():
            self.transport.write(_REFUSAL)
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._pending_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._pending_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._pending_bytes = 0
        super().on_message_complete()
