"""What follows from one signal in one context? The order of the stages, and nothing else.

expire → fold → pass the standing offers through the gates again → match → gates → arbitrate →
hold out → plan. Pure: the same context gives the same decision, to the byte.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import structs

from tactful.core.context import Context, Scene
from tactful.core.decision import Decision, DecisionBuilder
from tactful.core.facts.item import Item
from tactful.core.gates.evaluation import Evaluation
from tactful.core.gates.pipeline import failed_gates, failed_gates_of_standing
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.rules.rule import NEEDS_ACTIVITY, NEVER
from tactful.core.session import items_in_play as attention
from tactful.core.session import signals
from tactful.core.session.pacing import earliest_push_at
from tactful.core.session.session import REMEMBERED_HELD
from tactful.core.stages.arbitration import Candidate, build_candidate, select_winner, verdict_of
from tactful.core.stages.offer_builder import build_offer
from tactful.core.stages.reducer import apply_signal, expire_offers
from tactful.core.values.calendar import SECOND
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import DecisionTrace, Verdict

NO_PUSH_AFTER: Final = frozenset(
    {
        signals.FactsChanged,
        signals.OrderReported,
        signals.ConnectionClosed,
        signals.CustomerLoggedOut,
        signals.OfferSeen,
        signals.OfferDismissed,
        signals.OfferAccepted,
        signals.OfferRedeemed,
        signals.RedemptionRolledBack,
        signals.OfferRevoked,
    }
)
"""Signals after which nothing new is pushed: no fact and no answer of the shopper's is an occasion."""

RuleResult = Candidate | Verdict
"""A rule that speaks about an item here: it may be shown, or is withheld."""

RECHECK_AFTER: Final = frozenset(
    {
        signals.ConnectionOpened,
        signals.CustomerIdentified,
        signals.CustomerLoggedOut,
        signals.ConsentChanged,
        signals.TimerFired,
        signals.OrderReported,
        signals.FactsChanged,
    }
)
"""Signals after which a standing offer may have lost its ground: who, where, what is allowed, facts, time."""

COMMIT_RETRY_MS: Final = 5 * SECOND
"""How long nobody asks again while nothing can be promised (ms)."""

MENDED_BY_TIME: Final = frozenset(
    {Reason.TIMING_WAIT, Reason.TIMING_QUIET, Reason.RULE_NOT_STARTED, Reason.RULE_WINDOW}
)
"""Reasons that the passing of time mends while the shopper is still there."""


def decide(context: Context) -> Decision:
    """Handle one signal to its end."""
    draft = DecisionBuilder(context)
    expire_offers(draft)
    apply_signal(draft)
    looked = type(context.signal) in RECHECK_AFTER
    verdicts = [*_recheck(draft)] if looked else []
    soon = earliest_push_at(draft.session, context.rulebook.policy)
    if soon > draft.now:
        again = soon if soon < NEEDS_ACTIVITY else None
    elif context.commits_suspended:
        again = draft.now + COMMIT_RETRY_MS
    elif type(context.signal) in NO_PUSH_AFTER:
        again = _as_before(draft)
    else:
        looked = True
        judged = [*_match(draft)]
        verdicts += _choose(draft, judged)
        verdicts += [one for one in judged if isinstance(one, Verdict)]
        again = _next_rule_check(judged)
    if again != draft.session.next_rule_check:
        draft.update(next_rule_check=again)
    return draft.build(DecisionTrace(tuple(verdicts)), _wake(draft), evaluated=looked)


def build_scene(draft: DecisionBuilder, sku: str) -> Scene:
    """An item before the shopper, as the session is now."""
    context, session = draft.context, draft.session
    items = context.items
    return Scene(
        now=draft.now,
        session=session,
        item=items.get(sku) or Item(sku=sku),
        territory=session.territory,
        contact=draft.contact,
        profile=draft.profile,
        cart=tuple((items.get(line.sku) or Item(sku=line.sku), line.qty) for line in session.cart),
    )


