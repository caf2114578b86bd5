"""Replay: turns decided again must give the recorded decisions byte for byte.

Replay proves that the log holds everything a decision reads. That is promised within one version of
the engine: turns of an older one are decided again, and differences are not reported. It reads the
ledger and changes nothing.
"""

from collections.abc import Iterable
from typing import Final, Literal, Protocol

import msgspec
from msgspec import Struct, structs

from tactful.core.context import Context
from tactful.core.decide import ENGINE, decide
from tactful.core.decision import Decision
from tactful.core.offers.offer import Offer, OfferStep
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import Rulebook
from tactful.core.session.contact_history import ContactHistory
from tactful.core.session.session import Session
from tactful.core.session.signals import OfferRedeemed, RedemptionRolledBack, Signal
from tactful.runtime.ports.fact_store import FactStore
from tactful.runtime.ports.ledger_rows import TurnEntry
from tactful.runtime.ports.offer_store import OfferStore
from tactful.runtime.ports.rulebook_store import RulebookStore
from tactful.runtime.ports.turn_store import TurnStore
from tactful.runtime.turn_log.log_encoding import (
    DecisionInputs,
    decode_inputs,
    decode_signal,
    encode_trace,
    readable_customer,
)
from tactful.runtime.turn_log.log_reader import RecordedRulebooks, read_turns
from tactful.runtime.turn_log.recorded_context import RecordedFacts, recorded_context

MAX_STEPS_COMPARED: Final = 1_000_000
"""Steps of one session that are compared."""

Aspect = Literal["trace", "session", "steps", "offer"]


class ReplayLedger(FactStore, TurnStore, OfferStore, RulebookStore, Protocol):
    """The roles of the ledger that a replay reads."""


class ReplayDifference(Struct, frozen=True):
    """A decision that differs from its record, with both sides as text."""

    session: str
    at: int
    """When the turn happened, milliseconds since the Unix epoch, UTC."""
    what: Aspect
    """The aspect that differs."""
    recorded: str
    replayed: str


class ReplayResult(Struct, frozen=True):
    """The outcome of a replay."""

    turns: int
    """Turns that were decided again."""
    decisions: int
    """Those of them that have a recorded trace."""
    sessions: int
    unknown: int
    """Turns of sessions that began before the window, whose state is therefore not known."""
    lost: int
    """Turns under a rulebook that is not stored, or whose meaning the configuration has changed."""
    differences: tuple[ReplayDifference, ...]


class _ReplayedSession(Struct):
    """The state of one session in the replay."""

    state: Session
    first_seq: int
    """The lowest sequence number at which a full record was found. A minimum, because a clock that
    was set back puts entries out of order."""
    last_seq: int = 0
    """The highest sequence number that the replay reached."""
    older: bool = False
    """Whether an older engine decided some of its turns, so that differences prove nothing."""
    steps: list[OfferStep] = []
    checkout_steps: set[tuple[str, int]] = set()
    """(offer, sequence number) of steps by redemptions, which no turn decides."""
    offers: dict[str, Offer] = {}


