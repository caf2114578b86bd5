"""Turns, offers and budgets in plain dictionaries."""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext

from msgspec import structs

from tactful.core.compliance.prior_price import WINDOW
from tactful.core.compliance.reduction_history import ANY_RULE
from tactful.core.offers.budget import COUNT
from tactful.core.offers.offer import UNSHOWN, Offer, OfferState, OfferStep
from tactful.core.pricing.conversion_rates import EMPTY_TALLY, NO_OFFER, Tally
from tactful.core.redemption.redemption_rows import (
    BalanceKey,
    BudgetRow,
    RedemptionRow,
    RefundRow,
)
from tactful.runtime.ports.ledger_rows import (
    Commit,
    CommitRefusal,
    NumberedStep,
    OutcomeRow,
    ReductionRow,
    RuleStepRow,
    SavedContact,
    SavedSession,
    ShadowRow,
    TallyRow,
    TurnEntry,
)
from tactful.stores.memory.kept_codes import MemoryCodes
from tactful.stores.memory.kept_exposures import MemoryExposures
from tactful.stores.memory.shadow_offers import made_in_shadow, sum_shadow_offers
from tactful.stores.shared.balance_moves import apply_moves, balance_key
from tactful.stores.shared.commit_check import (
    Shelf,
    refuse_commit,
    refuse_moved_session,
    units_growth,
)
from tactful.stores.shared.contact_merge import next_contact
from tactful.stores.shared.erased_ids import without_erased_ids


