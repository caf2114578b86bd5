"""What follows from one signal in one context? The order of the stages, and nothing else.

expire → fold → pass the standing offers through the gates again → match → gates → arbitrate →
hold out → plan. Pure: the same context gives the same decision, to the byte.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import structs

from tactful.core.context import Context, Scene
from tactful.core.decision import Decision, Draft
from tactful.core.facts.item import Item
from tactful.core.gates.evaluation import Ground
from tactful.core.gates.pipeline import failing, failing_standing
from tactful.core.offers.offer import Offer, State
from tactful.core.rules.model import NEVER, WAITING
from tactful.core.session import items_in_play as attention
from tactful.core.session import signals
from tactful.core.session.pacing import soonest
from tactful.core.session.session import REMEMBERED_HELD
from tactful.core.stages.arbitration import Candidate, candidate_of, contest, verdict
from tactful.core.stages.offer_builder import offer_of
from tactful.core.stages.reducer import expire, fold
from tactful.core.values.calendar import SECOND
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Trace, Verdict

SILENT: Final = frozenset(
    {
        signals.Changed,
        signals.Bought,
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

Judged = Candidate | Verdict
"""A rule that speaks about an item here: it may be shown, or is withheld."""

TELLING: Final = frozenset(
    {
        signals.Arrived,
        signals.Identified,
        signals.LoggedOut,
        signals.Consented,
        signals.Woken,
        signals.Bought,
        signals.Changed,
    }
)
"""Signals after which a standing offer may have lost its ground: who, where, what is allowed, facts, time."""

MUTED: Final = 5 * SECOND
"""How long nobody asks again while nothing can be promised (ms)."""

AWAITED: Final = frozenset(
    {Reason.TIMING_WAIT, Reason.TIMING_QUIET, Reason.RULE_NOT_STARTED, Reason.RULE_WINDOW}
)
"""Reasons that the passing of time mends while the shopper is still there."""


def decide(context: Context) -> Decision:
    """Handle one signal to its end."""
    draft = Draft(context)
    expire(draft)
    fold(draft)
    looked = type(context.signal) in TELLING
    verdicts = [*_recheck(draft)] if looked else []
    soon = soonest(draft.session, context.rulebook.policy)
    if soon > draft.now:
        again = soon if soon < WAITING else None
    elif context.mute:
        again = draft.now + MUTED
    elif type(context.signal) in SILENT:
        again = _as_before(draft)
    else:
        looked = True
        judged = [*_match(draft)]
        verdicts += _choose(draft, judged)
        verdicts += [one for one in judged if isinstance(one, Verdict)]
        again = _ripening(judged)
    if again != draft.session.again:
        draft.update(again=again)
    return draft.decision(Trace(tuple(verdicts)), _wake(draft), looked=looked)


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
        if offer.advertised:
            rule = draft.context.rulebook.rules.get(offer.rule)
            scene = scene_of(draft, offer.sku)
            finding = next(failing_standing(draft.context, scene, offer, rule), None)
            if finding:
                draft.withdraw(offer, finding.reason)
                yield Verdict(offer.rule, offer.sku, "withheld", (finding,))


def _match(draft: Draft) -> Iterator[Judged]:
    """The rules that match the items in play: candidates, or withheld by the first gate that fails."""
    context = draft.context
    standing = tuple(draft.standing.values())
    for sku in attention.subjects(draft.session):
        scene = scene_of(draft, sku)
        ground: Ground | None = None  # most looks at an item find no rule that matches
        for rule in context.rulebook.index.for_item(scene):
            ripe = rule.ripens(scene)
            if ripe != NEVER:
                ground = ground or Ground(context, scene, standing)
                finding = next(failing(ground, rule, ripe), None)
                if finding:
                    yield Verdict(rule.id, sku, "withheld", (finding,))
                else:
                    yield candidate_of(ground, rule)


def _choose(draft: Draft, judged: Iterable[Judged]) -> Iterator[Verdict]:
    """Arbitrate among the candidates, hold out, push the winner."""
    standing = tuple(draft.standing.values())
    candidates = [one for one in judged if isinstance(one, Candidate)]
    for result in contest(draft.context, standing, candidates):
        candidate, outcome, reason = result
        if outcome == "pushed":
            _push(draft, candidate, standing)
        elif outcome == "held_out" and reason:
            _hold_out(draft, candidate, reason)
        yield verdict(result)


def _push(draft: Draft, candidate: Candidate, standing: Iterable[Offer]) -> None:
    sku = candidate.scene.item.sku
    replaced = next((one for one in standing if one.sku == sku and one.advertised), None)
    if replaced:
        draft.move(replaced, "supersede")
    draft.add(_planned(draft, candidate), replaced.id if replaced else None)


def _hold_out(draft: Draft, candidate: Candidate, reason: Reason) -> None:
    """Once per session, rule and item is enough to count it."""
    key = f"{candidate.rule.id}\0{candidate.scene.item.sku}"
    if key not in draft.session.held_out:
        draft.update(held_out=(*draft.session.held_out, key)[-REMEMBERED_HELD:])
        offer = structs.replace(_planned(draft, candidate), state=State.HELD_OUT, hold=0)
        draft.note(offer, reason)


def _planned(draft: Draft, candidate: Candidate) -> Offer:
    return offer_of(draft.context, candidate, draft.session.seq + 1)


def _ripening(judged: Iterable[Judged]) -> int | None:
    """When the first rule that only waits may pass; None: none does."""
    found = (one.findings[0] for one in judged if isinstance(one, Verdict))
    return min((one.until for one in found if one.until and one.reason in AWAITED), default=None)


def _as_before(draft: Draft) -> int | None:
    """When the rules were to be looked at anyway, or when the quiet that has just begun is over."""
    instants = (draft.session.again or 0, draft.contact.quiet_until)
    return min((instant for instant in instants if instant > draft.now), default=None)


def _wake(draft: Draft) -> int | None:
    """The next instant at which something happens in this session by itself; None: there is none."""
    instants = [] if draft.session.again is None else [draft.session.again]
    ends = [offer.over_at for offer in draft.standing.values()]
    instants += [end for end in ends if end is not None]
    if draft.profile and draft.standing:
        late = draft.profile.letdowns.next_start(draft.now)
        instants += [late] if late is not None else []
    return min(instants, default=None)
