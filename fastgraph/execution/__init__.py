"""The superstep machine: pure, and the same for hosts, notebooks and tests."""
