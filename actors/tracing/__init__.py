"""OpenTelemetry traces, where the extra `otel` is installed and an endpoint is set."""
