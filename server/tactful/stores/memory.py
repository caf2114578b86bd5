"""How does a ledger behave that forgets everything when its process ends?

It answers as the durable one does, from plain dictionaries; tests and dry runs use it.
"""

import secrets
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import structs

from tactful.core.budgets import COUNT
from tactful.core.offers import Offer, State, Step
from tactful.core.rates import NOTHING, SILENCE, Tally
from tactful.core.rulings import (
    BudgetRow,
    Desk,
    Judge,
    Purse,
    RedemptionRow,
    RefundRow,
    Ruling,
)
from tactful.runtime.ports import (
    AuditRow,
    Commit,
    Entry,
    OutcomeRow,
    ReductionRow,
    Refusal,
    RuleStepRow,
    SavedSession,
)
from tactful.stores.budgets import move, tally
from tactful.stores.memory_facts import MemoryFacts
from tactful.stores.memory_rulebooks import MemoryRulebooks
from tactful.stores.plain import plain


class MemoryLedger(MemoryFacts, MemoryRulebooks):
    """The ledger port in memory; nothing in it ever waits, so each call is one transaction."""

    def __init__(self) -> None:
        super().__init__()
        self._sessions: dict[str, SavedSession] = {}
        self._contacts: dict[str, bytes] = {}
        self._offers: dict[str, Offer] = {}
        self._steps: list[Step] = []
        self._balances: dict[Purse, BudgetRow] = {}
        self._redemptions: dict[tuple[str, str], RedemptionRow] = {}
        self._refunds: dict[tuple[str, str], RefundRow] = {}
        self._entries: list[Entry] = []

    async def open(self) -> None:
        """Nothing is needed."""

    async def close(self) -> None:
        """Nothing is held."""

    @property
    def failing(self) -> str | None:
        """Memory does not fail in parts."""
        return None

    @property
    def waiting(self) -> int:
        """What is recorded is kept at once."""
        return 0

    # turns
    async def commit(self, commit: Commit) -> Refusal | None:
        """Write a turn; a refusal wrote nothing."""
        for ended in self._ended_meanwhile(commit):
            return Refusal("offer.ended", offer=ended)
        balances = dict(self._balances)
        refused = move(balances, commit.moves)
        if refused:
            return refused
        self._balances = balances
        self._write(commit, commit.offers, commit.steps)
        return None

    def record(self, commit: Commit) -> None:
        """Write a turn that promises nothing; what ended otherwise meanwhile stays as it ended."""
        ended = set(self._ended_meanwhile(commit))
        move(self._balances, [change for change in commit.moves if change.offer not in ended])
        self._write(
            commit,
            [offer for offer in commit.offers if offer.id not in ended],
            [step for step in commit.steps if step.offer not in ended],
        )

    async def flush(self) -> None:
        """Nothing waits."""

    def _ended_meanwhile(self, commit: Commit) -> Iterable[str]:
        for offer in commit.offers:
            known = self._offers.get(offer.id)
            if known and not known.standing:
                yield offer.id

    def _write(self, commit: Commit, offers: Iterable[Offer], steps: Iterable[Step]) -> None:
        if commit.session and commit.state is not None:
            known = self._sessions.get(commit.session)
            self._sessions[commit.session] = SavedSession(
                commit.session,
                commit.customer,
                commit.state,
                commit.resume if commit.resume is not None else known.resume if known else b"",
                commit.wake_at,
                commit.seen_at,
            )
        self._contacts.update(commit.contacts)
        self._offers.update((offer.id, offer) for offer in offers)
        self._steps.extend(steps)
        if commit.entry:
            self._entries.append(commit.entry)

    # what was promised
    async def offer(self, offer: str) -> Offer | None:
        """One offer as it now is."""
        return self._offers.get(offer)

    async def standing(self) -> list[Offer]:
        """All offers in a standing state, by id."""
        return [offer for _, offer in sorted(self._offers.items()) if offer.standing]

    async def balances(self) -> list[BudgetRow]:
        """All balances, by campaign, period and currency."""
        return [row for _, row in sorted(self._balances.items())]

    async def judge(
        self, judge: Judge, *, offer: str | None = None, order: str, refund: str | None = None
    ) -> Ruling:
        """Read the desk, run the judgement and write its ruling."""
        ruling = judge(self._desk(offer, order, refund))
        balances = dict(self._balances)
        if refused := move(balances, ruling.moves):
            message = f"a ruling moved {refused.campaign} beyond its limit"
            raise ValueError(message)
        self._balances = balances
        for row in ruling.redemptions:
            self._redemptions[row.offer, row.order] = row
        if ruling.refund:
            self._refunds[order, ruling.refund.refund] = ruling.refund
        self._offers.update((held.id, held) for held in ruling.offers)
        self._steps.extend(ruling.steps)
        return ruling

    def _desk(self, offer: str | None, order: str, refund: str | None) -> Desk:
        rows = tuple(
            row for row in self._redemptions.values() if offer == row.offer or order == row.order
        )
        named = {offer, *(row.offer for row in rows if row.order == order)}
        offers = {key: self._offers[key] for key in named if key in self._offers}
        purses = {
            (held.campaign, held.period, currency)
            for held in offers.values()
            for currency in (held.currency, COUNT)
        }
        sessions = {key: held.session for key, held in self._offers.items()}
        return Desk(
            offers=offers,
            redemptions=rows,
            refund=self._refunds.get((order, refund)) if refund else None,
            balances={key: row for key, row in self._balances.items() if key in purses},
            seqs={
                held.session: max(
                    (s.seq for s in self._steps if sessions[s.offer] == held.session), default=0
                )
                for held in offers.values()
            },
        )

    async def reconcile(self) -> list[str]:
        """Balances that do not equal the sum of their rows, in words; nothing: all is well."""
        return [
            f"{row.campaign} {row.period} {row.currency} does not add up"
            for row in self._balances.values()
            if (row.reserved, row.settled) != self._sums(row)
        ]

    def _sums(self, row: BudgetRow) -> tuple[int, int]:
        counted = row.currency == COUNT
        offers = {
            held.id: held
            for held in self._offers.values()
            if (held.campaign, held.period) == tally(row)[:2]
            and (counted or held.currency == row.currency)
        }
        used = [
            found
            for found in self._redemptions.values()
            if found.offer in offers and found.status == "redeemed"
        ]
        return (
            sum(1 if counted else held.hold for held in offers.values() if held.standing),
            sum(1 if counted else found.saved for found in used),
        )

    # what came of it
    async def outcomes(self) -> list[OutcomeRow]:
        """What came of every offer and every silence so far, by product, territory and rule."""
        seen = {step.offer for step in self._steps if step.to is State.SHOWN}
        found: dict[tuple[str, str, str], Tally] = {}
        for offer in self._offers.values():
            silent = offer.state is State.HELD_OUT
            if silent or offer.id in seen:
                key = offer.product, offer.territory, SILENCE if silent else offer.rule
                won = offer.bought if silent else offer.state is State.REDEEMED
                found[key] = found.get(key, NOTHING).plus(1, int(won))
        return [
            OutcomeRow(rule, product, territory, tally.tried, tally.bought)
            for (product, territory, rule), tally in sorted(found.items(), key=lambda one: one[0])
        ]

    async def reductions(self, since: int) -> list[ReductionRow]:
        """What is offered from an instant on, and since when, by rule, SKU and territory."""
        found: dict[tuple[str, str, str], ReductionRow] = {}
        for offer in sorted(self._offers.values(), key=lambda offer: offer.issued_at):
            if offer.state is not State.HELD_OUT and offer.issued_at >= since:
                key = offer.rule, offer.sku, offer.territory
                found[key] = ReductionRow(*key, offer.since, offer.issued_at)
        return [row for _, row in sorted(found.items())]

    async def rule_steps(self) -> list[RuleStepRow]:
        """The steps of all offers so far by rule, in a stable order."""
        found: Counter[tuple[str, str, str, str | None]] = Counter()
        for step in self._steps:
            offer = self._offers[step.offer]
            found[offer.rule, offer.rule_digest, step.to.value, step.reason] += 1
        rows = sorted(found.items(), key=lambda one: (*one[0][:3], one[0][3] or ""))
        return [RuleStepRow(*key[:2], State(key[2]), key[3], count) for key, count in rows]

    async def held_out(self, since: int) -> list[Offer]:
        """The offers that were deliberately not shown from an instant on, oldest first."""
        found = (offer for offer in self._offers.values() if offer.state is State.HELD_OUT)
        recent = [offer for offer in found if offer.issued_at >= since]
        return sorted(recent, key=lambda offer: (offer.issued_at, offer.id))

    async def mark_bought(self, offers: Sequence[str], *, bought: bool) -> None:
        """Say of offers that were not shown whether the product was bought all the same."""
        for key in offers:
            if key in self._offers:
                self._offers[key] = structs.replace(self._offers[key], bought=bought)

    # sessions
    async def session_by_resume(self, digest: bytes) -> SavedSession | None:
        """The session whose resume secret has this digest."""
        return next((s for s in self._sessions.values() if s.resume == digest), None)

    async def session(self, session: str) -> SavedSession | None:
        """One session."""
        return self._sessions.get(session)

    async def sessions_to_wake(self, before: int) -> list[SavedSession]:
        """Sessions whose timer is due before an instant, or that have standing offers."""
        standing = {offer.session for offer in self._offers.values() if offer.standing}
        return [
            saved
            for key, saved in sorted(self._sessions.items())
            if key in standing or (saved.wake_at is not None and saved.wake_at < before)
        ]

    async def contact(self, shopper: str) -> bytes | None:
        """The encoded contact history of a customer."""
        return self._contacts.get(shopper)

    async def forget_session(self, session: str) -> None:
        """Erase a session's state and entries; its offers keep a random id instead."""
        self._sessions.pop(session, None)
        self._entries = [entry for entry in self._entries if entry.session != session]
        alias = secrets.token_urlsafe(16)
        for key, offer in self._offers.items():
            if offer.session == session:
                self._offers[key] = structs.replace(offer, session=alias)

    # records
    async def audit(
        self,
        *,
        session: str | None = None,
        customer: str | None = None,
        offer: str | None = None,
        limit: int = 200,
    ) -> list[AuditRow]:
        """Lifecycle steps, newest first."""
        rows = [AuditRow(step, self._offers[step.offer]) for step in reversed(self._steps)]
        return [
            row
            for row in rows
            if (session is None or row.offer.session == session)
            and (customer is None or row.offer.customer == customer)
            and (offer is None or row.offer.id == offer)
        ][:limit]

    async def entries(
        self,
        *,
        session: str | None = None,
        since: int = 0,
        until: int | None = None,
        limit: int = 1000,
    ) -> list[Entry]:
        """Recorded turns of [since, until), oldest first."""
        found = [
            entry
            for entry in self._entries
            if (session is None or entry.session == session)
            and since <= entry.at
            and (until is None or entry.at < until)
        ]
        return sorted(found, key=lambda entry: entry.at)[:limit]

    async def latest_session_of(self, customer: str, at: int | None = None) -> str | None:
        """The session in which a customer was last seen."""
        if at is None:
            seen = [saved for saved in self._sessions.values() if saved.customer == customer]
            if seen:
                return max(seen, key=lambda saved: saved.seen_at).session
        found = [
            entry
            for entry in self._entries
            if entry.customer == customer and (at is None or entry.at <= at)
        ]
        return (
            max(enumerate(found), key=lambda pair: (pair[1].at, pair[0]))[1].session
            if found
            else None
        )

    # people
    async def erase_customer(self, customer: str, alias: str) -> int:
        """Remove a customer; money rows stay under `alias`. Returns the rows touched."""
        sessions = {
            *(saved.session for saved in self._sessions.values() if saved.customer == customer),
            *(entry.session for entry in self._entries if entry.customer == customer),
            *(held.session for held in self._offers.values() if held.customer == customer),
        }
        touched = self._erase_facts(customer, alias, sessions)
        touched += self._contacts.pop(customer, None) is not None
        for session in sessions:
            touched += self._sessions.pop(session, None) is not None
        kept = [entry for entry in self._entries if entry.session not in sessions]
        touched += len(self._entries) - len(kept)
        self._entries = kept
        for key, held in self._offers.items():
            if held.session in sessions:
                named = alias if held.customer == customer else held.customer
                self._offers[key] = structs.replace(held, session=alias, customer=named)
                touched += 1
        return touched

    async def export_customer(self, customer: str) -> dict[str, object]:
        """All that is kept about a customer, as plain data."""
        offers = {key for key, held in self._offers.items() if held.customer == customer}
        contact = self._contacts.get(customer)
        return {
            "customer": customer,
            "facts": self._facts_of(customer),
            "contact": plain(contact) if contact else None,
            "sessions": [
                plain(saved.state)
                for saved in self._sessions.values()
                if saved.customer == customer
            ],
            "offers": [_data(self._offers[key]) for key in sorted(offers)],
            "redemptions": [
                _data(row) for row in self._redemptions.values() if row.offer in offers
            ],
            "decisions": [
                {"at": e.at, "session": e.session, "signal": plain(e.signal)}
                for e in self._entries
                if e.customer == customer
            ],
        }

    async def prune(self, *, before: int) -> int:
        """Drop superseded facts, entries and ended sessions older than an instant."""
        dropped = self._prune_facts(before)
        entries = [entry for entry in self._entries if entry.at >= before]
        standing = {offer.session for offer in self._offers.values() if offer.standing}
        sessions = {
            key: saved
            for key, saved in self._sessions.items()
            if saved.seen_at >= before or key in standing
        }
        dropped += len(self._entries) - len(entries) + len(self._sessions) - len(sessions)
        self._entries, self._sessions = entries, sessions
        return dropped


def _data(kept: msgspec.Struct) -> object:
    return plain(msgspec.json.encode(kept))