def _recheck(draft: DecisionBuilder) -> Iterator[Verdict]:
    """Standing offers pass the gates again; a promise is kept whatever changes."""
    for offer in tuple(draft.standing.values()):
        if offer.advertised:
            rule = draft.context.rulebook.rules.get(offer.rule)
            scene = build_scene(draft, offer.sku)
            finding = next(failed_gates_of_standing(draft.context, scene, offer, rule), None)
            if finding:
                draft.withdraw(offer, finding.reason)
                yield Verdict(offer.rule, offer.sku, "withheld", (finding,))


def _match(draft: DecisionBuilder) -> Iterator[RuleResult]:
    """The rules that match the items in play: candidates, or withheld by the first gate that fails."""
    context = draft.context
    standing = tuple(draft.standing.values())
    for sku in attention.candidate_skus(draft.session):
        scene = build_scene(draft, sku)
        ground: Evaluation | None = None  # most looks at an item find no rule that matches
        for rule in context.rulebook.index.for_item(scene):
            ripe = rule.holds_from(scene)
            if ripe != NEVER:
                ground = ground or Evaluation(context, scene, standing)
                finding = next(failed_gates(ground, rule, ripe), None)
                if finding:
                    yield Verdict(rule.id, sku, "withheld", (finding,))
                else:
                    yield build_candidate(ground, rule)


def _choose(draft: DecisionBuilder, judged: Iterable[RuleResult]) -> Iterator[Verdict]:
    """Arbitrate among the candidates, hold out, push the winner."""
    standing = tuple(draft.standing.values())
    candidates = [one for one in judged if isinstance(one, Candidate)]
    for result in select_winner(draft.context, standing, candidates):
        candidate, outcome, reason = result
        if outcome == "pushed":
            _push(draft, candidate, standing)
        elif outcome == "held_out" and reason:
            _hold_out(draft, candidate, reason)
        yield verdict_of(result)


def _push(draft: DecisionBuilder, candidate: Candidate, standing: Iterable[Offer]) -> None:
    sku = candidate.scene.item.sku
    replaced = next((one for one in standing if one.sku == sku and one.advertised), None)
    if replaced:
        draft.transition(replaced, "supersede")
    draft.push(_planned(draft, candidate), replaced.id if replaced else None)


def _hold_out(draft: DecisionBuilder, candidate: Candidate, reason: Reason) -> None:
    """Once per session, rule and item is enough to count it."""
    key = f"{candidate.rule.id}\0{candidate.scene.item.sku}"
    if key not in draft.session.held_out:
        draft.update(held_out=(*draft.session.held_out, key)[-REMEMBERED_HELD:])
        offer = structs.replace(_planned(draft, candidate), state=OfferState.HELD_OUT, hold=0)
        draft.record_held_out(offer, reason)


def _planned(draft: DecisionBuilder, candidate: Candidate) -> Offer:
    return build_offer(draft.context, candidate, draft.session.seq + 1)


def _next_rule_check(judged: Iterable[RuleResult]) -> int | None:
    """When the first rule that only waits may pass; None: none does."""
    found = (one.findings[0] for one in judged if isinstance(one, Verdict))
    return min(
        (one.until for one in found if one.until and one.reason in MENDED_BY_TIME), default=None
    )


def _as_before(draft: DecisionBuilder) -> int | None:
    """When the rules were to be looked at anyway, or when the quiet that has just begun is over."""
    instants = (draft.session.next_rule_check or 0, draft.contact.quiet_until)
    return min((instant for instant in instants if instant > draft.now), default=None)


def _wake(draft: DecisionBuilder) -> int | None:
    """The next instant at which something happens in this session by itself; None: there is none."""
    instants = [] if draft.session.next_rule_check is None else [draft.session.next_rule_check]
    ends = [offer.lapses_at for offer in draft.standing.values()]
    instants += [end for end in ends if end is not None]
    if draft.profile and draft.standing:
        late = draft.profile.taints.next_start(draft.now)
        instants += [late] if late is not None else []
    return min(instants, default=None)
