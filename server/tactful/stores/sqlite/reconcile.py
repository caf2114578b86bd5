"""A check that every balance equals the sum of the offers and redemptions behind it.

It reads whole tables, so it runs on copies and at the request of an operator, never in a turn.
"""

import sqlite3
from typing import Final

_SUMS: Final = """
  SELECT b.campaign, b.period, b.currency, b."limit", b.reserved, b.settled,
    (SELECT coalesce(sum(iif(b.currency = '#', 1, o.hold)), 0) FROM offers AS o
     WHERE o.campaign = b.campaign AND o.period = b.period
     AND b.currency IN ('#', o.currency) AND o.state IN ('pushed', 'shown', 'accepted')),
    (SELECT coalesce(sum(iif(b.currency = '#', 1, r.saved)), 0) FROM offers AS o
     JOIN redemptions AS r ON r.offer = o.id AND r.status = 'redeemed'
     WHERE o.campaign = b.campaign AND o.period = b.period AND b.currency IN ('#', o.currency))
  FROM budgets AS b"""


def reconcile(connection: sqlite3.Connection) -> list[str]:
    """Return one sentence for each balance that differs from its rows; empty: all agree."""
    return [
        f"{campaign} {period} {currency}: reserved {reserved} and settled {settled},"
        f" but the offers hold {held} and the redemptions spent {spent}"
        for campaign, period, currency, _, reserved, settled, held, spent in connection.execute(
            _SUMS
        )
        if (reserved, settled) != (held, spent)
    ]
