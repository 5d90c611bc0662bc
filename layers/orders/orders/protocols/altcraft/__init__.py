"""The Altcraft Market API, v1.1 (documentation v74): JSON and XML."""

PROTOCOL = "altcraft"
