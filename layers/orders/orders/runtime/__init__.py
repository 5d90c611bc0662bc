"""The Lambda runtime: wiring, environment variables, API Gateway events, logs and metrics."""
