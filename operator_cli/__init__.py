"""The `orders` command: manages accounts, API clients and their tokens, settings, and orders."""
