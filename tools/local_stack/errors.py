"""The error of the local stack."""


class LocalStackError(Exception):
    """The stack cannot start or go on; the text says why and what to do."""
