"""The routes, one module a resource. A handler checks, calls one thing of ours, and answers; it holds no logic."""
