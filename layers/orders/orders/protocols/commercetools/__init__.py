"""commercetools HTTP API: orders by import, reads, tokens."""

PROTOCOL = "commercetools"
