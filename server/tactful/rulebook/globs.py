"""Does a text match a pattern in which `*` stands for anything?

Never a regular expression: the pieces between the stars are looked for from left to right, once.
"""

from collections.abc import Callable


def glob(pattern: str) -> Callable[[str], bool]:
    """The pattern as a test, blind to case."""
    first, *rest = pattern.casefold().split("*")
    if not rest:
        return lambda text: text.casefold() == first
    *middle, last = rest

    def matches(text: str) -> bool:
        folded = text.casefold()
        at, end = len(first), len(folded) - len(last)
        if not (folded.startswith(first) and folded.endswith(last) and at <= end):
            return False
        for piece in middle:
            at = folded.find(piece, at, end)
            if at < 0:
                return False
            at += len(piece)
        return True

    return matches