class Replay:
    """Decides the turns of one window again and compares the decisions with the log."""

    def __init__(self, ledger: ReplayLedger, policy: Policy, seed: str) -> None:
        """Prepare a replay.

        Args:
            ledger: The log, and the facts, offers and rulebooks of that time.
            policy: The shop's configured policy, which is part of what a rulebook means.
            seed: The shop's seed for hold-outs.
        """
        self._ledger = ledger
        self._facts = RecordedFacts(ledger)
        self._rulebooks = RecordedRulebooks(ledger, policy)
        self._seed = seed
        self._sessions: dict[str, _ReplayedSession] = {}
        self._contacts: dict[str, ContactHistory] = {}
        self._differences: list[ReplayDifference] = []
        self._counts = {"turns": 0, "decisions": 0, "unknown": 0, "lost": 0}

    async def run(self, since: int, until: int) -> ReplayResult:
        """Replay the turns of [since, until), milliseconds since the Unix epoch, UTC.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        async for entry in read_turns(self._ledger, since, until):
            self._counts[await self._repeat(entry)] += 1
        for session, found in self._sessions.items():
            if not found.older:
                await self._compare_steps(session, found)
        counts = dict(self._counts)
        counts["turns"] += counts["decisions"]
        return ReplayResult(
            **counts, sessions=len(self._sessions), differences=tuple(self._differences)
        )

    async def _repeat(self, entry: TurnEntry) -> str:
        """Decide one turn again; return the name of the count that it raises."""
        inputs = decode_inputs(entry.inputs)
        found = self._session_before(entry, inputs)
        if found is None:
            return "unknown"
        rulebook = await self._rulebooks.rulebook(entry.rulebook)
        if rulebook is None:
            # Without those rules, the state of the session after this turn is unknown.
            del self._sessions[entry.session]
            return "lost"
        signal = decode_signal(entry.signal)
        decision = decide(await self._context(entry, inputs, found.state, signal, rulebook))
        self._apply(found, signal, decision)
        if not found.older:
            self._compare_trace(entry, decision)
        return "decisions" if entry.trace else "turns"

    def _session_before(self, entry: TurnEntry, inputs: DecisionInputs) -> _ReplayedSession | None:
        """Return the session as the replayed turns left it; a full record must agree with it."""
        found = self._sessions.get(entry.session)
        recorded = inputs.session
        if recorded is None:
            return found
        if found is None:
            found = self._sessions[entry.session] = _ReplayedSession(recorded, recorded.seq)
        elif found.state != recorded and not (inputs.begins_here or found.older):
            self._differ(entry, "session", repr(recorded), repr(found.state))
        found.older = found.older or inputs.engine != ENGINE
        found.state = recorded
        found.first_seq = min(found.first_seq, recorded.seq)
        return found

    async def _context(
        self,
        entry: TurnEntry,
        inputs: DecisionInputs,
        state: Session,
        signal: Signal,
        rulebook: Rulebook,
    ) -> Context:
        customer = readable_customer(state, signal)
        if customer is not None and inputs.contact is not None:
            self._contacts[customer] = inputs.contact
        return recorded_context(
            inputs,
            now=entry.at,
            session=state,
            signal=signal,
            rulebook=rulebook,
            items=await self._facts.items(inputs.items),
            profile=await self._facts.profile(
                state, signal, rulebook, self._contacts, upto=inputs.customer_upto or 0, at=entry.at
            ),
            seed=self._seed,
        )

    def _apply(self, found: _ReplayedSession, signal: Signal, decision: Decision) -> None:
        found.state = decision.session
        found.last_seq = max(found.last_seq, decision.session.seq)
        if decision.contact is not None and decision.session.customer:
            self._contacts[decision.session.customer] = decision.contact
        found.steps += decision.steps
        found.offers.update((offer.id, offer) for offer in decision.offers)
        if isinstance(signal, OfferRedeemed | RedemptionRolledBack):
            # A redemption may take several steps of an offer, as where a hold lapses and the promise
            # has ended. The session learns of the last one.
            known = _last_step(found, signal.offer.id)
            numbers = range(known + 1, signal.offer.seq + 1)
            found.checkout_steps |= {(signal.offer.id, number) for number in numbers}

    # comparing

    def _differ(
        self,
        entry: TurnEntry,
        what: Aspect,
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
            if found.first_seq < row.step.seq <= found.last_seq
            and (row.step.offer, row.step.seq) not in found.checkout_steps
        ]
        for step in _unmatched(recorded, found.steps):
            sides = [str(step) if step in side else "nothing" for side in (recorded, found.steps)]
            self._differences.append(ReplayDifference(session, step.at, "steps", *sides))
        for offer in {row.offer.id: row.offer for row in rows}.values():
            mine = found.offers.get(offer.id)
            if mine and mine.seq == offer.seq and _comparable(mine) != _comparable(offer):
                self._differences.append(
                    ReplayDifference(session, offer.issued_at, "offer", str(offer), str(mine))
                )


def _last_step(found: _ReplayedSession, offer: str) -> int:
    """Return the number of the last step of an offer that a turn or an earlier redemption took."""
    decided = [step.seq for step in found.steps if step.offer == offer]
    redeemed = [number for name, number in found.checkout_steps if name == offer]
    return max([*decided, *redeemed], default=found.first_seq)


def _unmatched(some: Iterable[OfferStep], others: Iterable[OfferStep]) -> list[OfferStep]:
    return sorted({*some} ^ {*others}, key=lambda step: (step.seq, step.offer))


def _text(trace: bytes | None) -> str:
    return "nothing" if trace is None else str(msgspec.msgpack.decode(trace))


def _comparable(offer: Offer) -> Offer:
    """Return an offer without `bought`, which becomes known later."""
    return structs.replace(offer, bought=False)
