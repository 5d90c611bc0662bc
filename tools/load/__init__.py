"""Load on the whole stack with faults in it, and an audit of the result: `make load`."""
