"""Load on the whole stack with faults in it, and an audit of what came of it: `python -m load`."""
