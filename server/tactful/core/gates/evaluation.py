"""What do all rules find alike in one scene? Worked out once, when the first of them asks.

Ten rules that match one item asked the same ten times: that was half of what each of them cost.
"""

from collections.abc import Collection

from msgspec import Struct

from tactful.core.context import Context, Scene
from tactful.core.gates.availability import check_availability
from tactful.core.gates.contact_policy import check_contact_policy
from tactful.core.gates.eligibility import check_feeds, check_shopper
from tactful.core.gates.suppression import check_suppression
from tactful.core.gates.timing import check_timing
from tactful.core.offers.offer import Offer
from tactful.core.pricing import quote as pricing
from tactful.core.pricing.quote import PriceBasis, PriceRefusal, Quote
from tactful.core.rules.rule import Rule
from tactful.core.verdicts.verdict import Finding

Findings = tuple[Finding, ...]


class PricedRule(Struct, frozen=True, gc=False):
    """What a rule would offer for an item."""

    quote: Quote | PriceRefusal
    shelf: PriceBasis | None
    hold: int = 0

    @property
    def passed_quote(self) -> Quote:
        """The quote of a rule that passed gate 7."""
        if isinstance(self.quote, Quote):
            return self.quote
        raise LookupError(self.quote.reason)


class Evaluation:
    """One scene before the gates; lives as long as one look at an item, and is never seen outside.

    Gates that no property of a rule enters are one tuple; the others are kept by what enters them.
    """

    __slots__ = (
        "_approached", "_own", "_prices", "_promises", "_scarce", "_suppressed", "_timing",
        "_unwilling", "context", "feed_findings", "policy", "scene", "shelf", "standing",
    )  # fmt: skip

    def __init__(self, context: Context, scene: Scene, standing: Collection[Offer]) -> None:
        self.context = context
        self.scene = scene
        self.standing = standing
        self.policy = context.rulebook.policy
        self.shelf = shelf_price_of(scene)
        self.feed_findings: Findings = tuple(
            check_feeds(scene, self.policy, context.feed_heartbeats)
        )
        self._unwilling: dict[bool, Findings] = {}
        self._suppressed: dict[bool, Findings] = {}
        self._scarce: dict[int, Findings] = {}
        self._timing: dict[tuple[int, str | None], Findings] = {}
        self._approached: dict[str | None, Findings] = {}
        self._promises = [offer for offer in standing if not offer.advertised]
        self._own = {rest.key for rest in scene.contact.cooldowns if rest.scope == "rule"}
        self._prices: dict[str, PricedRule] = {}

    def shopper_findings(self, *, personal: bool) -> Findings:
        """Gate 2, for rules that need a person's history and for those that do not."""
        found = self._unwilling.get(personal)
        if found is None:
            found = self._unwilling[personal] = tuple(check_shopper(self.scene, personal=personal))
        return found

    def suppression_findings(self, rule: Rule) -> Findings:
        """Gate 5, for remedies and for all else."""
        found = self._suppressed.get(rule.remedy)
        if found is None:
            tightenings = self.context.rulebook.suppress
            found = tuple(check_suppression(self.scene, rule, self.policy, tightenings))
            self._suppressed[rule.remedy] = found
        return found

    def availability_findings(self, wanted: int) -> Findings:
        """Gate 6, for so many of the item."""
        found = self._scarce.get(wanted)
        if found is None:
            found = tuple(check_availability(self.scene, self.policy, self._promised(), wanted))
            self._scarce[wanted] = found
        return found

    def timing_findings(self, rule: Rule, ripe: int) -> Findings:
        """Gate 8, for rules that hold from one instant on."""
        key = ripe, rule.moment
        found = self._timing.get(key)
        if found is None:
            found = self._timing[key] = tuple(check_timing(self.scene, rule, ripe, self.policy))
        return found

    def contact_findings(self, rule: Rule) -> Findings:
        """Gate 9, for each rule that was dismissed or meets a promise on the item, and for all others."""
        key = rule.id if self._promises or rule.id in self._own else None
        found = self._approached.get(key)
        if found is None:
            found = tuple(check_contact_policy(self.scene, rule, self.policy, self.standing))
            self._approached[key] = found
        return found

    def price_of(self, rule: Rule) -> PricedRule:
        """The offer's price as the facts and the rule make it: the gates ask, and then the winner."""
        found = self._prices.get(rule.id)
        if found is None:
            quote = self._voucher() if rule.price.mode == "remedy" else self._quote(rule)
            hold = quote.saved * rule.max_qty if isinstance(quote, Quote) else 0
            found = self._prices[rule.id] = PricedRule(quote, self.shelf, hold)
        return found

    def _promised(self) -> int:
        """What the standing offers of all sessions hold, but for the one that would be replaced."""
        sku, territory = self.scene.item.sku, self.scene.territory
        if territory is None:
            return 0
        own = sum(o.max_qty for o in self.standing if o.sku == sku and o.advertised)
        return self.context.committed.get((sku, territory), 0) - own

    def _quote(self, rule: Rule) -> Quote | PriceRefusal:
        return pricing.quote(
            rule.price,
            self.shelf,
            step=self._step(rule) if rule.price.ladder else 0,
            min_margin_bp=self.policy.min_margin_bp,
            max_total_discount_bp=self.policy.max_total_discount_bp,
        )

    def _step(self, rule: Rule) -> int:
        """How often the rule spoke in this session already."""
        marks, session = self.scene.contact.approaches, self.scene.session.id
        return sum((mark.rule, mark.session) == (rule.id, session) for mark in marks)

    def _voucher(self) -> Quote | PriceRefusal:
        """What the shopper's remedy makes of the price; it was given, so no floor takes from it."""
        remedy = self.scene.remedy
        if self.shelf is None or remedy is None:
            return PriceRefusal("price.missing")
        return pricing.voucher(remedy.fact.value, self.shelf)


def shelf_price_of(scene: Scene) -> PriceBasis | None:
    """What the item costs where the shopper is; None: it has no price there."""
    kept = scene.price
    if kept is None or scene.territory is None:
        return None
    cost = scene.item.cost(scene.territory, kept.fact.price.currency)
    return pricing.price_basis(kept.fact, cost.fact if cost else None)
