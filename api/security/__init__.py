"""Who asks and what they may do: callers and their roles, keys, signed links."""
