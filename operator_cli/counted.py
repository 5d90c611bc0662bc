"""Counts with their nouns, as the command prints them."""


def counted(number: int, noun: str) -> str:
    """Return a number with a noun, which gets an s unless the number is 1."""
    return f"{number:,} {noun if number == 1 else f'{noun}s'}"
