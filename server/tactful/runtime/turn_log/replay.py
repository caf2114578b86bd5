"""Does the recorded log, decided again, give every decision that was made, to the byte?"""

from collections.abc import Iterable
from typing import Final, Literal, cast, get_args

import msgspec
from msgspec import Struct, structs

from tactful.core.compliance.reduction_history import ReductionHistory
from tactful.core.context import Context
from tactful.core.customer.profile import Profile
from tactful.core.decide import decide
from tactful.core.decision import Decision
from tactful.core.facts.fact_types import FeedName
from tactful.core.offers.offer import Offer, OfferStep
from tactful.core.pricing.conversion_rates import ConversionRates
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import Rulebook
from tactful.core.session.contact_history import NO_CONTACT, ContactHistory
from tactful.core.session.session import Session
from tactful.core.session.signals import OfferRedeemed, RedemptionRolledBack, Signal
from tactful.runtime.ports.ledger import Ledger
from tactful.runtime.ports.ledger_rows import TurnEntry
from tactful.runtime.turn_log.log_encoding import (
    NO_INPUTS,
    DecisionInputs,
    by_territory,
    decode_inputs,
    decode_signal,
    encode_trace,
    readable_customer,
)
from tactful.runtime.turn_log.log_reader import LogReader, read_turns

FEED_NAMES: Final[tuple[FeedName, ...]] = get_args(FeedName)
MAX_STEPS_COMPARED: Final = 1_000_000
"""Steps of one session that are compared."""


class ReplayDifference(Struct, frozen=True):
    """Where a decision did not come out as it was recorded; both sides as text."""

    session: str
    at: int
    what: Literal["trace", "session", "steps", "offer"]
    recorded: str
    replayed: str


class ReplayResult(Struct, frozen=True):
    """What a replay came to.

    `unknown`: turns of sessions whose beginning is not in the window any more; `lost`: turns under a
    rulebook that is not kept, or that the shop's configuration makes something else of by now.
    """

    turns: int
    decisions: int
    sessions: int
    unknown: int
    lost: int
    differences: tuple[ReplayDifference, ...]


class _ReplayedSession(Struct):
    """What came of one session."""

    state: Session
    began: int
    """The lowest sequence number at which the replay took it up: a clock may have been set back."""
    last: int = 0
    """The highest that it came to."""
    steps: list[OfferStep] = []
    desk: set[tuple[str, int]] = set()
    """(offer, sequence number) of what a checkout did, which no turn decides."""
    offers: dict[str, Offer] = {}


