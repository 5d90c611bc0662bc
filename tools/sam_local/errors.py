"""The error of `sam local`."""


class SamLocalError(Exception):
    """The functions cannot run; the text says why and what to do."""
