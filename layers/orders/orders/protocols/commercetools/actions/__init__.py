"""Update actions of orders (commercetools, OrderUpdateAction), grouped by what they change.

An action has a shape and a pure function that returns the order with its effect. `table` has all of
them by name.
"""
