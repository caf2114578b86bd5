"""The ledger port in plain dictionaries, which are lost when the process ends.

Tests and dry runs use it. The contract suites in `tests/contracts` run on it and on SQLite alike.
"""

import secrets
from collections.abc import AsyncGenerator, Collection, Iterable
from typing import Any

import msgspec
from msgspec import structs

from tactful.core.facts.shopper_contacts import SUBJECT as CONTACT
from tactful.core.offers.offer import OfferState
from tactful.runtime.ports.exposure_store import OfferReaction
from tactful.runtime.ports.ledger_rows import (
    AuditRow,
    SavedContact,
    SavedSession,
    Subject,
    TurnEntry,
)
from tactful.runtime.ports.operator_actions import ActionFilter, AuditEntry, OperatorAction
from tactful.stores.memory.facts import MemoryFacts
from tactful.stores.memory.kept_actions import KeptActions
from tactful.stores.memory.kept_alerts import MemoryAlerts
from tactful.stores.memory.ledger_health import MemoryHealth
from tactful.stores.memory.redemptions import MemoryRedemptions
from tactful.stores.memory.rulebooks import MemoryRulebooks
from tactful.stores.shared.erased_ids import action_without_erased_id
from tactful.stores.shared.json_text import as_plain_data
from tactful.stores.shared.stored_structs import offer_data, session_data


