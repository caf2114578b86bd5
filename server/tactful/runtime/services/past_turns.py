"""The recorded turns of one session: as they were recorded, or decided again."""

from collections.abc import Iterable, Sequence

from msgspec import Struct, structs

from tactful.core.context import Context
from tactful.core.decide import decide
from tactful.core.evidence import Evidence, lost_rules, steps_of_offer
from tactful.core.offers.offer import Offer
from tactful.core.rules.rule import Rulebook
from tactful.core.session import items_in_play
from tactful.core.session.contact_history import ContactHistory
from tactful.core.session.session import Session
from tactful.core.session.signals import Signal
from tactful.core.verdicts.verdict import Verdict
from tactful.runtime.ports.ledger_rows import AuditRow, TurnEntry
from tactful.runtime.turn_log.log_encoding import (
    DecisionInputs,
    decode_inputs,
    decode_signal,
    decode_trace,
    readable_customer,
)
from tactful.runtime.turn_log.recorded_context import RecordedFacts, recorded_context

FIRST_ENGINE = "0.1.0"
"""The name of the engine that recorded none: the release."""


class RecordedVerdict(Struct, frozen=True):
    """What a recorded turn said about one rule for one item."""

    verdict: Verdict
    at: int
    """The instant of the turn, milliseconds since the Unix epoch, UTC."""
    trace: tuple[Verdict, ...]
    """All verdicts of that turn."""


def recorded_verdicts(entries: Iterable[TurnEntry], sku: str) -> list[RecordedVerdict]:
    """Return the last verdict of each rule on an item, in rule id order.

    Args:
        entries: The turns of one session, oldest first.
        sku: The SKU of the item.
    """
    found: dict[str, RecordedVerdict] = {}
    for entry in entries:
        trace = decode_trace(entry.trace).verdicts if entry.trace else ()
        mine = (RecordedVerdict(one, entry.at, trace) for one in trace if one.sku == sku)
        found |= {one.verdict.rule: one for one in mine}
    return [found[rule] for rule in sorted(found)]


def offers_at(steps: Iterable[AuditRow], at: int) -> tuple[Offer, ...]:
    """Return the offers of a session in their states just before an instant, newest first.

    Args:
        steps: The lifecycle steps of the session's offers, newest first.
        at: Milliseconds since the Unix epoch, UTC.
    """
    last: dict[str, Offer] = {}
    for row in steps:
        if row.step.at < at and row.offer.id not in last:
            last[row.offer.id] = structs.replace(row.offer, state=row.step.to)
    return tuple(last.values())


def offer_of(verdict: Verdict, offers: Iterable[Offer]) -> Offer | None:
    """Return the newest offer of a verdict's rule and item; `offers` are the newest first."""
    return next((one for one in offers if (one.rule, one.sku) == (verdict.rule, verdict.sku)), None)


def as_of(verdict: Verdict, offers: Iterable[Offer]) -> Verdict:
    """Return a recorded verdict, as `standing` where its rule's offer stands.

    Args:
        verdict: The last verdict on the rule and item.
        offers: What `offers_at` returns.
    """
    offer = offer_of(verdict, offers)
    if offer and offer.standing:
        return Verdict(verdict.rule, verdict.sku, "standing", (), offer.notes)
    return verdict


def recorded_evidence(offer: Offer, trace: Iterable[Verdict], engine: str) -> Evidence:
    """Return what is recorded of the reasons for an offer, without computing anything again.

    Args:
        offer: The offer.
        trace: The verdicts of the turn that made or ended it.
        engine: What `DecisionInputs.engine` names.
    """
    return Evidence(
        currency=offer.currency,
        price=steps_of_offer(offer, None, None),
        lost=lost_rules((one.rule, one.reason) for one in trace),
        recorded_by=engine or FIRST_ENGINE,
    )


class PastTurns:
    """The turns of one session, starting with the last turn that was recorded in full."""

    def __init__(
        self,
        facts: RecordedFacts,
        inputs: DecisionInputs,
        state: Session,
        seed: str,
    ) -> None:
        """`inputs` and `state` are those of the full record.

        Its balances and feeds are used for every later turn too.
        """
        self._facts = facts
        self._inputs = inputs
        self._state = state
        self._seed = seed
        self._contacts: dict[str, ContactHistory] = {}

    async def repeat(self, entry: TurnEntry, rulebook: Rulebook) -> None:
        """Decide one recorded turn again, with the rulebook that was active then.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        signal, own = decode_signal(entry.signal), decode_inputs(entry.inputs)
        customer = readable_customer(self._state, signal)
        if customer is not None and own.contact is not None:
            self._contacts[customer] = own.contact
        inputs = structs.replace(self._inputs, commits_suspended=own.commits_suspended)
        decision = decide(await self.context(inputs, rulebook, entry.at, signal))
        self._state = decision.session
        if decision.contact is not None and decision.session.customer is not None:
            self._contacts[decision.session.customer] = decision.contact

    async def context(
        self,
        inputs: DecisionInputs,
        rulebook: Rulebook,
        at: int,
        signal: Signal,
        sku: str | None = None,
    ) -> Context:
        """Return what a turn at an instant could read, with `sku` among its items.

        Args:
            inputs: The recorded inputs.
            rulebook: The rulebook that was active at that instant.
            at: Milliseconds since the Unix epoch, UTC.
            signal: The signal of the turn.
            sku: A further item; None: only those that the turn needs.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        skus = {*items_in_play.required_skus(self._state, signal), *((sku,) if sku else ())}
        return recorded_context(
            inputs,
            now=at,
            session=self._state,
            signal=signal,
            rulebook=rulebook,
            items={one: await self._facts.item_at(one, at) for one in sorted(skus)},
            profile=await self._facts.profile(
                self._state, signal, rulebook, self._contacts, upto=None, at=at
            ),
            seed=self._seed,
        )


def last_full(entries: Sequence[TurnEntry]) -> tuple[int, DecisionInputs, Session] | None:
    """Return the last turn that was recorded in full: its place, its inputs and its session."""
    for place in reversed(range(len(entries))):
        inputs = decode_inputs(entries[place].inputs)
        if inputs.session:
            return place, inputs, inputs.session
    return None
