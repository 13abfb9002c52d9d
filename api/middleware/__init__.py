"""What every request passes, outermost first: access log, callers, rate, body, path. Pure ASGI only: one
BaseHTTPMiddleware takes two thirds of a server's speed (docs/performance.md)."""
