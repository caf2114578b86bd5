"""Expiry of stored data, in slices that delay no promise.

`RETENTION` says for each table what is deleted when. Sums over deleted offers and redemptions are kept,
so that learned rates, reports and balances do not change with the age of their rows.
"""

import secrets
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from tactful.core.offers.budget import COUNT
from tactful.core.offers.offer import Offer, OfferState
from tactful.runtime.ports.customer_data import EXTRA_PRICE_RETENTION
from tactful.stores.relational.customers.customer_erasure import (
    pseudonymize_offer,
    pseudonymize_order,
)
from tactful.stores.relational.ledger_connection import LedgerConnection, WriteConnection
from tactful.stores.relational.tables import code_rows, exposure_rows, order_ids
from tactful.stores.relational.tables.alert_rows import DELETE_OLD as DELETE_OLD_ALERTS
from tactful.stores.relational.tables.offer_rows import read_offer
from tactful.stores.relational.tables.sessions import DELETE_OLD_ENDED
from tactful.stores.relational.writer.group_commit import GroupCommitWriter
from tactful.stores.relational.writer.write_jobs import Lane
from tactful.stores.shared.erasures import is_digest, ledger_secret

RETENTION: Final = {
    "meta": "kept: one row for each name",
    "facts": "superseded: `retention`; superseded public prices: a year longer; in force: kept",
    "subjects": "with the last version of their fact that names them",
    "heard": "kept: one row for each feed",
    "sessions": "without a standing offer: `retention` after the last activity",
    "ended_sessions": "`retention` after the last activity of the session",
    "contacts": "when no session, decision or offer of the customer is left",
    "offers": "ended: `retention`; redeemed: `money_retention`, without the customer from `retention` on",
    "steps": "with their offers",
    "budgets": "kept: one row for each period of a campaign",
    "redemptions": "`money_retention`, with their offers, without the order from `retention` on",
    "order_aliases": "with the last redemption of their order, as digests from `retention` on",
    "refunds": "with the last redemption of their order, without the order from `retention` on",
    "entries": "`retention`",
    "rulebooks": "kept: rule files hold no personal data",
    "activations": "kept: one row for each change of the rules",
    "rule_states": "kept: one row for each paused rule",
    "trials": "kept: one row for each rule that was a trial",
    "rule_steps": "kept: sums",
    "reductions": "a year after `retention`",
    "acts": "`retention`",
    "exposures": "`report_retention`",
    "inbox": "without its fields once it is mapped; 7 days, unless it waits to be mapped",
    "inbox_subjects": "with the fields of their delivery",
    "cursors": "kept: one row for each list that a connector reads",
    "alerts": "resolved: `retention`; unresolved: kept",
    "changes": "ten minutes; the newest one until another follows",
    "stock_commitments": "kept: one row for each item",
    "tallies": "by their readers, when the hour is older than they look back",
    "erased": "kept: tombstones prevent that erased ids come back",
    "pruned_outcomes": "kept: sums",
    "pruned_redemptions": "kept: sums",
    "codes": "kept, so that no code is given out twice; without the offer once that is deleted",
}
"""Table → what is deleted when."""

SLICE_ROWS: Final = 250
"""Rows examined or deleted in one transaction, so that no commit waits long behind a prune."""
_DECODE_SUBJECTS: Final = msgspec.json.Decoder(list[tuple[str, str]]).decode
_CUT_OFF: Final = "pruned-"
"""Prefix of the aliases of redeemed offers whose customer was cut off."""

