"""The decision: what follows from one signal in one context.

The stages, in order: expire offers → apply the signal → recheck standing offers → match rules →
gates → arbitration → hold-out → push. This module holds that order and nothing else; each stage is
a module of its own. It is pure: it reads no clock, draws no randomness and does no I/O.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import structs

from tactful.core.context import Context, Scene
from tactful.core.decision import Decision
from tactful.core.decision_builder import DecisionBuilder
from tactful.core.facts.item import Item
from tactful.core.facts.purchases import NO_PURCHASES
from tactful.core.gates.evaluation import Evaluation
from tactful.core.gates.pipeline import failed_gates, rule_of
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.rules.rule import NEEDS_ACTIVITY, NEVER, NOW
from tactful.core.session import signals
from tactful.core.session.browsing import shows_price
from tactful.core.session.items_in_play import candidate_skus
from tactful.core.session.pacing import earliest_push_at
from tactful.core.session.session import REMEMBERED_SHADOWS
from tactful.core.stages.arbitration import Candidate, build_candidate, select_winner, verdict_of
from tactful.core.stages.more_time import extend_offer
from tactful.core.stages.offer_builder import build_offer
from tactful.core.stages.reducer import apply_signal, expire_offers
from tactful.core.values.calendar import SECOND
from tactful.core.verdicts.reasons import MENDED_BY_TIME, Reason
from tactful.core.verdicts.verdict import DecisionTrace, Finding, Verdict

ENGINE: Final = "2"
"""The version of the engine. It changes with each release whose decisions may differ.

The turn log holds it. Release 0.1.0 recorded none.
"""

NO_PUSH_AFTER: Final[frozenset[type[signals.Signal]]] = frozenset(
    {
        signals.FactsChanged,
        signals.OrderReported,
        signals.ConnectionClosed,
        signals.CustomerLoggedOut,
        signals.OfferSeen,
        signals.OfferDismissed,
        signals.OfferAccepted,
        signals.MoreTimeRequested,
        signals.OfferRedeemed,
        signals.RedemptionRolledBack,
        signals.OfferRevoked,
    }
)
"""Signals after which no new offer is pushed.

A fact does not justify an interruption: "back in stock" or "case resolved" pushes nothing by
itself. Only a voucher does, because a person gave it to the shopper. The shopper's answer to another offer does not justify one either.
"""

RuleResult = Candidate | Verdict
"""A rule that matches an item: a candidate, or the verdict that withholds it."""

RECHECK_AFTER: Final[frozenset[type[signals.Signal]]] = frozenset(
    {
        signals.ConnectionOpened,
        signals.CustomerIdentified,
        signals.CustomerLoggedOut,
        signals.ConsentChanged,
        signals.TimerFired,
        signals.OrderReported,
        signals.FactsChanged,
        signals.MoreTimeRequested,
        signals.OfferRedeemed,
    }
)
"""Signals after which a standing offer may have to be withdrawn.

