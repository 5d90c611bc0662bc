"""Generates the published contract of the HTTP API (OpenAPI 3.1) from the wire models.

It is a developer tool. No Lambda function imports it.
"""
