"""Runs: the supervisor that claims them and the actor that owns one."""
