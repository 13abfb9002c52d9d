"""The timekeeper of a host."""
