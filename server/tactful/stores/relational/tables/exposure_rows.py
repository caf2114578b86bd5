"""Exposures. A customer is named by the keyed digest that a tombstone would have."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from tactful.runtime.ports.exposure_store import Exposure, OfferReaction
from tactful.stores.relational.inserts import insert_into
from tactful.stores.relational.ledger_connection import WriteConnection
from tactful.stores.shared.erasures import erasure_digest, ledger_secret

PAGE_ROWS: Final = 5_000
"""Exposures that are read at once."""
BEGINNING: Final = ("", "", "")
"""Before every exposure."""

# The first exposure of a unit, rule and edition stays; a later one costs a look-up and no write.
_PUT: Final = insert_into(
    "exposures",
    "unit text, rule text, is_customer boolean, session text, is_treated boolean, treated_bp bigint,"
    " at bigint, product text, territory text, currency text, saved bigint, experiment text,"
    " edition text, arm_bp bigint",
    "ON CONFLICT DO NOTHING",
)
NEXT_PAGE: Final = """
  SELECT unit, session, rule, edition, is_customer, is_treated, treated_bp, at, product, territory,
    arm_bp
  FROM exposures
  WHERE (unit, rule, edition) > (?, ?, ?) AND at >= ? AND at < ?
    AND (CAST(? AS TEXT) IS NULL OR rule = ? AND edition = '')
    AND (CAST(? AS TEXT) IS NULL OR experiment = ?)
  ORDER BY unit, rule, edition LIMIT ?"""
"""The parameters are those of `page_values`."""
NEXT_UNITS: Final = """
  SELECT unit, session, is_customer, rule, edition FROM exposures
  WHERE (unit, rule, edition) > (?, ?, ?) AND at >= ? AND at < ?
    AND (CAST(? AS TEXT) IS NULL OR rule = ? AND edition = '')
    AND (CAST(? AS TEXT) IS NULL OR experiment = ?)
  ORDER BY unit, rule, edition LIMIT ?"""
"""The parameters are those of `page_values`."""
OF_UNITS: Final = """
  SELECT unit, is_customer, session, rule, is_treated, treated_bp, at, product, territory, currency,
    saved, experiment, edition, arm_bp
  FROM exposures WHERE unit IN (SELECT value FROM json_each(?)) ORDER BY unit, rule, edition"""
"""The exposures of units, which are given as a JSON list."""
DELETE_OF_SESSIONS: Final = "DELETE FROM exposures WHERE unit IN (SELECT value FROM json_each(?))"
NEXT_TO_PRUNE: Final = """
  SELECT unit, rule, edition, at FROM exposures
  WHERE (unit, rule, edition) > (?, ?, ?) ORDER BY unit, rule, edition LIMIT ?"""


_REACTIONS: Final = """
  SELECT 'dismissal' AS kind, o.session, o.customer, s.at AS at, 0, o.currency, o.id
  FROM steps AS s JOIN offers AS o ON o.id = s.offer
  WHERE s.state = 'declined' AND s.at >= :since AND s.at < :until
  UNION ALL
  SELECT 'saving', o.session, o.customer, r.at, r.saved, o.currency, o.id
  FROM redemptions AS r JOIN offers AS o ON o.id = r.offer
  WHERE r.status = 'redeemed' AND r.at >= :since AND r.at < :until
  ORDER BY at, kind, id"""


def read_reactions(connection: WriteConnection, since: int, until: int) -> list[OfferReaction]:
    """Return the dismissals and savings of [since, until); see `ExposureStore.offer_reactions`."""
    rows = connection.execute(_REACTIONS, {"since": since, "until": until})
    return [
        OfferReaction(
            kind=kind, session=session, customer=customer, at=at, saved=saved, currency=currency
        )
        for kind, session, customer, at, saved, currency, _ in rows
    ]


def put_exposures(connection: WriteConnection, exposures: Iterable[Exposure]) -> None:
    """Write exposures, unless the unit has one of the rule already."""
    secret: bytes | None = None
    rows = []
    for one in exposures:
        unit = one.unit
        if one.is_customer:
            secret = secret or ledger_secret(connection)
            unit = erasure_digest(secret, "customer", unit)
        rows.append(
            (
                unit,
                one.rule,
                one.is_customer,
                one.session,
                one.is_treated,
                one.treated_bp,
                one.at,
                one.product,
                one.territory,
                one.currency,
                one.saved,
                one.experiment,
                one.edition,
                one.arm_bp,
            )
        )
    connection.insert(_PUT, rows)


def exposure_from_row(row: Sequence[Any]) -> Exposure:
    """Return a stored exposure."""
    unit, is_customer, session, rule, is_treated, *others = row
    return Exposure(unit, bool(is_customer), session, rule, bool(is_treated), *others)


def page_values(
    after: tuple[str, str, str], since: int, until: int, rule: str | None, experiment: str | None
) -> tuple[object, ...]:
    """Return the parameters of `NEXT_PAGE`; `after`: unit, rule and edition of the row before it."""
    return (*after, since, until, rule, rule, experiment, experiment, PAGE_ROWS)


def prune(connection: WriteConnection, rows: Sequence[tuple[str, str, str]], before: int) -> int:
    """Delete those of the exposures (unit, rule, edition) that are older than an instant; return how many."""
    sql = "DELETE FROM exposures WHERE unit = ? AND rule = ? AND edition = ? AND at < ?"
    return connection.executemany(sql, [(*row, before) for row in rows]).rowcount
