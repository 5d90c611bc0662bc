"""What developers run: the local stack, the benchmark, the load run and the API contract."""