_OLD: Final = (
    "DELETE FROM entries WHERE id IN (SELECT id FROM entries WHERE at < :before LIMIT :limit)",
    "DELETE FROM acts WHERE id IN (SELECT id FROM acts WHERE at < :before LIMIT :limit)",
    DELETE_OLD_ALERTS,
    DELETE_OLD_ENDED,
)
_NEXT_SESSIONS: Final = (
    "SELECT rowid, session, seen_at FROM sessions WHERE rowid > ? ORDER BY rowid LIMIT ?"
)
# Offers are stored in the order of their issue, so the walk ends at the first one that is too young.
_NEXT_OFFERS: Final = """
  SELECT o.rowid, o.id, o.state IN ('pushed', 'shown', 'accepted', 'held'),
    CAST(CAST(o.body AS TEXT) ->> 'issued_at' AS BIGINT),
    coalesce((SELECT max(s.at) FROM steps AS s WHERE s.offer = o.id), 0),
    EXISTS (SELECT 1 FROM redemptions AS r WHERE r.offer = o.id), o.session
  FROM offers AS o WHERE o.rowid > ? ORDER BY o.rowid LIMIT ?"""
_NEXT_REDUCTIONS: Final = """
  SELECT rule, sku, territory, last FROM reductions WHERE (rule, sku, territory) > (?, ?, ?)
  ORDER BY rule, sku, territory LIMIT ?"""
_NEXT_CONTACTS: Final = "SELECT rowid, shopper FROM contacts WHERE rowid > ? ORDER BY rowid LIMIT ?"
_IDLE_CONTACT: Final = """
  DELETE FROM contacts WHERE shopper = :shopper
    AND NOT EXISTS (SELECT 1 FROM sessions WHERE customer = :shopper)
    AND NOT EXISTS (SELECT 1 FROM entries WHERE customer = :shopper)
    AND NOT EXISTS (SELECT 1 FROM offers WHERE customer = :shopper)"""
_ADD_OUTCOME: Final = """
  INSERT INTO pruned_outcomes (rule, product, territory, tried, bought) VALUES (?, ?, ?, 1, ?)
  ON CONFLICT (rule, product, territory) DO UPDATE SET
    tried = pruned_outcomes.tried + 1, bought = pruned_outcomes.bought + excluded.bought"""
_ADD_SETTLED: Final = """
  INSERT INTO pruned_redemptions (campaign, period, currency, settled) VALUES (?, ?, ?, ?)
  ON CONFLICT (campaign, period, currency)
    DO UPDATE SET settled = pruned_redemptions.settled + excluded.settled"""
_ORPHANED_REFUNDS: Final = """
  DELETE FROM refunds WHERE "order" = :order
    AND NOT EXISTS (SELECT 1 FROM redemptions WHERE "order" = :order)"""


