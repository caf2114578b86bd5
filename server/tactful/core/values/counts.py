"""Counts with their nouns, for messages to people."""


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return a count with its noun, such as "1 fact" and "1,200 facts".

    Args:
        count: How many there are.
        noun: The noun of one of them; words may follow it if `plural` is given.
        plural: The noun of several; empty: `noun` with an s.
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
