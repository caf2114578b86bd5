"""What follows from one signal in one context? The order of the stages, and nothing else.

fold → expire → pass the standing offers through the gates again → match → gates → arbitrate →
hold out → plan. Pure: the same context gives the same decision, to the byte.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct, structs

from tactful.core import attention, signals
from tactful.core.arbitration import Candidate, arbitrate
from tactful.core.context import Context, Scene
from tactful.core.draft import Decision, Draft
from tactful.core.fold import expire, fold
from tactful.core.gates import failing, failing_standing, price_of
from tactful.core.holdout import held_out
from tactful.core.items import Item
from tactful.core.offers import Offer, State
from tactful.core.planning import offer_of
from tactful.core.pricing import Quote
from tactful.core.reasons import Reason
from tactful.core.rules import NEVER, Rule
from tactful.core.session import REMEMBERED_HELD
from tactful.core.trace import Finding, Outcome, Trace, Verdict

SILENT: Final = frozenset(
    {
        signals.Changed,
        signals.Left,
        signals.LoggedOut,
        signals.Seen,
        signals.Dismissed,
        signals.Accepted,
        signals.Redeemed,
        signals.RolledBack,
        signals.Revoked,
    }
)
"""Signals after which nothing new is pushed: no fact and no answer of the shopper's is an occasion."""

AWAITED: Final = frozenset(
    {Reason.TIMING_WAIT, Reason.TIMING_QUIET, Reason.RULE_NOT_STARTED, Reason.RULE_WINDOW}
)
"""Reasons that the passing of time mends while the shopper is still there."""


def decide(context: Context) -> Decision:
    """Handle one signal to its end."""
    draft = Draft(context)
    fold(draft)
    expire(draft)
    verdicts = [*_recheck(draft)]
    judged = [*_judge(draft)]
    if type(context.signal) not in SILENT:
        verdicts += _choose(draft, judged)
    verdicts += [
        _verdict(one.rule, one.scene, "withheld", one.finding) for one in judged if one.finding
    ]
    return draft.decision(Trace(tuple(verdicts)), _wake(draft, judged))


class Judged(Struct, frozen=True):
    """A rule that speaks about an item here, and the first gate that fails."""

    rule: Rule
    scene: Scene
    finding: Finding | None
    candidate: Candidate | None


def scene_of(draft: Draft, sku: str) -> Scene:
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


def _recheck(draft: Draft) -> Iterator[Verdict]:
    """Standing offers pass the gates again; a promise is kept whatever changes."""
    for offer in tuple(draft.standing.values()):
        if not offer.advertised:
            continue
        scene = scene_of(draft, offer.sku)
        rule = draft.context.rulebook.rules.get(offer.rule)
        finding = next(failing_standing(draft.context, scene, offer, rule), None)
        if finding:
            draft.withdraw(offer, finding.reason)
            yield Verdict(offer.rule, offer.sku, "withheld", (finding,))


def _judge(draft: Draft) -> Iterator[Judged]:
    """The rules that match the items in play, each with the first gate that fails."""
    context = draft.context
    standing = tuple(draft.standing.values())
    for sku in attention.subjects(draft.session):
        scene = scene_of(draft, sku)
        for rule in context.rulebook.index.for_item(scene):
            if rule.ripens(scene) != NEVER:
                yield judge(context, scene, rule, standing)


def judge(context: Context, scene: Scene, rule: Rule, standing: tuple[Offer, ...]) -> Judged:
    """One rule on one item: its price, and the first gate that fails."""
    priced = price_of(scene, rule, context.rulebook.policy)
    finding = next(failing(context, scene, rule, priced, standing), None)
    quote = priced.quote
    if finding or not isinstance(quote, Quote):
        return Judged(rule, scene, finding, None)
    return Judged(rule, scene, None, Candidate(rule, scene.item, priced, quote))


def _choose(draft: Draft, judged: list[Judged]) -> Iterator[Verdict]:
    """Arbitrate among the candidates, hold out, push the winner."""
    by_candidate = {id(one.candidate): one for one in judged if one.candidate}
    taken = False
    for candidate in arbitrate([one.candidate for one in judged if one.candidate]):
        one = by_candidate[id(candidate)]
        outcome, reason = standing_outcome(draft.standing.values(), candidate)
        if outcome is None and candidate.rule.mode == "shadow":
            outcome, reason = "shadow", Reason.SHADOW
        if outcome is None and taken:
            outcome, reason = "withheld", Reason.ARBITRATION_OUTRANKED
        if outcome is None:
            taken = True
            outcome, reason = _show(draft, one, candidate)
        marks = ("price.clamped",) if candidate.quote.clamped else ()
        finding = Finding(reason) if reason else None
        yield _verdict(one.rule, one.scene, outcome, finding, marks)


def standing_outcome(
    standing: Iterable[Offer], candidate: Candidate
) -> tuple[Outcome | None, Reason | None]:
    """Whether an offer for the item is up already that this candidate does not better."""
    for offer in standing:
        if offer.sku != candidate.item.sku or not offer.advertised:
            continue
        if offer.rule == candidate.rule.id:
            return "standing", None
        if candidate.quote.unit >= offer.unit:
            return "withheld", Reason.ARBITRATION_OUTRANKED
    return None, None


def _show(draft: Draft, one: Judged, candidate: Candidate) -> tuple[Outcome, Reason | None]:
    """Push the winner, or record that it was held back to measure the effect."""
    context = draft.context
    offer = offer_of(candidate, one.scene, context.rulebook, context.seed)
    who = draft.session.customer if draft.profile else draft.session.shopper
    reason = held_out(context.seed, who or "", one.rule, context.rulebook.policy)
    if reason:
        _hold_out(draft, offer, reason)
        return "held_out", reason
    replaced = next(
        (o for o in draft.standing.values() if o.sku == offer.sku and o.advertised), None
    )
    if replaced:
        draft.move(replaced, "supersede")
    draft.add(offer, replaced.id if replaced else None)
    return "pushed", None


def _hold_out(draft: Draft, offer: Offer, reason: Reason) -> None:
    """Once per session, rule and item is enough to count it."""
    key = f"{offer.rule}\0{offer.sku}"
    if key not in draft.session.held_out:
        draft.update(held_out=(*draft.session.held_out, key)[-REMEMBERED_HELD:])
        draft.note(_held(offer), reason)


def _held(offer: Offer) -> Offer:
    return structs.replace(offer, state=State.HELD_OUT, hold=0)


def _verdict(
    rule: Rule,
    scene: Scene,
    outcome: Outcome,
    finding: Finding | None,
    notes: tuple[str, ...] = (),
) -> Verdict:
    return Verdict(rule.id, scene.item.sku, outcome, (finding,) if finding else (), notes)


def _wake(draft: Draft, judged: list[Judged]) -> int | None:
    """The next instant at which this session should be looked at again; None: there is none."""
    instants = [
        one.finding.until
        for one in judged
        if one.finding and one.finding.until and one.finding.reason in AWAITED
    ]
    for offer in draft.standing.values():
        end = offer.accept_until if offer.state is State.ACCEPTED else offer.ends_at
        if end is not None:
            instants.append(end)
    if draft.profile and draft.standing:
        late = draft.profile.letdowns.next_start(draft.now)
        instants += [late] if late is not None else []
    return min(instants, default=None)
