"""Reads of the ledger from one SQLite file, on a connection of their own.

A read waits for queued records only if they go to the tables that it reads.
"""

import sqlite3
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final

import aiosqlite
import msgspec

from tactful.core.offers.offer import Offer, OfferState, OfferStep
from tactful.runtime.ports.alert_store import Alert
from tactful.runtime.ports.exposure_store import Exposure
from tactful.runtime.ports.fact_store import NamedKind
from tactful.runtime.ports.ledger import LedgerBrokenError, LedgerError
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
    StoredFact,
    TallyRow,
    TurnEntry,
)
from tactful.runtime.ports.operator_actions import OperatorAction
from tactful.stores.sqlite import facts, operator_actions
from tactful.stores.sqlite.error_translation import translate_error
from tactful.stores.sqlite.redemption_reads import SqliteRedemptionReads
from tactful.stores.sqlite.tables import alert_rows, change_rows, exposure_rows, restored_gap
from tactful.stores.sqlite.tables.contacts import SELECT_CONTACT
from tactful.stores.sqlite.tables.offer_rows import DECODE_OFFER
from tactful.stores.sqlite.tables.sessions import SELECT_SESSION
from tactful.stores.sqlite.tables.stock import SELECT_COMMITMENTS
from tactful.stores.sqlite.tables.tallies import sums_query
from tactful.stores.sqlite.writer.under_way import UnderWay

_ENTRY: Final = "SELECT session, customer, at, rulebook, signal, inputs, trace FROM entries "
_STANDING: Final = "SELECT body FROM offers WHERE state IN ('pushed', 'shown', 'accepted', 'held')"
_STANDING_OF: Final = """
  SELECT body FROM offers
  WHERE state IN ('pushed', 'shown', 'accepted', 'held')
    AND CAST(body AS TEXT) ->> 'sku' IN (SELECT value FROM json_each(?))
  ORDER BY id"""
_SESSIONS_TO_WAKE: Final = """
  SELECT session FROM sessions
  WHERE wake_at < ? OR session IN
    (SELECT session FROM offers WHERE state IN ('pushed', 'shown', 'accepted', 'held'))
  ORDER BY session"""

# An offer counts once a shopper saw it. A held-out offer counts under the empty rule, `NO_OFFER`.
_OUTCOMES: Final = """
  SELECT rule, product, territory, sum(tried), sum(bought) FROM (
  SELECT iif(state = 'held_out', '', body ->> 'rule') AS rule, body ->> 'product' AS product,
    body ->> 'territory' AS territory, count(*) AS tried,
    sum(iif(state = 'held_out', coalesce(body ->> 'bought', 0), state = 'redeemed')) AS bought
  FROM (SELECT id, state, CAST(body AS TEXT) AS body FROM offers) AS o
  WHERE state = 'held_out'
    OR EXISTS (SELECT 1 FROM steps AS s WHERE s.offer = o.id AND s.state = 'shown')
  GROUP BY product, territory, rule
  UNION ALL SELECT rule, product, territory, tried, bought FROM pruned_outcomes)
  GROUP BY product, territory, rule ORDER BY product, territory, rule"""
_REDUCTIONS: Final = """
  SELECT rule, sku, territory, since, last FROM reductions WHERE last >= ?
  ORDER BY rule, sku, territory"""
_RULE_STEPS: Final = """
  SELECT rule, digest, state, nullif(reason, ''), count FROM rule_steps
  ORDER BY rule, digest, state, reason"""
_HELD_OUT: Final = """
  SELECT body FROM offers
  WHERE state = 'held_out' AND CAST(body AS TEXT) ->> 'issued_at' >= ?"""
_SHADOW: Final = """
  SELECT body ->> 'rule' AS rule, body ->> 'currency' AS currency, count(*),
    count(DISTINCT coalesce(customer, session)), count(DISTINCT body ->> 'sku'),
    sum(body ->> 'public'),
    sum(coalesce(body ->> '$.deduction.at_most', (body ->> 'public') - (body ->> 'unit'))),
    min(body ->> 'issued_at'), max(body ->> 'issued_at')
  FROM (SELECT session, customer, CAST(body AS TEXT) AS body FROM offers WHERE state = 'shadow')
  WHERE body ->> 'issued_at' >= ? AND body ->> 'issued_at' < ?
  GROUP BY rule, currency ORDER BY rule, currency"""
_SHADOW_OFFERS: Final = """
  SELECT body FROM (SELECT id, CAST(body AS TEXT) AS body FROM offers WHERE state = 'shadow')
  WHERE body ->> 'rule' = ? AND body ->> 'issued_at' >= ? AND body ->> 'issued_at' < ?
  ORDER BY body ->> 'issued_at' DESC, id DESC LIMIT ?"""
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