They change the identity, the territory, the consent, the facts or the time, or ask for more time.
Browsing does none of these, so a click never causes an evaluation of the standing offers. The one
exception is the view of a page that shows a price.
"""

COMMIT_RETRY_MS: Final = 5 * SECOND
"""How long rules are not evaluated while nothing can be recorded (milliseconds)."""


def decide(context: Context) -> Decision:
    """Decide one signal completely.

    Args:
        context: Everything that the decision may read, with the session as it was before the
            signal.

    Returns:
        The session after the signal, the offers that changed with their audit steps and budget
        moves, the effects for the outside, and the trace. The same context gives the same decision,
        to the byte.

    Raises:
        LookupError: For a transition that the offer lifecycle does not have. That is a programming
            error.
    """
    builder = DecisionBuilder(context)
    signal, kind = context.signal, type(context.signal)
    # An offer that reached its end cannot be accepted by this signal.
    expire_offers(builder)
    apply_signal(builder)
    evaluated = kind in RECHECK_AFTER or shows_price(signal)
    # Before matching: a withdrawal frees the screen, the stock and the budget, and starts the quiet
    # period that gate 8 reads.
    verdicts = [*_recheck(builder)] if evaluated and (builder.standing or builder.unseen) else []
    if type(signal) is signals.MoreTimeRequested:
        _give_more_time(builder, signal.offer)
    issued = kind is signals.VoucherIssued
    earliest = NOW if issued else earliest_push_at(builder.session, context.rulebook.policy)
    if earliest > builder.now:
        next_check = earliest if earliest < NEEDS_ACTIVITY else None
    elif context.commits_suspended:
        next_check = builder.now + COMMIT_RETRY_MS
    elif kind in NO_PUSH_AFTER:
        next_check = _unchanged_check(builder)
    else:
        evaluated = True
        results = [*_match(builder)]
        withheld = [one for one in results if isinstance(one, Verdict)]
        verdicts += _choose(builder, results)
        verdicts += withheld
        next_check = _next_rule_check(withheld)
        if issued:
            # Only vouchers were looked at: every other rule waits for its own instant.
            next_check = _earlier(next_check, _unchanged_check(builder))
    if next_check != builder.session.next_rule_check:
        builder.update(next_rule_check=next_check)
    return builder.build(DecisionTrace(tuple(verdicts)), _wake_at(builder), evaluated=evaluated)


def build_scene(builder: DecisionBuilder, sku: str) -> Scene:
    """Return one item in front of the shopper, with the session as it is now.

    Args:
        builder: The decision under construction.
        sku: The SKU of the item. If the context does not contain it, the item has no facts.

    Returns:
        The scene that conditions and gates read.
    """
    context, session = builder.context, builder.session
    items = context.items
    return Scene(
        now=builder.now,
        session=session,
        item=items.get(sku) or Item(sku=sku),
        territory=session.territory,
        contact=builder.contact,
        profile=builder.profile,
        cart=tuple((items.get(line.sku) or Item(sku=line.sku), line.qty) for line in session.cart),
    )


def _recheck(builder: DecisionBuilder) -> Iterator[Verdict]:
    """Pass the visible offers through the gates again and withdraw those that fail.

    Held-out offers pass them too: a complaint must end the same in both arms of an experiment.

    An accepted offer is a promise and is not rechecked (server/SEMANTICS.md, section 4).
    """
    for offer in builder.on_screen:
        if offer.takes_screen:
            rule = builder.context.rulebook.rules.get(offer.rule)
            scene = build_scene(builder, offer.sku)
            evaluation = Evaluation(builder.context, scene, builder.on_screen)
            gates = failed_gates(evaluation, rule_of(offer, rule), standing=offer)
            finding = next(gates, None) or _sent_early(builder.context.signal, offer)
            if finding:
                if offer.id in builder.unseen:
                    builder.end_held_out(offer, finding.reason)
                else:
                    builder.withdraw(offer, finding.reason)
                yield Verdict(offer.rule, offer.sku, "withheld", (finding,))


def _sent_early(signal: signals.Signal, offer: Offer) -> Finding | None:
    """Return why the withdrawal of an offer was sent before this turn; None: it was not."""
    if type(signal) is signals.FactsChanged and signal.withdrawn == offer.id:
        return Finding(Reason(signal.reason))
    return None


def _give_more_time(builder: DecisionBuilder, key: str) -> None:
    """Extend an offer that has just passed its gates again, or refuse."""
    offer = builder.standing.get(key)
    if offer is None:
        builder.refuse_unknown(key)
    else:
        extend_offer(builder, offer, build_scene(builder, offer.sku))


def _match(builder: DecisionBuilder) -> Iterator[RuleResult]:
    """Yield the rules that match the items in play: candidates, or the first gate's verdict."""
    context = builder.context
    standing = builder.on_screen
    issued = type(context.signal) is signals.VoucherIssued
    purchases = builder.profile.purchases if builder.profile else NO_PURCHASES
    for sku in candidate_skus(builder.session, purchases, anywhere=issued):
        scene = build_scene(builder, sku)
        # Built only when a rule matches: for most items no rule does.
        evaluation: Evaluation | None = None
        for rule in context.rulebook.index.for_item(scene):
            holds_at = rule.holds_from(scene)
            # A rule whose condition fails is not in the trace: with hundreds of rules the trace
            # would be noise. `explain` shows them all.
            if holds_at != NEVER and (rule.remedy or not issued):
                evaluation = evaluation or Evaluation(context, scene, standing)
                finding = next(failed_gates(evaluation, rule, holds_at), None)
                if finding:
                    yield Verdict(rule.id, sku, "withheld", (finding,))
                else:
                    yield build_candidate(evaluation, rule)


