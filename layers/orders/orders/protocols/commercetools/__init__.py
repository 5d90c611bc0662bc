"""commercetools HTTP API: orders by import, reads, updates, tokens."""

PROTOCOL = "commercetools"
