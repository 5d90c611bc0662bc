"""A load test of the whole stack with injected faults, and an audit of its data: `make load`."""
