"""The host process: from its boot file to the tree of actors, and the keeper that starts it."""