class RelationalRetention:
    """The part of a ledger that deletes what is past its retention."""

    @property
    def _open_writer(self) -> GroupCommitWriter:
        raise NotImplementedError

    async def _read_settled(self, sql: str, values: Any = ()) -> list[Any]:
        raise NotImplementedError

    async def prune(self, *, before: int, money_before: int = 0, report_before: int = 0) -> int:
        """Delete what is older than an instant, `SLICE_ROWS` rows a transaction."""
        total = 0
        while dropped := await self._prune_slice(
            partial(prune_rows, before=before, limit=SLICE_ROWS)
        ):
            total += dropped
        total += await self._prune_sessions(before)
        total += await self._prune_offers(before, min(before, money_before))
        total += await self._prune_reductions(before - EXTRA_PRICE_RETENTION)
        total += await self._prune_exposures(report_before)
        return total + await self._prune_contacts()

    async def _prune_slice(self, work: Any) -> int:
        # After the records that are queued, which may belong to what is examined.
        return int(await self._open_writer.run(work, Lane.RECORD, weight=SLICE_ROWS))

    async def _prune_sessions(self, before: int) -> int:
        total = last_row = 0
        while found := await self._read_settled(_NEXT_SESSIONS, (last_row, SLICE_ROWS)):
            last_row = found[-1][0]
            if ended := [session for _, session, seen in found if seen < before]:
                work = partial(prune_sessions, sessions=ended, before=before)
                total += await self._prune_slice(work)
        return total

    async def _prune_reductions(self, before: int) -> int:
        total = 0
        last_row = "", "", ""
        while found := await self._read_settled(_NEXT_REDUCTIONS, (*last_row, SLICE_ROWS)):
            last_row = found[-1][:3]
            if old := [row[:3] for row in found if row[3] < before]:
                work = partial(prune_reductions, reductions=old, before=before)
                total += await self._prune_slice(work)
        return total

    async def _prune_exposures(self, before: int) -> int:
        total = 0
        last_row = "", "", ""
        while found := await self._read_settled(
            exposure_rows.NEXT_TO_PRUNE, (*last_row, SLICE_ROWS)
        ):
            last_row = found[-1][:3]
            if old := [row[:3] for row in found if row[3] < before]:
                work = partial(exposure_rows.prune, rows=old, before=before)
                total += await self._prune_slice(work)
        return total

    async def _prune_offers(self, before: int, money_before: int) -> int:
        total = last_row = 0
        while found := await self._read_settled(_NEXT_OFFERS, (last_row, SLICE_ROWS)):
            last_row = found[-1][0]
            old = [row for row in found if row[3] < before]
            due = [
                key
                for _, key, stands, _, ended, is_money, session in old
                if not stands
                and ended < before
                and (not is_money or ended < money_before or not session.startswith(_CUT_OFF))
            ]
            if due:
                work = partial(prune_offers, offers=due, before=before, money_before=money_before)
                total += await self._prune_slice(work)
            if len(old) < len(found):
                break
        return total

    async def _prune_contacts(self) -> int:
        total = last_row = 0
        while found := await self._read_settled(_NEXT_CONTACTS, (last_row, SLICE_ROWS)):
            last_row = found[-1][0]
            work = partial(prune_contacts, shoppers=[shopper for _, shopper in found])
            total += await self._prune_slice(work)
        return total


_OLD_FACTS: Final = """
  SELECT id, kind, key, subjects FROM facts
  WHERE ended < :before AND (kind <> 'price' OR ended < :prices) LIMIT :limit"""
_ORPHANED_SUBJECT: Final = """
  DELETE FROM subjects WHERE kind = :subject AND id = :id AND fact_kind = :kind AND fact_key = :key
    AND NOT EXISTS (SELECT 1 FROM facts AS f, json_each(f.subjects) AS j
      WHERE f.kind = CAST(:kind AS TEXT) AND f.key = :key
        AND j.value ->> 0 = :subject AND j.value ->> 1 = :id)"""


def prune_rows(connection: WriteConnection, before: int, limit: int) -> int:
    """Delete up to `limit` rows of each table whose rows say how old they are.

    Returns:
        The number of rows deleted; 0: none are left.
    """
    values = {"before": before, "limit": limit, "prices": before - EXTRA_PRICE_RETENTION}
    facts = _prune_facts(connection, values)
    return facts + sum(connection.execute(sql, values).rowcount for sql in _OLD)


def _prune_facts(connection: WriteConnection, values: Mapping[str, int]) -> int:
    """Delete superseded facts, and the subjects under which no version of them is left."""
    found = connection.execute(_OLD_FACTS, values).fetchall()
    connection.executemany("DELETE FROM facts WHERE id = ?", [(row[0],) for row in found])
    named = {
        (subject, ident, kind, key)
        for _, kind, key, listed in found
        for subject, ident in _DECODE_SUBJECTS(listed)
    }
    connection.executemany(
        _ORPHANED_SUBJECT,
        [
            {"subject": subject, "id": ident, "kind": kind, "key": key}
            for subject, ident, kind, key in sorted(named)
        ],
    )
    return len(found)


def prune_sessions(connection: LedgerConnection, sessions: Sequence[str], before: int) -> int:
    """Delete those of the sessions that were last seen before an instant and have no standing offer."""
    connection.known.epochs.clear()
    return connection.executemany(
        "DELETE FROM sessions WHERE session = ? AND seen_at < ? AND NOT EXISTS"
        " (SELECT 1 FROM offers AS o WHERE o.session = sessions.session"
        "  AND o.state IN ('pushed', 'shown', 'accepted', 'held'))",
        [(session, before) for session in sessions],
    ).rowcount


