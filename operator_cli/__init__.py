"""The operator's command line: accounts, API clients and their tokens, settings, orders."""
