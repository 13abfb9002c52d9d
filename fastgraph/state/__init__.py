"""State: keys, values, how they change, and the JSON border."""
