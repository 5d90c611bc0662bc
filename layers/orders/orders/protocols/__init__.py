"""Wire contracts, one folder a protocol. They do not know each other."""
