"""Single-use discount codes of a shop's platform, in pools that rules draw on.

A code is chosen when an offer is pushed, and handed out when the offer is accepted
(`server/SEMANTICS.md`, section 4, rule 13).
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

POOL_PATTERN: Final = r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}"
"""What the name of a pool looks like, as the ids of rules do."""
LONGEST_CODE: Final = 255
"""Characters of a discount code, as many as Shopify allows."""


class FreeCode(Struct, frozen=True, gc=False):
    """A discount code that no offer has."""

    code: str
    """As the shopper enters it."""
    ends_at: int | None = None
    """When the platform stops taking it, milliseconds since the Unix epoch, UTC; `None`: never."""

    def outlasts(self, instant: int) -> bool:
        """Return whether the platform takes the code until an instant (as `ends_at`)."""
        return self.ends_at is None or self.ends_at >= instant


FreeCodes = Mapping[str, FreeCode]
"""Pool → the code that its next offer takes; a pool without one is missing."""


def code_key(code: str) -> str:
    """Return what two codes have in common that a platform cannot tell apart: it ignores case."""
    return code.strip().upper()


def code_problem(code: str) -> str | None:
    """Return why a text can be no discount code, in a full sentence; `None`: it can be one."""
    if not code:
        return "The code is empty."
    if len(code) > LONGEST_CODE:
        return f"The code has more than {LONGEST_CODE} characters."
    if not all("!" <= character <= "~" for character in code):
        return "The code has a space, or a character that is no letter, digit or sign of ASCII."
    return None