class MemoryTurns(MemoryCodes, MemoryExposures):
    """The part of `MemoryLedger` for turns and offers.

    It has the roles `TurnStore`, `OfferStore` and `OfferStatistics`. No call awaits anything, so each
    is a transaction of its own.
    """

    def __init__(self) -> None:
        super().__init__()
        self._sessions: dict[str, SavedSession] = {}
        self._ended: dict[str, tuple[int, int]] = {}
        """Deleted session that was claimed → (its epoch, when it was last active)."""
        self._contacts: dict[str, SavedContact] = {}
        self._promised: dict[Shelf, int] = {}
        self._tallies: dict[tuple[int, str, str, str, str], int] = {}
        self._fenced = 0
        self._offers: dict[str, Offer] = {}
        self._steps: list[OfferStep] = []
        self._step_numbers: list[int] = []
        """The number of each of `_steps`."""
        self._newest_step = 0
        # Offers and steps past their retention, for the statistics only.
        self._pruned_offers: list[Offer] = []
        self._pruned_steps: list[OfferStep] = []
        self._pruned_redemptions: list[RedemptionRow] = []
        self._balances: dict[BalanceKey, BudgetRow] = {}
        self._redemptions: dict[tuple[str, str, int], RedemptionRow] = {}
        self._numbers: dict[tuple[str, str, int], int] = {}
        """(offer, order, attempt) → the place of the redemption in the order of storing."""
        self._order_aliases: dict[str, str] = {}
        """Another id of an order → its first id."""
        self._refunds: dict[tuple[str, str], RefundRow] = {}
        self._entries: list[TurnEntry] = []

    # turns
    async def commit(self, commit: Commit) -> CommitRefusal | None:
        """Write a turn, or return why it was refused; then nothing is written."""
        commit = without_erased_ids(commit, self._alias_of)
        for ended in self._ended_meanwhile(commit):
            return CommitRefusal("offer.ended", offer=ended)
        refused = refuse_commit(
            self, commit, self._growth(commit.offers)
        ) or self._refuse_taken_codes(commit.offers, self._offers)
        if refused:
            return refused
        balances = dict(self._balances)
        refused = apply_moves(balances, commit.moves)
        if refused:
            return refused
        self._balances = balances
        self._write(commit, commit.offers, commit.steps)
        self._write_contacts(commit)
        return None

    def record(self, commit: Commit) -> None:
        """Write a turn that promises nothing. An offer that ended meanwhile keeps its end.

        Of a session that another process has claimed, nothing is written but contact histories.
        """
        commit = without_erased_ids(commit, self._alias_of)
        self._write_contacts(commit)
        if refuse_moved_session(self, commit):
            self._fenced += 1
            return
        ended = set(self._ended_meanwhile(commit))
        apply_moves(
            self._balances, [change for change in commit.moves if change.offer not in ended]
        )
        self._write(
            commit,
            [offer for offer in commit.offers if offer.id not in ended],
            [step for step in commit.steps if step.offer not in ended],
        )

    def deferred_writes(self) -> AbstractContextManager[None]:
        """Return a context manager that does nothing: records are written at once."""
        return nullcontext()

    async def wait_for_promises(self) -> None:
        """Let other tasks run: a promise is written at once."""
        await asyncio.sleep(0)

    async def flush(self) -> None:
        """Do nothing: records are written at once."""

    # the view that commits are checked against
    def epoch_of(self, session: str) -> int:
        """Return the epoch of a session, or that of its deletion; 0: neither is stored."""
        known = self._sessions.get(session)
        return known.epoch if known else self._ended.get(session, (0, 0))[0]

    def _delete_session(self, session: str) -> int:
        """Delete a session; return 1, or 0 if it is not stored. The epoch of a claimed one stays."""
        saved = self._sessions.pop(session, None)
        if saved and saved.epoch > 1:
            self._ended[session] = saved.epoch, saved.seen_at
        return int(saved is not None)

    def _prune_ended(self, before: int) -> int:
        gone = [session for session, (_, at) in self._ended.items() if at < before]
        for session in gone:
            del self._ended[session]
        return len(gone)

    def contact_revision(self, customer: str) -> int:
        """Return the revision of a customer's contact history; 0: none is stored."""
        known = self._contacts.get(customer)
        return known.revision if known else 0

    def promised_units(self, shelf: Shelf) -> int:
        """Return the units that standing offers promise."""
        return self._promised.get(shelf, 0)

    def _growth(self, offers: Iterable[Offer]) -> dict[Shelf, int]:
        offers = tuple(offers)
        known = (self._offers.get(offer.id) for offer in offers)
        return units_growth(offers, {one.id: one.reserved_units for one in known if one})

    def _put_offers(self, offers: Iterable[Offer]) -> None:
        offers = tuple(offers)
        for shelf, more in self._growth(offers).items():
            self._promised[shelf] = self._promised.get(shelf, 0) + more
        self._offers.update((offer.id, offer) for offer in offers)
        self._follow_offers(offers)

    def _write_contacts(self, commit: Commit) -> None:
        for customer, write in commit.contacts.items():
            self._contacts[customer] = next_contact(self._contacts.get(customer), write)

    def _ended_meanwhile(self, commit: Commit) -> Iterable[str]:
        for offer in commit.offers:
            known = self._offers.get(offer.id)
            if known and not known.standing:
                yield offer.id

    def _write(self, commit: Commit, offers: Iterable[Offer], steps: Iterable[OfferStep]) -> None:
        if commit.session and commit.state is not None:
            known = self._sessions.get(commit.session)
            self._sessions[commit.session] = SavedSession(
                commit.session,
                commit.customer,
                commit.state,
                commit.resume if commit.resume is not None else known.resume if known else b"",
                commit.wake_at,
                commit.seen_at,
                known.epoch if known else max(commit.epoch, self.epoch_of(commit.session), 1),
                commit.taken if commit.taken is not None else known.taken if known else None,
            )
        for row in commit.tallies:
            key = row.hour, row.what, row.product, row.territory, row.name
            self._tallies[key] = self._tallies.get(key, 0) + row.count
        self._put_offers(offers)
        self._add_steps(steps)
        self._put_exposures(commit.exposures)
        if commit.entry:
            self._entries.append(commit.entry)

    def _add_steps(self, steps: Iterable[OfferStep]) -> None:
        for step in steps:
            self._newest_step += 1
            self._steps.append(step)
            self._step_numbers.append(self._newest_step)

    def _drop_steps(self, offers: Collection[str]) -> None:
        """Keep the steps of pruned offers for the sums only."""
        pairs = list(zip(self._steps, self._step_numbers, strict=True))
        self._pruned_steps += [step for step, _ in pairs if step.offer in offers]
        kept = [pair for pair in pairs if pair[0].offer not in offers]
        self._steps = [step for step, _ in kept]
        self._step_numbers = [number for _, number in kept]

    async def steps_after(self, number: int, limit: int) -> list[NumberedStep]:
        """Return the lifecycle steps after a number, in order."""
        found: list[NumberedStep] = []
        states: dict[str, OfferState] = {}
        for place, step in zip(self._step_numbers, self._steps, strict=True):
            if place > number:
                offer = self._offers[step.offer]
                found.append(NumberedStep(place, step, states.get(step.offer), offer))
            states[step.offer] = step.to
        return found[:limit]

    async def newest_step(self) -> int:
        """Return the number of the newest lifecycle step."""
        return self._newest_step

    # offers
    async def offer(self, offer: str) -> Offer | None:
        """Return one offer in its present state."""
        return self._offers.get(offer)

    async def standing_offers(self) -> list[Offer]:
        """Return all standing and held offers, in order of their ids."""
        return [offer for _, offer in sorted(self._offers.items()) if offer.reserving]

    async def standing_offers_of(self, skus: Sequence[str]) -> list[Offer]:
        """Return the standing and held offers of some SKUs, in order of their ids."""
        return [offer for offer in await self.standing_offers() if offer.sku in skus]

    async def balances(self) -> list[BudgetRow]:
        """Return all balances, by campaign, period and currency."""
        return [row for _, row in sorted(self._balances.items())]

    async def reconcile(self) -> list[str]:
        """Compare every balance and stock commitment with the sum of its rows."""
        units: Counter[Shelf] = Counter()
        for one in self._offers.values():
            units[one.sku, one.territory] += one.reserved_units
        wrong = [
            f"{row.campaign} {row.period} {row.currency} does not add up"
            for row in self._balances.values()
            if (row.reserved, row.settled) != self._sums(row)
        ]
        wrong += [
            f"the units promised of {' '.join(shelf)} do not add up"
            for shelf in sorted({*units, *self._promised})
            if units[shelf] != self._promised.get(shelf, 0)
        ]
        return wrong + self._wrong_codes(self._offers.values())

    async def stock_commitments(self, skus: Sequence[str]) -> dict[tuple[str, str], int]:
        """Return (SKU, territory) → the units that standing and held offers promise, without zeros."""
        return {
            shelf: units
            for shelf, units in sorted(self._promised.items())
            if units and shelf[0] in skus
        }

    def _sums(self, row: BudgetRow) -> tuple[int, int]:
        counted = row.currency == COUNT
        offers = {
            one.id: one
            for one in (*self._pruned_offers, *self._offers.values())
            if (one.campaign, one.period) == balance_key(row)[:2]
            and (counted or one.currency == row.currency)
        }
        used = [
            found
            for found in (*self._pruned_redemptions, *self._redemptions.values())
            if found.offer in offers and found.status == "redeemed"
        ]
        return (
            sum(1 if counted else one.hold for one in offers.values() if one.reserving),
            sum(1 if counted else found.saved for found in used),
        )

    # statistics
    async def tally_sums(self, since: int, what: str | None = None) -> list[TallyRow]:
        """Return the counts of an hour and of all later ones."""
        return [
            TallyRow(*key, count)
            for key, count in sorted(self._tallies.items())
            if key[0] >= since and what in {None, key[1]}
        ]

    async def prune_tallies(self, before: int, what: str) -> int:
        """Delete the counts of all hours before one; return how many."""
        old = [key for key in self._tallies if key[0] < before and key[1] == what]
        for key in old:
            del self._tallies[key]
        return len(old)

    async def outcomes(self) -> list[OutcomeRow]:
        """Return how many offers, and how many held-out offers, led to a purchase."""
        steps = (*self._pruned_steps, *self._steps)
        seen = {step.offer for step in steps if step.to is OfferState.SHOWN}
        found: dict[tuple[str, str, str], Tally] = {}
        for offer in (*self._pruned_offers, *self._offers.values()):
            silent = offer.state is OfferState.HELD_OUT
            if silent or offer.id in seen:
                key = offer.product, offer.territory, NO_OFFER if silent else offer.rule
                won = offer.bought if silent else offer.state is OfferState.REDEEMED
                found[key] = found.get(key, EMPTY_TALLY).plus(1, int(won))
        return [
            OutcomeRow(rule, product, territory, tally.tried, tally.bought)
            for (product, territory, rule), tally in sorted(found.items(), key=lambda one: one[0])
        ]

    async def reductions(self, since: int) -> list[ReductionRow]:
        """Return the reductions that were offered at or after an instant."""
        found: dict[tuple[str, str, str], ReductionRow] = {}
        offers = (*self._pruned_offers, *self._offers.values())
        for offer in sorted(offers, key=lambda offer: offer.issued_at):
            if offer.state in UNSHOWN or not offer.reduces_price:
                continue
            at, key = offer.issued_at, (offer.rule, offer.sku, offer.territory)
            found[key] = ReductionRow(*key, offer.since, at)
            key = ANY_RULE, offer.sku, offer.territory
            known = found.get(key)
            begun = known.since if known and at - known.last <= WINDOW else at
            found[key] = ReductionRow(*key, begun, at)
        return [row for _, row in sorted(found.items()) if row.last >= since]

    async def rule_steps(self) -> list[RuleStepRow]:
        """Return how many lifecycle steps the offers of each rule took, in a stable order."""
        found: Counter[tuple[str, str, str, str | None]] = Counter()
        offers = {offer.id: offer for offer in self._pruned_offers} | self._offers
        for step in (*self._pruned_steps, *self._steps):
            offer = offers[step.offer]
            found[offer.rule, offer.rule_digest, step.to.value, step.reason] += 1
        rows = sorted(found.items(), key=lambda one: (*one[0][:3], one[0][3] or ""))
        return [RuleStepRow(*key[:2], OfferState(key[2]), key[3], count) for key, count in rows]

    async def held_out(self, since: int) -> list[Offer]:
        """Return the offers that were held out at or after an instant, oldest first."""
        found = (offer for offer in self._offers.values() if offer.state is OfferState.HELD_OUT)
        recent = [offer for offer in found if offer.issued_at >= since]
        return sorted(recent, key=lambda offer: (offer.issued_at, offer.id))

    async def shadow_sums(self, since: int, until: int) -> list[ShadowRow]:
        """Return what rules in shadow mode would have offered in [`since`, `until`)."""
        return sum_shadow_offers(made_in_shadow(self._offers.values(), since, until))

    async def shadow_offers(self, rule: str, since: int, until: int, limit: int) -> list[Offer]:
        """Return the offers that a rule in shadow mode would have made, the newest first."""
        made = made_in_shadow(self._offers.values(), since, until)
        return [one for one in made if one.rule == rule][:limit]

    async def mark_bought(self, offers: Sequence[str], *, bought: bool) -> None:
        """Store whether the products of held-out offers were bought without the offer."""
        for key in offers:
            if key in self._offers:
                self._offers[key] = structs.replace(self._offers[key], bought=bought)
