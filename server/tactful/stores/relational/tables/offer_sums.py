"""Sums over all offers ever made, which the writer keeps with every offer."""

from collections.abc import Iterable
from operator import attrgetter
from typing import Final

from tactful.core.compliance.prior_price import WINDOW
from tactful.core.compliance.reduction_history import ANY_RULE
from tactful.core.offers.offer import UNSHOWN, Offer, OfferStep
from tactful.stores.relational.inserts import insert_into
from tactful.stores.relational.ledger_connection import WriteConnection

_COUNT_STEP: Final = insert_into(
    "rule_steps",
    "rule text, digest text, state text, reason text, count bigint",
    """ON CONFLICT (rule, digest, state, reason)
      DO UPDATE SET count = rule_steps.count + excluded.count""",
    key_columns=4,
)
_REDUCTION: Final = "rule text, sku text, territory text, since bigint, last bigint"
_NOTE_BY_RULE: Final = insert_into(
    "reductions",
    _REDUCTION,
    """ON CONFLICT (rule, sku, territory) DO UPDATE SET since = excluded.since, last = excluded.last
      WHERE excluded.last >= reductions.last""",
    key_columns=3,
)
_NOTE_BY_ANY: Final = insert_into(
    "reductions",
    _REDUCTION,
    f"""ON CONFLICT (rule, sku, territory) DO UPDATE SET last = excluded.last, since =
      CASE WHEN excluded.since - reductions.last > {WINDOW} THEN excluded.since
        ELSE reductions.since END
      WHERE excluded.last >= reductions.last""",
    key_columns=3,
)


def count_steps(connection: WriteConnection, steps: Iterable[tuple[OfferStep, Offer]]) -> None:
    """Count lifecycle steps by the rules of their offers; equal ones of one call are written once."""
    counts: dict[tuple[str, str, str, str], int] = {}
    for step, offer in steps:
        key = offer.rule, offer.rule_digest, str(step.to), step.reason or ""
        counts[key] = counts.get(key, 0) + 1
    connection.insert(_COUNT_STEP, [(*key, count) for key, count in counts.items()])


def note_reductions(connection: WriteConnection, offers: Iterable[Offer]) -> None:
    """Note that new offers reduce an item: by their rules, and by any rule.

    Offers that are never shown, and those that leave the price of the item as it is, do not. Each
    reduction is written once, as the last offer leaves it. A reduction by any rule that follows the one
    before within `WINDOW` continues it.
    """
    made = [one for one in offers if one.state not in UNSHOWN and one.reduces_price]
    made.sort(key=attrgetter("issued_at"))
    by_rule: dict[tuple[str, str, str], tuple[int, int]] = {}
    by_any: dict[tuple[str, str], tuple[int, int]] = {}
    rows: list[tuple[object, ...]] = []
    for offer in made:
        sku, territory, at = offer.sku, offer.territory, offer.issued_at
        by_rule[offer.rule, sku, territory] = offer.since, at
        since, last = by_any.get((sku, territory), (at, at))
        if at - last > WINDOW:
            rows.append((ANY_RULE, sku, territory, since, last))
            since = at
        by_any[sku, territory] = since, at
    for item, times in by_any.items():
        rows.append((ANY_RULE, *item, *times))
    if rows:
        connection.insert(_NOTE_BY_RULE, [(*key, *times) for key, times in by_rule.items()])
        connection.insert(_NOTE_BY_ANY, rows)
