"""Pure rules: what an order is, when it changes, what its settings allow. Standard library only."""
