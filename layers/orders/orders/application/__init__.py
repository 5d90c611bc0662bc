"""The use cases, one in each file, and the ports (Protocols) that they need."""
