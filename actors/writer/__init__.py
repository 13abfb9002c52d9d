"""The Writer: the only writer of its process."""
