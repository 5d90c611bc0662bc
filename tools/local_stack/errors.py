"""What keeps the stack from starting."""


class LocalStackError(Exception):
    """One sentence that says what is wrong and what to do, for the developer at the terminal."""
