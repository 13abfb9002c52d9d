"""Fanning out: what is committed reaches every watcher once, in order, and no watcher waits for another."""
