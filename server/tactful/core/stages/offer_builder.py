"""Building of the winner's offer: its price, claims, times, words and disclosure.

The same context and candidate give the same offer, down to its id, so that a recorded turn can be
repeated byte for byte.
"""

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Final

from tactful.core.compliance.disclosure import disclosure
from tactful.core.compliance.prior_price import PriorPrice, claim, prior_price
from tactful.core.context import Context, Scene
from tactful.core.facts.fact_types import ms
from tactful.core.facts.price_history import PublicPrice
from tactful.core.offers.message import (
    fill_placeholders,
    localized_amount,
    localized_duration,
    message_for,
)
from tactful.core.offers.offer import Offer
from tactful.core.pricing.minimum_order import minimum_order
from tactful.core.pricing.quote import Quote, deduction
from tactful.core.rules.condition_evaluation import clauses
from tactful.core.rules.rule import Provenance, Rule
from tactful.core.stages.arbitration import Candidate
from tactful.core.stages.more_time import latest_end, may_extend_new
from tactful.core.stages.price_inputs import inputs_of
from tactful.core.values import ids
from tactful.core.values.allocation import Deduction
from tactful.core.values.calendar import period_key
from tactful.core.values.money import Money
from tactful.core.verdicts.verdict import CLAMPED

GENERAL: Final = "price.general"
"""Note: the reduction reached so many viewers of the product that it is a general offer."""
SHORT_HISTORY: Final = "price.short_history"
"""Note: fewer public prices are on record than the window of the prior price asks for."""

CLAIM_ENDED: Final = "price.claim_ended"
"""Note: the item has been reduced for longer than `max_claim`, so there is no "was"."""


def build_offer(context: Context, candidate: Candidate, seq: int) -> Offer:
    """Return the offer of a winning candidate, as it is pushed.

    Args:
        context: The inputs of the turn.
        candidate: The winner of arbitration.
        seq: The sequence number that the offer will have in its session. It is part of the id.

    Returns:
        The offer in the state `pushed`. "Was" and percentage are set only where the prior price
        allows a claim of reduction (Directive 98/6/EC, article 6a; server/SEMANTICS.md, section 9).

    Raises:
        LookupError: If the candidate has no price or territory, so that it cannot have passed
            gate 7.
    """
    rulebook, rule, scene, quote = (
        context.rulebook,
        candidate.rule,
        candidate.scene,
        candidate.quote,
    )
    price_basis = candidate.priced.price_basis
    session, item, territory = scene.session, scene.item, scene.territory
    provenance = provenance_of(rule, scene)
    if price_basis is None or territory is None:
        raise LookupError("a candidate has a price and a territory")
    remedy = scene.remedy if rule.remedy else None
    # No offer outlives its rule, its code or the start of an exclusion: the countdown shows the true end. A
    # voucher stands until its own end, because nothing else makes it scarce.
    latest = latest_end(scene, rule, rulebook.exclusions)
    code = context.codes.get(rule.codes) if rule.codes else None
    if code and code.ends_at is not None:
        latest = min(latest, code.ends_at)
    own_end = ms(remedy.fact.expires_at) if remedy else scene.now + rule.expires
    ends_at = min(own_end, latest)
    since = context.reductions.first_applied_at(rule.id, item.sku, territory, scene.now)
    prior = prior_price_of(scene, since, Money(quote.unit, price_basis.currency))
    # An offer on the shipping leaves the item's price as it is, so there is no reduction to claim.
    claim_ended = _claim_ended(context, scene)
    may_claim = quote.unit < price_basis.amount and not claim_ended
    claimed = claim(prior, quote.unit) if may_claim else None
    product = scene.product
    campaign = rulebook.campaigns.get(rule.campaign) if rule.campaign else None
    return Offer(
        id=_id(session.id, seq, context.seed),
        session=session.id,
        customer=session.customer if scene.profile else None,
        rule=rule.id,
        rule_digest=rule.digest,
        campaign=rule.campaign,
        period=period_key(campaign.per, scene.now, campaign.timezone) if campaign else "",
        rulebook=rulebook.version,
        sku=item.sku,
        product=item.product_id,
        territory=territory,
        currency=price_basis.currency,
        unit=quote.unit,
        public=price_basis.amount,
        deduction=_deduction(rule, quote, price_basis.currency),
        min_order=minimum_order(rule, price_basis.currency),
        since=since,
        was=claimed.was if claimed else None,
        percent=claimed.percent if claimed else None,
        cost=price_basis.cost,
        pool=rule.codes,
        code=code.code if code else None,
        code_ends_at=code.ends_at if code else None,
        max_qty=rule.max_qty,
        hold=candidate.priced.hold,
        issued_at=scene.now,
        ends_at=ends_at,
        title=product.title if product else item.sku,
        message=_message(candidate, ends_at, rulebook.policy.language),
        placement=rule.placement,
        # Where a person decided about a voucher, nothing was decided automatically.
        disclosure=None
        if remedy and not remedy.fact.automatic
        else disclosure(territory, session.locale, scene.now, provenance),
        image=product.image if product else None,
        url=product.page if product else None,
        personal="personal" in provenance,
        on_change=rule.on_change,
        remedy=remedy.fact.remedy if remedy else None,
        # Copied, because an accepted offer stacks as promised even if the rulebook changes.
        stacks_with=tuple(sorted(rule.stacks_with)),
        notes=_notes(context, candidate, prior, claim_ended=claim_ended),
        countdown=rulebook.policy.countdown == "shown",
        inputs=inputs_of(rule, scene, rulebook.policy),
        more_time=may_extend_new(ends_at, latest, rulebook.policy, is_voucher=remedy is not None),
        seq=seq,
    )


