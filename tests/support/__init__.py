"""Doubles, builders and servers that the tests share."""
