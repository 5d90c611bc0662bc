"""The order hub on this machine: an embedded AWS with the real template deployed to it."""
