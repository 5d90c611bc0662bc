"""Tests of shops against the hub: `pytest_plugins = ["market_orders_testing.plugin"]`.

See docs/testing.md. Everything runs in the process of the tests, without AWS and without Docker.
"""
