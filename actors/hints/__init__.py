"""Hints: how processes tell each other that the store has something new. They may be lost; the store is the truth."""
