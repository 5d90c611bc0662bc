"""The published contract of the HTTP API: an OpenAPI 3.1 description made from the wire models.

It serves developers and clients; no Lambda imports it.
"""
