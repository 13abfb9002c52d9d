"""The Writer: the only writer of its process, with group commit, and the client that others write through."""

from actors.writer.client import WriterClient
from actors.writer.messages import WriteOperation
from actors.writer.writer import Writer

__all__ = ["WriteOperation", "Writer", "WriterClient"]
