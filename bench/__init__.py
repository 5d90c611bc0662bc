"""What an import costs: `make bench`."""