class Replay:
    """Decides the turns of one window again."""

    def __init__(self, ledger: Ledger, policy: Policy, seed: str) -> None:
        self._ledger = ledger
        self._recorded = LogReader(ledger, policy)
        self._seed = seed
        self._sessions: dict[str, _ReplayedSession] = {}
        self._contacts: dict[str, ContactHistory] = {}
        self._differences: list[ReplayDifference] = []
        self._counts = {"turns": 0, "decisions": 0, "unknown": 0, "lost": 0}

    async def run(self, since: int, until: int) -> ReplayResult:
        """Replay [since, until) and compare."""
        async for entry in read_turns(self._ledger, since, until):
            self._counts[await self._again(entry)] += 1
        for session, found in self._sessions.items():
            await self._compare_steps(session, found)
        done = dict(self._counts)
        done["turns"] += done["decisions"]
        return ReplayResult(
            **done, sessions=len(self._sessions), differences=tuple(self._differences)
        )

    async def _again(self, entry: TurnEntry) -> str:
        inputs = decode_inputs(entry.inputs) if entry.inputs else NO_INPUTS
        found = self._taken_up(entry, inputs)
        if found is None:
            return "unknown"
        rulebook = await self._recorded.rulebook(entry.rulebook)
        if rulebook is None:
            del self._sessions[entry.session]  # what it became under those rules nobody knows
            return "lost"
        signal = decode_signal(entry.signal)
        context = await self._context(entry, inputs, found.state, signal, rulebook)
        decision = decide(context)
        self._keep(found, signal, decision)
        self._compare_trace(entry, decision)
        return "decisions" if entry.trace else "turns"

    def _taken_up(self, entry: TurnEntry, inputs: DecisionInputs) -> _ReplayedSession | None:
        """A session as the turns before left it, which is how it was recorded."""
        found = self._sessions.get(entry.session)
        recorded = inputs.session
        if recorded is None:
            return found
        if found is None:
            found = self._sessions[entry.session] = _ReplayedSession(recorded, recorded.seq)
        elif found.state != recorded and not inputs.begins_here:
            self._differ(entry, "session", repr(recorded), repr(found.state))
        found.state = recorded
        found.began = min(found.began, recorded.seq)
        return found

    async def _context(
        self,
        entry: TurnEntry,
        inputs: DecisionInputs,
        state: Session,
        signal: Signal,
        rulebook: Rulebook,
    ) -> Context:
        """What a turn could read. Where no rule spoke, that nothing stood in the way will do."""
        whole = inputs.session is not None
        heard = cast("dict[FeedName, int]", inputs.feed_heartbeats)
        return Context(
            now=entry.at,
            session=state,
            signal=signal,
            rulebook=structs.replace(rulebook, paused=inputs.paused),
            items=await self._recorded.items(inputs.items),
            profile=await self._profile(inputs, state, signal, rulebook),
            balances={(campaign, unit): kept for campaign, unit, kept in inputs.balances},
            committed={(sku, place): count for sku, place, count in inputs.committed},
            ahead=inputs.ahead,
            feed_heartbeats=heard if whole else dict.fromkeys(FEED_NAMES, entry.at),
            rates=ConversionRates(by_territory(inputs.rates)),
            reductions=ReductionHistory(
                by_territory(inputs.first_applied), by_territory(inputs.daily_counts)
            ),
            commits_suspended=inputs.commits_suspended,
            seed=self._seed,
        )

    async def _profile(
        self, inputs: DecisionInputs, state: Session, signal: Signal, rulebook: Rulebook
    ) -> Profile | None:
        customer = readable_customer(state, signal)
        if customer is None:
            return None
        if inputs.contact is not None:
            self._contacts[customer] = inputs.contact
        contact = self._contacts.get(customer, NO_CONTACT)
        return await self._recorded.customer(customer, inputs.customer_upto or 0, contact, rulebook)

    def _keep(self, found: _ReplayedSession, signal: Signal, decision: Decision) -> None:
        found.state = decision.session
        found.last = max(found.last, decision.session.seq)
        if decision.contact is not None and decision.session.customer:
            self._contacts[decision.session.customer] = decision.contact
        found.steps = [*found.steps, *decision.steps]
        found.offers = found.offers | {offer.id: offer for offer in decision.offers}
        if isinstance(signal, OfferRedeemed | RedemptionRolledBack):
            found.desk = found.desk | {(signal.offer.id, signal.offer.seq)}

    # comparing

    def _differ(
        self,
        entry: TurnEntry,
        what: Literal["trace", "session", "steps", "offer"],
        recorded: str,
        replayed: str,
    ) -> None:
        self._differences.append(
            ReplayDifference(entry.session, entry.at, what, recorded, replayed)
        )

    def _compare_trace(self, entry: TurnEntry, decision: Decision) -> None:
        trace = encode_trace(decision.trace) if decision.trace.verdicts else None
        if trace != entry.trace:
            self._differ(entry, "trace", _text(entry.trace), _text(trace))

    async def _compare_steps(self, session: str, found: _ReplayedSession) -> None:
        rows = await self._ledger.offer_steps(session=session, limit=MAX_STEPS_COMPARED)
        recorded = [
            row.step
            for row in reversed(rows)
            if found.began < row.step.seq <= found.last
            and (row.step.offer, row.step.seq) not in found.desk
        ]
        for step in _unmatched(recorded, found.steps):
            sides = [str(step) if step in side else "nothing" for side in (recorded, found.steps)]
            self._differences.append(ReplayDifference(session, step.at, "steps", *sides))
        for offer in {row.offer.id: row.offer for row in rows}.values():
            mine = found.offers.get(offer.id)
            if (
                mine
                and mine.seq == offer.seq
                and _comparable_bytes(mine) != _comparable_bytes(offer)
            ):
                self._differences.append(
                    ReplayDifference(session, offer.issued_at, "offer", str(offer), str(mine))
                )


def _unmatched(some: Iterable[OfferStep], others: Iterable[OfferStep]) -> list[OfferStep]:
    return sorted({*some} ^ {*others}, key=lambda step: (step.seq, step.offer))


def _text(trace: bytes | None) -> str:
    return "nothing" if trace is None else str(msgspec.msgpack.decode(trace))


def _comparable_bytes(offer: Offer) -> bytes:
    """An offer as it is kept, but for what is learnt of it later."""
    return msgspec.json.encode(structs.replace(offer, bought=False))
