"""The hub's own JSON API: orders in one neutral shape, their history, changes and comparisons."""

PROTOCOL = "hub"