def prune_reductions(
    connection: WriteConnection, reductions: Sequence[tuple[str, str, str]], before: int
) -> int:
    """Delete those of the reductions that were last offered before an instant."""
    return connection.executemany(
        "DELETE FROM reductions WHERE rule = ? AND sku = ? AND territory = ? AND last < ?",
        [(*reduction, before) for reduction in reductions],
    ).rowcount


def prune_contacts(connection: WriteConnection, shoppers: Sequence[str]) -> int:
    """Delete the contact histories of customers of whom no session, decision or offer is left."""
    values = [{"shopper": shopper} for shopper in shoppers]
    return connection.executemany(_IDLE_CONTACT, values).rowcount


def prune_offers(
    connection: LedgerConnection, offers: Sequence[str], before: int, money_before: int
) -> int:
    """Delete offers that ended before an instant, with their steps, and keep their counts.

    A redeemed offer stays until `money_before`. Its customer, session and order are replaced by a
    random alias and a digest.

    Returns:
        The number of offers deleted or changed.
    """
    pruned = 0
    for key in offers:
        offer = read_offer(connection, key)
        (ended,) = connection.execute(
            "SELECT coalesce(max(at), 0) FROM steps WHERE offer = ?", (key,)
        ).fetchone()
        if offer is None or offer.reserving or ended >= before:
            continue
        is_money = connection.execute(
            "SELECT 1 FROM redemptions WHERE offer = ?", (key,)
        ).fetchone()
        if not is_money or ended < money_before:
            _delete_offer(connection, offer)
            pruned += 1
        elif not offer.session.startswith(_CUT_OFF):
            alias = _CUT_OFF + secrets.token_urlsafe(16)
            pseudonymize_offer(connection, key, offer.customer or "", alias)
            for order in _orders_of(connection, key):
                pseudonymize_order(connection, order)
            pruned += 1
    return pruned


def _orders_of(connection: LedgerConnection, offer: str) -> list[str]:
    """Return all ids of the orders that redeemed an offer, without digests."""
    sql = 'SELECT "order" FROM redemptions WHERE offer = ?'
    stored = [order for (order,) in connection.execute(sql, (offer,))]
    ids = order_ids.OrderIds(connection, ledger_secret(connection), stored).stored
    return sorted(one for one in ids if not is_digest(one))


def _delete_offer(connection: WriteConnection, offer: Offer) -> None:
    _keep_counts(connection, offer)
    orders = connection.execute(
        'SELECT "order", status, saved FROM redemptions WHERE offer = ?', (offer.id,)
    ).fetchall()
    for _, status, saved in orders:
        if status == "redeemed" and offer.campaign is not None:
            for currency, amount in ((offer.currency, saved), (COUNT, 1)):
                connection.execute(_ADD_SETTLED, (offer.campaign, offer.period, currency, amount))
    for table, column in (("redemptions", "offer"), ("steps", "offer"), ("offers", "id")):
        connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (offer.id,))  # noqa: S608
    code_rows.forget_offer(connection, offer)
    for order, _, _ in orders:
        connection.execute(_ORPHANED_REFUNDS, {"order": order})
        order_ids.delete_orphaned(connection, order)


def _keep_counts(connection: WriteConnection, offer: Offer) -> None:
    """Add an offer to the sums from which rates are learned; see `OfferStatistics.outcomes`."""
    is_held_out = offer.state is OfferState.HELD_OUT
    sql = "SELECT 1 FROM steps WHERE offer = ? AND state = 'shown'"
    if is_held_out or connection.execute(sql, (offer.id,)).fetchone():
        rule = "" if is_held_out else offer.rule
        bought = bool(offer.bought) if is_held_out else offer.state is OfferState.REDEEMED
        values = (rule, offer.product, offer.territory, int(bought))
        connection.execute(_ADD_OUTCOME, values)
