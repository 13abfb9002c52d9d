"""Executors: what runs the tasks of a host."""