def _deduction(rule: Rule, quote: Quote, currency: str) -> Deduction | None:
    """Return what the offer takes off the order or its shipping; a voucher takes up to its value."""
    if rule.price.mode == "remedy":
        return Deduction("order", quote.saved)
    return deduction(rule.price, currency)


def prior_price_of(scene: Scene, since: int, offered: Money) -> PriorPrice | None:
    """Return the prior price of an item for a reduction (Directive 98/6/EC, article 6a).

    Args:
        scene: The item in front of the shopper.
        since: When this reduction first applied (t0), milliseconds since the Unix epoch, UTC.
        offered: The price of the offer; ledger entries in another currency do not count.

    Returns:
        The lowest public price of the window before `since`. If a lower price was public since
        then, that lower price is returned: "was" must not name a price that is not charged any
        more. The reduction's own general price does not count while it runs, and counts when it has
        ended. None without a price on record.
    """
    ledger = scene.public_prices
    at_start = prior_price(ledger, since, offered.currency)
    in_force = next((one for one in reversed(ledger) if one.since <= scene.now), None)
    if since == scene.now and not (in_force and in_force.offered):
        # A reduction that begins now has one window.
        return at_start
    others: Sequence[PublicPrice] = ledger
    if in_force and in_force.offered and in_force.amount == offered.amount:
        others = [entry for entry in ledger if entry is not in_force]
    today = prior_price(others, scene.now, offered.currency)
    return today if at_start and today and today.amount < at_start.amount else at_start


def _claim_ended(context: Context, scene: Scene) -> bool:
    """Return whether the item has been reduced for so long that "was" is no longer true.

    A reduction that never pauses is the regular price (Directive 98/6/EC, article 6a).
    """
    reduced = context.reductions.reduced_since(scene.item.sku, scene.territory or "", scene.now)
    return scene.now - reduced > context.rulebook.policy.max_claim


def _notes(
    context: Context, candidate: Candidate, prior: PriorPrice | None, *, claim_ended: bool
) -> tuple[str, ...]:
    """Return the marks that operators see beside an offer."""
    rule, scene = candidate.rule, candidate.scene
    product, territory = scene.item.product_id, scene.territory or ""
    # A remedy and an offer on the shipping do not change what the item costs in public.
    changes_price = not rule.remedy and rule.level != "shipping"
    general = changes_price and context.reductions.makes_general(rule.id, product, territory)
    short = prior is not None and not prior.complete
    marks = (
        (CLAMPED, candidate.quote.clamped),
        (GENERAL, general),
        (SHORT_HISTORY, short),
        (CLAIM_ENDED, changes_price and claim_ended),
    )
    return tuple([mark for mark, applies in marks if applies])


def provenance_of(rule: Rule, scene: Scene) -> frozenset[Provenance]:
    """Return the provenances of the inputs that a rule's targeting and price read in a scene.

    A remedy is the customer's own voucher, so it is personal. A ladder counts the earlier pushes in
    this session, so it is pseudonymous. A personal field counts only if its value is known: where
    nobody is identified, or consent forbids reading, nothing personal was read.
    """
    if rule.remedy:
        return rule.provenance | {"personal"}
    found = rule.provenance
    if rule.price.mode == "ladder":
        found |= {"pseudonymous"}
    if "personal" in found and not _reads_known_customer(rule, scene):
        found -= {"personal"}
    return found


def _reads_known_customer(rule: Rule, scene: Scene) -> bool:
    """Return whether a personal clause of the rule found a value."""
    return scene.profile is not None and any(
        clause.provenance == "personal" and clause.read(scene) is not None
        for clause in clauses(rule.condition)
    )


def _id(session: str, seq: int, seed: str) -> str:
    """Return an id that cannot be guessed without the seed, the same for a repeated turn."""
    text = f"{session}\0{seq}".encode()
    return ids.offer_id(blake2b(text, key=seed.encode()[:64], digest_size=16).digest())


def _message(candidate: Candidate, ends_at: int, language: str) -> str:
    """Return the rule's message in the shopper's language, with its placeholders filled."""
    rule, scene, price_basis = candidate.rule, candidate.scene, candidate.priced.price_basis
    product = scene.product
    if not rule.messages or price_basis is None:
        return ""
    text, language = message_for(rule.messages, scene.session.locale, language)
    quote, public, currency = candidate.quote, price_basis.amount, price_basis.currency
    # A message names one or two of them, and writing an amount takes 1 µs.
    values: dict[str, Callable[[], str]] = {
        "item.title": lambda: product.title if product else scene.item.sku,
        "item.brand": lambda: scene.item.brand or "",
        "item.price": lambda: localized_amount(Money(public, currency), language),
        "offer.price": lambda: localized_amount(Money(quote.unit, currency), language),
        "offer.saved": lambda: localized_amount(Money(quote.saved, currency), language),
        "offer.expires": lambda: localized_duration(ends_at - scene.now, language),
    }
    return fill_placeholders(text, values)