class MemoryLedger(MemoryRedemptions, MemoryFacts, MemoryRulebooks, MemoryAlerts, MemoryHealth):
    """The ledger in memory; see `runtime.ports.ledger` for what each method promises."""

    def __init__(self) -> None:
        super().__init__()
        self._actions = KeptActions()

    @property
    def fenced_records(self) -> int:
        """Return the records that were dropped because another process owns their session."""
        return self._fenced

    # sessions
    async def claim_session(self, digest: bytes) -> SavedSession | None:
        """Add one to the epoch of the session whose resume secret has this digest."""
        known = await self.session_by_resume(digest) if digest else None
        if known is None:
            return None
        (claimed,) = self._claim([known])
        return claimed

    async def session_by_resume(self, digest: bytes) -> SavedSession | None:
        """Return the session whose resume secret has this digest."""
        return next((s for s in self._sessions.values() if s.resume == digest), None)

    async def session(self, session: str) -> SavedSession | None:
        """Return one session."""
        return self._sessions.get(session)

    async def claim_sessions_to_wake(self, before: int) -> list[SavedSession]:
        """Claim the sessions with standing offers, and those whose timer was due."""
        standing = {offer.session for offer in self._offers.values() if offer.reserving}
        return self._claim(
            saved
            for key, saved in sorted(self._sessions.items())
            if key in standing or (saved.wake_at is not None and saved.wake_at < before)
        )

    def _claim(self, found: Iterable[SavedSession]) -> list[SavedSession]:
        claimed = [structs.replace(saved, epoch=saved.epoch + 1) for saved in found]
        for saved in claimed:
            self._sessions[saved.session] = saved
            body = str(saved.epoch).encode()
            self._log("session_claimed", (("session", saved.session),), body=body)
        self._publish()
        return claimed

    async def contact(self, shopper: str) -> SavedContact | None:
        """Return the contact history of a customer with its revision."""
        return self._contacts.get(shopper)

    async def forget_session(self, session: str) -> None:
        """Delete a session and its turns; its offers stay, under a random session id."""
        self._delete_session(session)
        self._entries = [entry for entry in self._entries if entry.session != session]
        alias = secrets.token_urlsafe(16)
        for key, offer in self._offers.items():
            if offer.session == session:
                self._offers[key] = structs.replace(offer, session=alias)
        self._delete_exposures({session})

    # steps and turns
    async def offer_steps(
        self,
        *,
        session: str | None = None,
        customer: str | None = None,
        offer: str | None = None,
        limit: int = 200,
    ) -> list[AuditRow]:
        """Return lifecycle steps of offers, newest first."""
        rows = [AuditRow(step, self._offers[step.offer]) for step in reversed(self._steps)]
        return [
            row
            for row in rows
            if (session is None or row.offer.session == session)
            and (
                customer is None
                or (row.offer.customer or self._customer_of_next_login(row)) == customer
            )
            and (offer is None or row.offer.id == offer)
        ][:limit]

    def _customer_of_next_login(self, row: AuditRow) -> str | None:
        """Return the customer of the next login after a step in its session; None: there is none."""
        known = [
            entry
            for entry in self._entries
            if entry.session == row.offer.session and entry.at >= row.step.at and entry.customer
        ]
        return min(known, key=lambda entry: entry.at).customer if known else None

    async def turn_entries(
        self,
        *,
        session: str | None = None,
        since: int = 0,
        until: int | None = None,
        limit: int = 1000,
    ) -> list[TurnEntry]:
        """Return recorded turns of [since, until), oldest first."""
        found = [
            entry
            for entry in self._entries
            if (session is None or entry.session == session)
            and since <= entry.at
            and (until is None or entry.at < until)
        ]
        return sorted(found, key=lambda entry: entry.at)[:limit]

    async def latest_session_of(self, customer: str, at: int | None = None) -> str | None:
        """Return the session in which a customer was last seen."""
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

    async def offer_reactions(self, since: int, until: int) -> list[OfferReaction]:
        """Return the dismissals and savings of [since, until)."""
        found = [
            ("dismissal", step.at, 0, step.offer)
            for step in self._steps
            if step.to is OfferState.DECLINED
        ]
        found += [
            ("saving", row.at, row.saved, row.offer)
            for row in self._redemptions.values()
            if row.status == "redeemed"
        ]
        found.sort(key=lambda one: (one[1], one[0], one[3]))
        return [
            OfferReaction(
                kind="saving" if kind == "saving" else "dismissal",
                session=self._offers[offer].session,
                customer=self._offers[offer].customer,
                at=at,
                saved=saved,
                currency=self._offers[offer].currency,
            )
            for kind, at, saved, offer in found
            if since <= at < until
        ]

    # operator actions and customer data
    async def record_operator_action(self, action: OperatorAction) -> None:
        """Store an operator action."""
        self._actions.add(action_without_erased_id(action, self._alias_of))

    async def operator_actions(
        self, *, customer: str | None = None, limit: int = 200
    ) -> list[OperatorAction]:
        """Return operator actions, newest first."""
        return self._actions.of_customer(customer)[::-1][:limit]

    async def audit_entries(
        self, wanted: ActionFilter, *, before: int | None = None, limit: int = 200
    ) -> list[AuditEntry]:
        """Return the operator actions of a filter with their numbers, newest first."""
        return self._actions.entries(wanted, before, limit)

    async def sessions_of(self, customer: str) -> set[str]:
        """Return the sessions of a customer, and those that an order of theirs names."""
        orders = {
            name for name in self._by_subject.get(("customer", customer), {}) if name[0] == "order"
        }
        public = {
            ident
            for (kind, ident), names in self._by_subject.items()
            if kind == "session" and not orders.isdisjoint(names)
        }
        return {
            *(saved.session for saved in self._sessions.values() if saved.customer == customer),
            *(entry.session for entry in self._entries if entry.customer == customer),
            *(one.session for one in self._offers.values() if one.customer == customer),
            *(ident.partition(".")[0] for ident in public),
        }

    async def erase_customer(
        self, customer: str, alias: str, at: int, *, open_sessions: Collection[str] = ()
    ) -> int:
        """Delete a customer; offers and redemptions stay under an alias. Return the rows changed."""
        opened = set(open_sessions)
        sessions = await self.sessions_of(customer) | opened
        orders = {("order", order) for order in self._orders_of(customer, sessions)}
        contacts = self._contacts_of(customer)
        about = [*self._by_subject.get(("customer", customer), {})]
        for contact in contacts:
            about += self._unnamed(contact)
        cases = {name for name in about if name[0] == "case"}
        orders |= {name for name in about if name[0] == "order"}
        touched = self._erase_facts(customer, alias, sessions)
        touched += self._contacts.pop(customer, None) is not None
        gone = sessions - opened
        for session in gone:
            touched += self._delete_session(session)
        for session, saved in self._sessions.items():
            if saved.customer == customer:
                self._sessions[session] = structs.replace(saved, customer=None)
                touched += 1
        kept = [entry for entry in self._entries if entry.session not in sessions]
        touched += len(self._entries) - len(kept)
        self._entries = kept
        for key, one in self._offers.items():
            if one.customer == customer or (one.customer is None and one.session in gone):
                named = alias if one.customer else None
                session = one.session if one.session in opened else alias
                self._offers[key] = structs.replace(one, session=session, customer=named)
                touched += 1
        touched += self._actions.erase(customer, alias) + self._delete_exposures(gone)
        digest = self._bury("customer", customer, alias, at)
        self._delete_exposures({digest})
        hidden: dict[Subject, Subject] = {("customer", customer): ("customer", digest)}
        hidden |= {("session", session): ("session", alias) for session in gone}
        hidden |= {named: (named[0], self._digest(*named)) for named in (*orders, *cases)}
        buried = [(CONTACT, self._bury(CONTACT, contact, alias, at)) for contact in contacts]
        hidden |= dict(zip(((CONTACT, contact) for contact in contacts), buried, strict=True))
        self._announce_erasure(hidden, (("customer", digest), *buried), alias, at)
        return touched

    def _orders_of(self, customer: str, sessions: set[str]) -> set[str]:
        facts = self._by_subject.get(("customer", customer), {})
        return {
            *(key for kind, key in facts if kind == "order"),
            *(
                row.order
                for row in self._redemptions.values()
                if self._offers[row.offer].customer == customer
                or (
                    self._offers[row.offer].customer is None
                    and self._offers[row.offer].session in sessions
                )
            ),
        }

    async def export_customer(self, customer: str) -> AsyncGenerator[tuple[str, object], None]:
        """Yield everything stored about a customer as plain data."""
        for part, rows in self._export(customer).items():
            for row in rows:
                yield part, row

    def _export(self, customer: str) -> dict[str, list[Any]]:
        offers = {key for key, one in self._offers.items() if one.customer == customer}
        contact = self._contacts.get(customer)
        sessions = {
            *(saved.session for saved in self._sessions.values() if saved.customer == customer),
            *(entry.session for entry in self._entries if entry.customer == customer),
            *(self._offers[key].session for key in offers),
        }
        return {
            "facts": self._facts_of(customer),
            "contact": [as_plain_data(contact.body)] if contact else [],
            "acts": [_plain(one) for one in self._actions.of_customer(customer)],
            "sessions": [
                session_data(saved.state)
                for saved in self._sessions.values()
                if saved.customer == customer
            ],
            "offers": [
                offer_data(msgspec.json.encode(self._offers[key])) for key in sorted(offers)
            ],
            "exposures": [
                structs.asdict(one)
                for one in self._exposures_of({self._digest("customer", customer), *sessions})
            ],
            "redemptions": [
                _plain(row) for row in self._redemptions.values() if row.offer in offers
            ],
            "decisions": [
                {"at": e.at, "session": e.session, "signal": as_plain_data(e.signal)}
                for e in self._entries
                if e.customer == customer
            ],
            "deliveries": self._exported_deliveries(
                [
                    ("customer", customer),
                    *((CONTACT, contact) for contact in self._contacts_of(customer)),
                    *(
                        name
                        for name in self._by_subject.get(("customer", customer), {})
                        if name[0] == "order"
                    ),
                ]
            ),
        }

    async def prune(self, *, before: int, money_before: int = 0, report_before: int = 0) -> int:
        """Delete superseded facts, turns, idle sessions and ended offers older than an instant."""
        dropped = self._prune_facts(before)
        entries = [entry for entry in self._entries if entry.at >= before]
        standing = {offer.session for offer in self._offers.values() if offer.reserving}
        sessions = {
            key: saved
            for key, saved in self._sessions.items()
            if saved.seen_at >= before or key in standing
        }
        dropped += len(self._entries) - len(entries) + len(self._sessions) - len(sessions)
        self._entries, self._sessions = entries, sessions
        dropped += self._prune_ended(before)
        dropped += self._actions.prune(before)
        dropped += self._prune_alerts(before) + self._prune_exposures(report_before)
        return (
            dropped + self._prune_offers(before, min(before, money_before)) + self._prune_contacts()
        )

    def _prune_offers(self, before: int, money_before: int) -> int:
        """Delete offers that ended; a redeemed one stays until `money_before` without its customer."""
        ended: dict[str, int] = {}
        for step in self._steps:
            ended[step.offer] = max(step.at, ended.get(step.offer, 0))
        money = {row.offer for row in self._redemptions.values()}
        due = {
            key
            for key, one in self._offers.items()
            if not one.reserving and one.issued_at < before and ended.get(key, 0) < before
        }
        gone = {key for key in due if key not in money or ended.get(key, 0) < money_before}
        cut = {key for key in due - gone if not self._offers[key].session.startswith("pruned-")}
        for key in cut:
            alias = f"pruned-{secrets.token_urlsafe(16)}"
            self._cut_off(key, alias)
        self._pruned_offers += [self._offers.pop(key) for key in sorted(gone)]
        self._drop_steps(gone)
        self._forget_code_of(gone)
        for used in [used for used in self._redemptions if used[0] in gone]:
            self._pruned_redemptions.append(self._redemptions.pop(used))
        orders = {order for _, order, _ in self._redemptions}
        self._order_aliases = {
            alias: order
            for alias, order in self._order_aliases.items()
            if not orders.isdisjoint({alias, order})
        }
        self._refunds = {pair: row for pair, row in self._refunds.items() if pair[0] in orders}
        return len(gone) + len(cut)

    def _cut_off(self, key: str, alias: str) -> None:
        one = self._offers[key]
        customer = alias if one.customer else None
        self._offers[key] = structs.replace(one, session=alias, customer=customer)

    def _prune_contacts(self) -> int:
        """Delete the contact histories of customers of whom nothing else is left."""
        known = {saved.customer for saved in self._sessions.values()}
        known |= {entry.customer for entry in self._entries}
        known |= {one.customer for one in self._offers.values()}
        idle = self._contacts.keys() - known
        for customer in idle:
            del self._contacts[customer]
        return len(idle)


def _plain(kept: msgspec.Struct) -> object:
    return as_plain_data(msgspec.json.encode(kept))