class SqliteReads(SqliteRedemptionReads):
    """The reading half of `SqliteLedger`; the roles in `runtime.ports` say what each method promises.

    `_read` answers at once. `_read_settled` first waits until queued records are written: it serves
    the tables that records write to.
    """

    _path: str
    _reader: aiosqlite.Connection | None = None
    _gap: RestoredGap | None = None
    _has_read_gap = False
    _under_way: UnderWay

    async def _settle(self) -> None:
        """Wait until everything queued with `record` so far is written, or has failed."""
        raise NotImplementedError

    async def _read(self, sql: str, values: Any = ()) -> list[Any]:
        if self._reader is None:
            raise LedgerError("the ledger is not open", retry=False)
        self._under_way.add()
        try:
            return list(await self._reader.execute_fetchall(sql, values))
        except sqlite3.Error as error:
            raise translate_error(error, self._path) from error
        finally:
            self._under_way.remove()

    async def _read_settled(self, sql: str, values: Any = ()) -> list[Any]:
        await self._settle()
        return await self._read(sql, values)

    def _offer(self, body: bytes) -> Offer:
        """Decode a stored offer.

        Raises:
            LedgerBrokenError: The body cannot be read. SQLite keeps no checksum of a row, so this
                damage is found only here.
        """
        try:
            return DECODE_OFFER(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise LedgerBrokenError(
                f"{self._path} holds an offer that cannot be read ({error}): it is damaged. Restore a"
                " backup with `tactful restore`, and keep the damaged file for examination"
            ) from error

    async def facts_about(
        self,
        subjects: Sequence[tuple[str, str]],
        kinds: Sequence[str] = (),
        at: int | None = None,
        upto: int | None = None,
    ) -> list[StoredFact]:
        found = await self._read(*facts.facts_query(subjects, kinds, at, upto))
        return facts.select_facts(found, subjects)

    async def exposures(
        self, since: int, until: int, *, rule: str | None = None, experiment: str | None = None
    ) -> AsyncGenerator[list[Exposure], None]:
        await self._settle()
        last: Exposure | None = None
        while page := await self._read(
            exposure_rows.NEXT_PAGE,
            exposure_rows.page_values(last, since, until, rule, experiment),
        ):
            found = [exposure_rows.exposure_from_row(row) for row in page]
            last = found[-1]
            yield found

    async def newest_fact(self) -> int:
        found = await self._read("SELECT coalesce(max(id), 0) FROM facts")
        return int(found[0][0])

    async def known_skus(self, after: str, limit: int) -> list[str]:
        return [sku for (sku,) in await self._read(facts.KNOWN_SUBJECTS, ("sku", after, limit))]

    async def known_customers(self, after: str, limit: int) -> list[str]:
        asked = ("customer", after, limit)
        return [customer for (customer,) in await self._read(facts.KNOWN_SUBJECTS, asked)]

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

    async def fact_versions(self, kind: str, key: str) -> list[StoredFact]:
        sql = "SELECT kind, key, body, at, ended, id FROM facts WHERE kind = ? AND key = ? ORDER BY id"
        return [StoredFact(*row) for row in await self._read(sql, (kind, key))]

    async def facts_of_kind(self, kind: str, after: str, limit: int) -> list[StoredFact]:
        found = await self._read(facts.OF_KIND, (kind, after, limit))
        return [StoredFact(*row) for row in found]

    async def facts_named(self, kind: NamedKind, beginning: str, limit: int) -> list[StoredFact]:
        asked = (beginning, facts.LAST_CHARACTER, limit)
        return [StoredFact(*row) for row in await self._read(facts.NAMED[kind], asked)]

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

    async def _sessions_to_wake(self, before: int) -> list[str]:
        return [session for (session,) in await self._read_settled(_SESSIONS_TO_WAKE, (before,))]

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
        return [alert_rows.alert_from_body(body) for (body,) in await self._read(sql, (limit,))]

    async def operator_actions(
        self, *, customer: str | None = None, limit: int = 200
    ) -> list[OperatorAction]:
        found = await self._read(*operator_actions.query(customer, limit))
        return [operator_actions.action_from_row(row) for row in found]

    async def rulebooks(self) -> list[tuple[str, int, bool]]:
        found = await self._read("SELECT version, at, back FROM activations ORDER BY id DESC")
        return [(version, at, bool(back)) for version, at, back in found]

    async def rulebook_sources(self, version: str) -> bytes | None:
        found = await self._read("SELECT sources FROM rulebooks WHERE version = ?", (version,))
        return found[0][0] if found else None

    async def rule_states(self) -> dict[str, str]:
        return dict(await self._read("SELECT rule, state FROM rule_states"))

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
