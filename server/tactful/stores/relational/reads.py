"""Reads of the ledger from a database, on a connection of their own.

A read waits for queued records only if they go to the tables that it reads.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, TypeVar

import msgspec

from tactful.core.offers.offer import Offer, OfferState, OfferStep
from tactful.runtime.ports.alert_store import Alert
from tactful.runtime.ports.exposure_store import ExposureRow
from tactful.runtime.ports.ledger import LedgerBrokenError
from tactful.runtime.ports.ledger_rows import (
    AuditRow,
    Change,
    NumberedStep,
    OutcomeRow,
    ReductionRow,
    RestoredGap,
    RuleStepRow,
    SavedContact,
    SavedSession,
    ShadowRow,
    TallyRow,
    TurnEntry,
)
from tactful.runtime.ports.operator_actions import ActionFilter, AuditEntry, OperatorAction
from tactful.runtime.ports.rulebook_store import OffersStop
from tactful.stores.relational import operator_actions
from tactful.stores.relational.customers.customer_export import ReadRows
from tactful.stores.relational.fact_reads import RelationalFactReads
from tactful.stores.relational.ledger_connection import ReadConnection
from tactful.stores.relational.redemption_reads import RelationalRedemptionReads
from tactful.stores.relational.tables import (
    alert_rows,
    change_rows,
    exposure_rows,
    offers_stop,
    restored_gap,
)
from tactful.stores.relational.tables.contacts import SELECT_CONTACT
from tactful.stores.relational.tables.offer_rows import DECODE_OFFER
from tactful.stores.relational.tables.sessions import SELECT_SESSION
from tactful.stores.relational.tables.stock import SELECT_COMMITMENTS
from tactful.stores.relational.tables.tallies import sums_query
from tactful.stores.relational.writer.under_way import UnderWay

T = TypeVar("T")

_ENTRY: Final = "SELECT session, customer, at, rulebook, signal, inputs, trace FROM entries "
_STANDING: Final = "SELECT body FROM offers WHERE state IN ('pushed', 'shown', 'accepted', 'held')"
_STANDING_OF: Final = """
  SELECT body FROM offers
  WHERE state IN ('pushed', 'shown', 'accepted', 'held')
    AND CAST(body AS TEXT) ->> 'sku' IN (SELECT value FROM json_each(?))
  ORDER BY id"""
SESSIONS_TO_WAKE: Final = """
  SELECT session, coalesce(node, '') FROM sessions
  WHERE (wake_at < ? OR session IN
    (SELECT session FROM offers WHERE state IN ('pushed', 'shown', 'accepted', 'held')))"""

# An offer counts once a shopper saw it. A held-out offer counts under the empty rule, `NO_OFFER`.
_OUTCOMES: Final = """
  SELECT rule, product, territory, sum(tried), sum(bought) FROM (
  SELECT CASE WHEN state = 'held_out' THEN '' ELSE body ->> 'rule' END AS rule,
    body ->> 'product' AS product, body ->> 'territory' AS territory, count(*) AS tried,
    sum(CASE WHEN state = 'redeemed' THEN 1
      WHEN state = 'held_out' AND CAST(body ->> 'bought' AS TEXT) IN ('1', 'true') THEN 1
      ELSE 0 END) AS bought
  FROM (SELECT id, state, CAST(body AS TEXT) AS body FROM offers) AS o
  WHERE state = 'held_out'
    OR EXISTS (SELECT 1 FROM steps AS s WHERE s.offer = o.id AND s.state = 'shown')
  GROUP BY 1, 2, 3
  UNION ALL SELECT rule, product, territory, tried, bought FROM pruned_outcomes) AS counted
  GROUP BY product, territory, rule ORDER BY product, territory, rule"""
_REDUCTIONS: Final = """
  SELECT rule, sku, territory, since, last FROM reductions WHERE last >= ?
  ORDER BY rule, sku, territory"""
_RULE_STEPS: Final = """
  SELECT rule, digest, state, nullif(reason, ''), count FROM rule_steps
  ORDER BY rule, digest, state, reason"""
_HELD_OUT: Final = """
  SELECT body FROM offers
  WHERE state = 'held_out' AND CAST(CAST(body AS TEXT) ->> 'issued_at' AS BIGINT) >= ?"""
_SHADOW: Final = """
  SELECT body ->> 'rule' AS rule, body ->> 'currency' AS currency, count(*),
    count(DISTINCT coalesce(customer, session)), count(DISTINCT body ->> 'sku'),
    sum(CAST(body ->> 'public' AS BIGINT)),
    sum(coalesce(CAST(body -> 'deduction' ->> 'at_most' AS BIGINT),
      CAST(body ->> 'public' AS BIGINT) - CAST(body ->> 'unit' AS BIGINT))),
    min(at), max(at)
  FROM (SELECT session, customer, CAST(body AS TEXT) AS body,
      CAST(CAST(body AS TEXT) ->> 'issued_at' AS BIGINT) AS at
    FROM offers WHERE state = 'shadow') AS made
  WHERE at >= ? AND at < ?
  GROUP BY 1, 2 ORDER BY 1, 2"""
_SHADOW_OFFERS: Final = """
  SELECT body FROM (SELECT id, body, CAST(body AS TEXT) ->> 'rule' AS rule,
      CAST(CAST(body AS TEXT) ->> 'issued_at' AS BIGINT) AS at
    FROM offers WHERE state = 'shadow') AS made
  WHERE rule = ? AND at >= ? AND at < ? ORDER BY at DESC, id DESC LIMIT ?"""
# The offers of an anonymous shopper belong to the customer of the next login in the session.
_STEPS_AFTER: Final = """
  SELECT s.id, s.offer, s.at, s.seq, s.state, s.reason, o.body,
    (SELECT p.state FROM steps AS p WHERE p.offer = s.offer AND p.id < s.id ORDER BY p.id DESC LIMIT 1)
  FROM steps AS s JOIN offers AS o ON o.id = s.offer WHERE s.id > ? ORDER BY s.id LIMIT ?"""
_STEPS_OF: Final = """
  SELECT s.id FROM offers AS o JOIN steps AS s ON s.offer = o.id WHERE o.customer = :customer
  UNION
  SELECT s.id FROM steps AS s JOIN offers AS o ON o.id = s.offer
  WHERE s.session IN (SELECT session FROM entries WHERE customer = :customer)
    AND o.customer IS NULL
    AND :customer = (SELECT e.customer FROM entries AS e WHERE e.session = s.session
      AND e.at >= s.at AND e.customer IS NOT NULL ORDER BY e.at, e.id LIMIT 1)"""


class RelationalReads(RelationalFactReads, RelationalRedemptionReads):
    """The reading half of a ledger; the roles in `runtime.ports` say what each method promises.

    `_read` answers at once. `_read_settled` first waits until queued records are written: it serves
    the tables that records write to.
    """

    _path: str
    _remedy = (
        "it is damaged. Restore a backup with `tactful restore`, and keep the damaged file for"
        " examination"
    )
    """What to do about a damaged row."""
    _gap: RestoredGap | None = None
    _has_read_gap = False
    _under_way: UnderWay

    async def _settle(self) -> None:
        """Wait until everything queued with `record` so far is written, or has failed."""
        raise NotImplementedError

    async def _read(self, sql: str, values: Any = ()) -> list[Any]:
        """Return the rows of a query beside the writer."""
        raise NotImplementedError

    async def _read_apart(self, work: Callable[[ReadConnection], T]) -> T:
        """Read whole tables beside the writer, as of one instant, after queued records are written."""
        raise NotImplementedError

    def _read_alone(self) -> AbstractAsyncContextManager[ReadRows]:
        """Return a reader of its own, for a long read that others shall not wait for."""
        raise NotImplementedError

    async def _read_settled(self, sql: str, values: Any = ()) -> list[Any]:
        await self._settle()
        return await self._read(sql, values)

    def _offer(self, body: bytes) -> Offer:
        """Decode a stored offer.

        Raises:
            LedgerBrokenError: The body cannot be read. A row has no checksum, so this damage is found
                only here.
        """
        try:
            return DECODE_OFFER(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise LedgerBrokenError(
                f"{self._path} holds an offer that cannot be read ({error}): {self._remedy}"
            ) from error

    async def exposures(
        self, since: int, until: int, *, rule: str | None = None, experiment: str | None = None
    ) -> AsyncGenerator[list[ExposureRow], None]:
        await self._settle()
        after = exposure_rows.BEGINNING
        while page := await self._read(
            exposure_rows.NEXT_PAGE,
            exposure_rows.page_values(after, since, until, rule, experiment),
        ):
            unit, _, rule_of_last, edition, *_ = page[-1]
            after = (unit, rule_of_last, edition)
            yield page

    async def exposed_units(
        self, since: int, until: int, *, rule: str | None = None, experiment: str | None = None
    ) -> AsyncGenerator[list[tuple[str, str, bool]], None]:
        await self._settle()
        after = exposure_rows.BEGINNING
        while page := await self._read(
            exposure_rows.NEXT_UNITS,
            exposure_rows.page_values(after, since, until, rule, experiment),
        ):
            unit, _, _, rule_of_last, edition = page[-1]
            after = (unit, rule_of_last, edition)
            yield [(row[0], row[1], bool(row[2])) for row in page]

    async def position(self) -> int:
        return int((await self._read(change_rows.NEWEST))[0][0])

    async def changes(self, after: int, limit: int = 1000) -> list[Change]:
        found = await self._read(change_rows.READ_CHANGES, (after, limit))
        return change_rows.changes_from_rows(found)

    async def tally_sums(self, since: int, what: str | None = None) -> list[TallyRow]:
        return [TallyRow(*row) for row in await self._read_settled(*sums_query(since, what))]

    async def stock_commitments(self, skus: Sequence[str]) -> dict[tuple[str, str], int]:
        found = await self._read(SELECT_COMMITMENTS, (_encode_list(skus),))
        return {(sku, territory): promised for sku, territory, promised in found}

    async def feed_heartbeats(self) -> dict[str, int]:
        return dict(await self._read("SELECT feed, at FROM heard"))

    @property
    def is_restored(self) -> bool:
        """Return whether the gap of a restore was open when it was last read."""
        return self._gap is not None and not self._gap.is_confirmed

    async def restored_gap(self) -> RestoredGap | None:
        # A restore needs a stopped server, so only an open gap can change, and is read again.
        if not self._has_read_gap or (self._gap and not self._gap.is_confirmed):
            self._gap = restored_gap.gap_from_rows(await self._read(restored_gap.READ))
            self._has_read_gap = True
        return self._gap

    async def offer(self, offer: str) -> Offer | None:
        found = await self._read_settled("SELECT body FROM offers WHERE id = ?", (offer,))
        return self._offer(found[0][0]) if found else None

    async def standing_offers(self) -> list[Offer]:
        found = await self._read_settled(_STANDING + " ORDER BY id")
        return [self._offer(body) for (body,) in found]

    async def standing_offers_of(self, skus: Sequence[str]) -> list[Offer]:
        found = await self._read(_STANDING_OF, (_encode_list(skus),))
        return [self._offer(body) for (body,) in found]

    async def outcomes(self) -> list[OutcomeRow]:
        return [OutcomeRow(*row) for row in await self._read_settled(_OUTCOMES)]

    async def reductions(self, since: int) -> list[ReductionRow]:
        return [ReductionRow(*row) for row in await self._read_settled(_REDUCTIONS, (since,))]

    async def rule_steps(self) -> list[RuleStepRow]:
        found = await self._read_settled(_RULE_STEPS)
        return [
            RuleStepRow(rule, digest, OfferState(state), reason, count)
            for rule, digest, state, reason, count in found
        ]

    async def held_out(self, since: int) -> list[Offer]:
        found = [self._offer(body) for (body,) in await self._read_settled(_HELD_OUT, (since,))]
        return sorted(found, key=lambda offer: (offer.issued_at, offer.id))

    async def shadow_sums(self, since: int, until: int) -> list[ShadowRow]:
        return [ShadowRow(*row) for row in await self._read_settled(_SHADOW, (since, until))]

    async def shadow_offers(self, rule: str, since: int, until: int, limit: int) -> list[Offer]:
        values = (rule, since, until, limit)
        return [self._offer(body) for (body,) in await self._read_settled(_SHADOW_OFFERS, values)]

    async def session_by_resume(self, digest: bytes) -> SavedSession | None:
        return _one(await self._read_settled(SELECT_SESSION + "WHERE resume = ?", (digest,)))

    async def session(self, session: str) -> SavedSession | None:
        return _one(await self._read_settled(SELECT_SESSION + "WHERE session = ?", (session,)))

    async def _sessions_to_wake(self, before: int) -> list[tuple[str, str]]:
        """Return (session, its owner) of those that no running process has; see `SessionStore`."""
        return await self._read_settled(SESSIONS_TO_WAKE + " ORDER BY session", (before,))

    async def contact(self, shopper: str) -> SavedContact | None:
        found = await self._read_settled(SELECT_CONTACT, (shopper,))
        return SavedContact(*found[0]) if found else None

    async def offer_steps(
        self,
        *,
        session: str | None = None,
        customer: str | None = None,
        offer: str | None = None,
        limit: int = 200,
    ) -> list[AuditRow]:
        chosen = {
            "o.session = :session": session,
            f"s.id IN ({_STEPS_OF})": customer,
            "o.id = :offer": offer,
        }
        where = " AND ".join(one for one, value in chosen.items() if value is not None) or "TRUE"
        found = await self._read_settled(
            "SELECT s.offer, s.at, s.seq, s.state, s.reason, o.body FROM steps AS s"  # noqa: S608
            f" JOIN offers AS o ON o.id = s.offer WHERE {where} ORDER BY s.id DESC LIMIT :limit",
            {"session": session, "customer": customer, "offer": offer, "limit": limit},
        )
        return [
            AuditRow(OfferStep(key, at, seq, OfferState(state), reason), self._offer(body))
            for key, at, seq, state, reason, body in found
        ]

    async def steps_after(self, number: int, limit: int) -> list[NumberedStep]:
        found = await self._read(_STEPS_AFTER, (number, limit))
        return [
            NumberedStep(
                place,
                OfferStep(key, at, seq, OfferState(state), reason),
                OfferState(before) if before else None,
                self._offer(body),
            )
            for place, key, at, seq, state, reason, body, before in found
        ]

    async def newest_step(self) -> int:
        ((number,),) = await self._read("SELECT coalesce(max(id), 0) FROM steps")
        return int(number)

    async def turn_entries(
        self,
        *,
        session: str | None = None,
        since: int = 0,
        until: int | None = None,
        limit: int = 1000,
    ) -> list[TurnEntry]:
        where: list[str] = ["at >= ?"]
        values: list[object] = [since]
        if until is not None:
            where, values = [*where, "at < ?"], [*values, until]
        if session is not None:
            where, values = [*where, "session = ?"], [*values, session]
        sql = f"{_ENTRY} WHERE {' AND '.join(where)} ORDER BY at, id LIMIT ?"
        return [_entry(row) for row in await self._read_settled(sql, (*values, limit))]

    async def latest_session_of(self, customer: str, at: int | None = None) -> str | None:
        if at is None:
            sql = "SELECT session FROM sessions WHERE customer = ? ORDER BY seen_at DESC LIMIT 1"
            if found := await self._read_settled(sql, (customer,)):
                return str(found[0][0])
        found = await self._read_settled(
            "SELECT session FROM entries WHERE customer = ? AND at <= ?"
            " ORDER BY at DESC, id DESC LIMIT 1",
            (customer, 2**63 - 1 if at is None else at),
        )
        return str(found[0][0]) if found else None

    async def alerts(self, *, resolved: bool, limit: int = 200) -> list[Alert]:
        sql = alert_rows.RESOLVED if resolved else alert_rows.UNRESOLVED
        most = limit if limit >= 0 else operator_actions.NO_LIMIT
        return [alert_rows.alert_from_body(body) for (body,) in await self._read(sql, (most,))]

    async def operator_actions(
        self, *, customer: str | None = None, limit: int = 200
    ) -> list[OperatorAction]:
        found = await self._read(*operator_actions.query(customer, limit))
        return [operator_actions.action_from_row(row) for row in found]

    async def audit_entries(
        self, wanted: ActionFilter, *, before: int | None = None, limit: int = 200
    ) -> list[AuditEntry]:
        found = await self._read(*operator_actions.filtered(wanted, before, limit))
        return [operator_actions.entry_from_row(row) for row in found]

    async def rulebooks(self) -> list[tuple[str, int, bool]]:
        found = await self._read("SELECT version, at, back FROM activations ORDER BY id DESC")
        return [(version, at, bool(back)) for version, at, back in found]

    async def rulebook_sources(self, version: str) -> bytes | None:
        found = await self._read("SELECT sources FROM rulebooks WHERE version = ?", (version,))
        return found[0][0] if found else None

    async def rule_states(self) -> dict[str, str]:
        return dict(await self._read("SELECT rule, state FROM rule_states"))

    async def offers_stop(self) -> OffersStop | None:
        return offers_stop.stop_from_rows(await self._read(offers_stop.READ))

    async def trial_starts(self) -> dict[str, int]:
        return dict(await self._read("SELECT rule, since FROM trials"))


def _encode_list(values: Sequence[str]) -> str:
    return msgspec.json.encode(values).decode()


def _one(found: list[Any]) -> SavedSession | None:
    return SavedSession(*found[0]) if found else None


def _entry(row: Any) -> TurnEntry:
    session, customer, at, rulebook, signal, inputs, trace = row
    return TurnEntry(
        session=session,
        customer=customer,
        at=at,
        rulebook=rulebook,
        signal=signal,
        inputs=inputs,
        trace=trace,
    )
