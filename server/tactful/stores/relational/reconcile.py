"""A check that balances, stock commitments and discount codes agree with their rows.

It reads whole tables, so it runs on copies and at the request of an operator, never in a turn.
"""

from typing import Final

from tactful.core.values.counts import counted
from tactful.stores.relational.ledger_connection import ReadConnection

COMMITMENTS_SINCE: Final = 5
"""The schema from which on stock commitments are kept."""
PRUNED_SINCE: Final = 6
"""The schema from which on the sums of deleted redemptions are kept."""
CODES_SINCE: Final = 19
"""The schema from which on discount codes are kept."""
_SUMS: Final = """
  SELECT b.campaign, b.period, b.currency, b."limit", b.reserved, b.settled,
    (SELECT coalesce(sum(CASE WHEN b.currency = '#' THEN 1 ELSE o.hold END), 0) FROM offers AS o
     WHERE o.campaign = b.campaign AND o.period = b.period
     AND b.currency IN ('#', o.currency) AND o.state IN ('pushed', 'shown', 'accepted', 'held')),
    (SELECT coalesce(sum(CASE WHEN b.currency = '#' THEN 1 ELSE r.saved END), 0) FROM offers AS o
     JOIN redemptions AS r ON r.offer = o.id AND r.status = 'redeemed'
     WHERE o.campaign = b.campaign AND o.period = b.period AND b.currency IN ('#', o.currency))
    {pruned}
  FROM budgets AS b"""
_PRUNED: Final = """
    + coalesce((SELECT p.settled FROM pruned_redemptions AS p WHERE p.campaign = b.campaign
      AND p.period = b.period AND p.currency = b.currency), 0)"""


_UNITS: Final = """
  SELECT sku, territory, sum(promised), sum(units) FROM (
    SELECT sku, territory, promised, 0 AS units FROM stock_commitments
    UNION ALL
    SELECT body ->> 'sku', body ->> 'territory', 0,
      coalesce(CAST(CASE WHEN state IN ('accepted', 'held') THEN body ->> 'qty'
        ELSE body ->> 'max_qty' END AS BIGINT), 1)
    FROM (SELECT state, CAST(body AS TEXT) AS body FROM offers
          WHERE state IN ('pushed', 'shown', 'accepted', 'held')) AS standing) AS counted
  GROUP BY sku, territory HAVING sum(promised) <> sum(units)"""


_CODES: Final = """
  SELECT key, min(offer), max(offer) FROM (
    SELECT key, offer, state FROM codes WHERE offer IS NOT NULL
    UNION ALL
    SELECT upper(body ->> 'code'), id,
      CASE WHEN state IN ('pushed', 'shown') THEN 'reserved'
        WHEN state = 'redeemed' THEN 'used' ELSE 'handed_out' END
    FROM (SELECT id, state, CAST(body AS TEXT) AS body FROM offers) AS every
    WHERE body ->> 'code' IS NOT NULL) AS named
  GROUP BY key HAVING count(*) <> 2 OR min(offer) <> max(offer) OR min(state) <> max(state)
  ORDER BY key"""


def reconcile(connection: ReadConnection, schema: int = CODES_SINCE) -> list[str]:
    """Return one sentence for each sum or code that differs from its rows; empty: all agree.

    Args:
        connection: The ledger.
        schema: Its schema: a backup is checked before it is migrated.
    """
    commitments = _commitments(connection) if schema >= COMMITMENTS_SINCE else []
    pruned = _PRUNED if schema >= PRUNED_SINCE else ""
    codes = _codes(connection) if schema >= CODES_SINCE else []
    return [*_balances(connection, _SUMS.format(pruned=pruned)), *commitments, *codes]


def _codes(connection: ReadConnection) -> list[str]:
    return [
        f"the discount code {key} and its offer do not name each other"
        for key, _, _ in connection.execute(_CODES)
    ]


def _commitments(connection: ReadConnection) -> list[str]:
    return [
        f"{sku} {territory}: {counted(promised, 'unit is', 'units are')} counted as promised,"
        f" but the standing offers promise {units}"
        for sku, territory, promised, units in connection.execute(_UNITS)
    ]


def _balances(connection: ReadConnection, sums: str) -> list[str]:
    return [
        f"{campaign} {period} {currency}: reserved {reserved} and settled {settled},"
        f" but the offers hold {held} and the redemptions spent {spent}"
        for campaign, period, currency, _, reserved, settled, held, spent in connection.execute(
            sums
        )
        if (reserved, settled) != (held, spent)
    ]
