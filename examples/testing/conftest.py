"""Loads the fixtures `hub`, `trigger`, `trigger_bus` and `aws_of_moto`: see docs/testing.md."""

pytest_plugins = ["market_orders_testing.plugin"]