def _choose(builder: DecisionBuilder, results: Iterable[RuleResult]) -> Iterator[Verdict]:
    """Arbitrate among the candidates, hold out, push the winner."""
    standing = builder.on_screen
    candidates = [one for one in results if isinstance(one, Candidate)]
    in_shadow = []
    for selection in select_winner(builder.context, standing, candidates):
        candidate, outcome, reason = selection
        if outcome == "pushed":
            _push(builder, candidate, standing)
        elif outcome in {"held_out", "shadow"} and reason:
            if candidate.rule.mode == "shadow":
                in_shadow.append((candidate, OfferState(outcome), reason))
            else:
                _hold_out(builder, candidate, reason)
        yield verdict_of(selection)
    # Last, so that a rule in shadow mode changes neither number nor id of the offer that is pushed.
    for unshown in in_shadow:
        _record_in_shadow(builder, *unshown)


def _push(builder: DecisionBuilder, candidate: Candidate, standing: Iterable[Offer]) -> None:
    """Push the winner's offer; it supersedes a visible or held-out offer on the same item."""
    sku = candidate.scene.item.sku
    replaced = next((one for one in standing if one.sku == sku and one.advertised), None)
    if replaced:
        builder.transition(replaced, "supersede")
    builder.end_superseded(sku)
    builder.push(_planned(builder, candidate), replaced.id if replaced else None)


def _hold_out(builder: DecisionBuilder, candidate: Candidate, reason: Reason) -> None:
    """Hold out the winner's offer, unless the rule's offer on the item is held out already."""
    key = candidate.rule.id, candidate.scene.item.sku
    if all((one.rule, one.sku) != key for one in builder.unseen.values()):
        offer = _unshown(builder, candidate, OfferState.HELD_OUT)
        builder.hold_out(offer, reason)


def _record_in_shadow(
    builder: DecisionBuilder, candidate: Candidate, state: OfferState, reason: Reason
) -> None:
    """Record an offer of a rule in shadow mode, once per session, rule and item.

    Without this limit, a session that stays on one page would outweigh all others in the report on
    the rule.
    """
    known = builder.session.in_shadow
    key = f"{candidate.rule.id}\0{candidate.scene.item.sku}"
    if key not in known:
        builder.update(in_shadow=(*known, key)[-REMEMBERED_SHADOWS:])
        offer = _unshown(builder, candidate, state)
        builder.record_unshown(offer, reason)


def _unshown(builder: DecisionBuilder, candidate: Candidate, state: OfferState) -> Offer:
    """Return an offer that is not shown, so that it takes neither budget nor a discount code."""
    planned = _planned(builder, candidate)
    return structs.replace(planned, state=state, hold=0, code=None, code_ends_at=None)


def _planned(builder: DecisionBuilder, candidate: Candidate) -> Offer:
    return build_offer(builder.context, candidate, builder.session.seq + 1)


def _next_rule_check(withheld: Iterable[Verdict]) -> int | None:
    """Return when the first rule may pass its gates by waiting alone; None: no rule may."""
    earliest = None
    for verdict in withheld:
        finding = verdict.findings[0]
        if finding.until and finding.reason in MENDED_BY_TIME:
            earliest = _earlier(earliest, finding.until)
    return earliest


def _unchanged_check(builder: DecisionBuilder) -> int | None:
    """Return the scheduled evaluation of the rules, or the end of a quiet period if it is earlier.

    The quiet period counts because the recheck of this turn may have started it.
    """
    instants = (builder.session.next_rule_check or 0, builder.contact.quiet_until)
    return min((instant for instant in instants if instant > builder.now), default=None)


def _earlier(one: int | None, other: int | None) -> int | None:
    return min((at for at in (one, other) if at is not None), default=None)


def _wake_at(builder: DecisionBuilder) -> int | None:
    """Return the next instant at which this session needs a turn by itself; None: there is none."""
    next_check = builder.session.next_rule_check
    if not builder.standing and not builder.parked and not builder.unseen:
        return next_check
    instants = [next_check, *[offer.lapses_at for offer in builder.parked.values()]]
    on_screen = builder.on_screen
    for offer in on_screen:
        instants.append(offer.lapses_at)
        # An announced price takes effect without a new fact, and may end a visible offer.
        item = builder.context.items.get(offer.sku)
        instants.append(item.next_price_change(offer.territory, builder.now) if item else None)
    # A parcel that passes its promised date taints the whole shop without a new fact.
    if builder.profile and on_screen:
        instants.append(builder.profile.taints.next_start(builder.now))
    return min([at for at in instants if at is not None], default=None)
