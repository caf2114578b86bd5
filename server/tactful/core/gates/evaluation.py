"""Memoised gate results for one item in front of one shopper.

Most inputs of the gates do not depend on the rule. They are computed on first use and shared by all
rules that match the item: without this cache, ten matching rules spent half of their time on
repeating each other's work. The cache must not change an answer, so each result is kept under
exactly those properties of a rule that its gate reads:

| result | gate | key | why this key |
|---|---|---|---|
| `exclusion_findings` | 1 | whether the cart counts | a discount on the order reduces its items too |
| `shopper_findings` | 2 | whether the rule needs a customer | the consent that is asked for |
| `suppression_findings` | 5 | whether the rule gives a remedy, whether it concerns the order | exempt from service cases; from ownership |
| `availability_findings` | 6 | units the offer would promise | compared with what is available |
| `timing_findings` | 8 | when the condition holds, the moment, whether a voucher was just issued | all can delay the offer |
| `contact_findings` | 9 | rule id, or None for all rules alike | see the method |
| `shown_price` | 7 | none | one page shows the item |
| `price_of` | 7 | rule id | the price terms are the rule's own |
| `age_findings` | 2 | none, computed at once | one result for all rules |
| `feed_findings` | 3 | none, computed at once | one result for all rules |

The rest of gate 1, gates 4 and 10, and bans of inputs read the rule throughout and are not memoised.
"""

from collections.abc import Collection

from msgspec import Struct

from tactful.core.context import Context, Scene
from tactful.core.gates.availability import check_availability
from tactful.core.gates.contact_policy import check_contact_policy
from tactful.core.gates.eligibility import check_age, check_feeds, check_shopper
from tactful.core.gates.page_price import contradicting_price
from tactful.core.gates.prohibition import check_exclusions
from tactful.core.gates.suppression import check_suppression
from tactful.core.gates.timing import check_timing
from tactful.core.offers.offer import Offer
from tactful.core.pricing import quote as pricing
from tactful.core.pricing.quote import PriceBasis, PriceRefusal, Quote
from tactful.core.rules.rule import Rule
from tactful.core.session.signals import VoucherIssued
from tactful.core.verdicts.verdict import Finding

Findings = tuple[Finding, ...]


class PricedRule(Struct, frozen=True, gc=False):
    """The price that a rule's offer would have for an item."""

    quote: Quote | PriceRefusal
    price_basis: PriceBasis | None
    """The public price and its bounds; None: the item has no price in the territory."""
    hold: int = 0
    """What a push would reserve, the worst case, in minor units of the price's currency."""

    @property
    def unit(self) -> int | None:
        """The price of one unit with the offer; None: the price was refused."""
        return self.quote.unit if isinstance(self.quote, Quote) else None

    @property
    def passed_quote(self) -> Quote:
        """The quote of a rule that passed gate 7; `LookupError` where the price was refused."""
        if isinstance(self.quote, Quote):
            return self.quote
        raise LookupError(self.quote.reason)


class Evaluation:
    """The gate results of one scene, shared by all rules that match it.

    It exists during the evaluation of one item in one turn, and is not used outside the core.

    Attributes:
        context: The inputs of the turn.
        scene: The item in front of the shopper.
        standing: The session's standing offers.
        policy: The shop's policy.
        price_basis: The public price in the territory; None: there is none.
        age_findings: The findings of gate 2 about the shopper's age.
        feed_findings: The findings of gate 3.
        shown_price: What `contradicting_price` returns.
    """

    __slots__ = (
        "_availability",
        "_contact",
        "_differing",
        "_exclusions",
        "_prices",
        "_shopper",
        "_suppression",
        "_timing",
        "age_findings",
        "context",
        "feed_findings",
        "policy",
        "price_basis",
        "scene",
        "shown_price",
        "standing",
    )  # fmt: skip

    def __init__(self, context: Context, scene: Scene, standing: Collection[Offer]) -> None:
        self.context = context
        self.scene = scene
        self.standing = standing
        self.policy = context.rulebook.policy
        self.price_basis = price_basis_of(scene)
        self.feed_findings: Findings = tuple(
            check_feeds(scene, self.policy, context.feed_heartbeats)
        )
        self.age_findings: Findings = tuple(check_age(scene))
        shown = scene.page_price
        self.shown_price = contradicting_price(shown, self.price_basis) if shown else None
        self._exclusions: dict[bool, Findings] = {}
        self._shopper: dict[bool, Findings] = {}
        self._suppression: dict[tuple[bool, bool], Findings] = {}
        self._availability: dict[int, Findings] = {}
        self._timing: dict[tuple[int, str | None, bool], Findings] = {}
        self._contact: dict[str | None, Findings] = {}
        self._differing: tuple[bool, frozenset[str]] | None = None
        self._prices: dict[str, PricedRule] = {}

    def exclusion_findings(self, *, with_cart: bool) -> Findings:
        """Return the exclusions that apply to the item, or also to the items of the cart."""
        exclusions = self.context.rulebook.exclusions
        found = self._exclusions.get(with_cart)
        if found is None:
            found = tuple(check_exclusions(self.scene, exclusions, with_cart=with_cart))
            self._exclusions[with_cart] = found
        return found

    def shopper_findings(self, *, personal: bool) -> Findings:
        """Return the findings of gate 2; `personal`: for rules that need a verified customer."""
        found = self._shopper.get(personal)
        if found is None:
            found = self._shopper[personal] = tuple(check_shopper(self.scene, personal=personal))
        return found

    def suppression_findings(self, rule: Rule, *, about_order: bool) -> Findings:
        """Return the findings of gate 5.

        Args:
            rule: The rule that is checked; remedies have other findings.
            about_order: What `concerns_order` says of the rule.
        """
        key = rule.remedy, about_order
        found = self._suppression.get(key)
        if found is None:
            suppress_rules = self.context.rulebook.suppress
            found = tuple(check_suppression(self.scene, rule, self.policy, suppress_rules))
            self._suppression[key] = found
        return found

    def availability_findings(self, wanted: int, standing: Offer | None = None) -> Findings:
        """Return the findings of gate 6.

        Args:
            wanted: The most units that a push would promise.
            standing: The standing offer that is checked instead. Earlier promises have the first
                claim on the stock, so the newest offers are withdrawn first.
        """
        if standing is not None:
            promised = self.context.ahead.get(standing.id, 0)
            return tuple(check_availability(self.scene, self.policy, promised, standing.max_qty))
        found = self._availability.get(wanted)
        if found is None:
            found = tuple(check_availability(self.scene, self.policy, self._promised(), wanted))
            self._availability[wanted] = found
        return found

    def timing_findings(self, rule: Rule, holds_at: int) -> Findings:
        """Return the findings of gate 8 for a rule whose condition holds from `holds_at`."""
        at_once = rule.remedy and type(self.context.signal) is VoucherIssued
        key = holds_at, rule.moment, at_once
        found = self._timing.get(key)
        if found is None:
            found = self._timing[key] = tuple(
                check_timing(self.scene, rule, holds_at, self.policy, at_once=at_once)
            )
        return found

    def contact_findings(self, rule: Rule) -> Findings:
        """Return the findings of gate 9.

        The gate reads the rule in three places: its own cooldown after a dismissal, whether it stacks
        with an accepted offer, and whether it gives a remedy. Where none matters, all rules have one
        result.
        """
        if self._differing is None:
            cooldowns = self.scene.contact.cooldowns
            cooling = frozenset(one.key for one in cooldowns if one.scope == "rule")
            self._differing = not all(one.takes_screen for one in self.standing), cooling
        all_differ, cooling = self._differing
        key = rule.id if rule.remedy or all_differ or rule.id in cooling else None
        found = self._contact.get(key)
        if found is None:
            found = tuple(check_contact_policy(self.scene, rule, self.policy, self.standing))
            self._contact[key] = found
        return found

    def price_of(self, rule: Rule) -> PricedRule:
        """Return the rule's price for the item; the gates and `build_candidate` both read it."""
        found = self._prices.get(rule.id)
        if found is None:
            quote = self._remedy_quote() if rule.price.mode == "remedy" else self._quote(rule)
            hold = quote.saved * rule.max_qty if isinstance(quote, Quote) else 0
            found = self._prices[rule.id] = PricedRule(quote, self.price_basis, hold)
        return found

    def _promised(self) -> int:
        """Return the units that standing offers of all sessions promise.

        The visible offer on this item is not counted, because a push would replace it.
        """
        sku, territory = self.scene.item.sku, self.scene.territory
        if territory is None:
            return 0
        promised = self.context.committed.get((sku, territory), 0)
        for offer in self.standing:
            if offer.sku == sku and offer.advertised:
                promised -= offer.max_qty
        return promised

    def _quote(self, rule: Rule) -> Quote | PriceRefusal:
        return pricing.quote(
            rule.price,
            self.price_basis,
            step=self._ladder_step(rule) if rule.price.ladder else 0,
            min_margin_bp=self.policy.min_margin_bp,
            max_total_discount_bp=self.policy.max_total_discount_bp,
            endings=self.policy.endings,
            rounding=self.policy.rounding,
        )

    def _ladder_step(self, rule: Rule) -> int:
        """Return the number of earlier pushes of the rule in this session."""
        approaches, session = self.scene.contact.approaches, self.scene.session.id
        return sum((one.rule, one.session) == (rule.id, session) for one in approaches)

    def _remedy_quote(self) -> Quote | PriceRefusal:
        """Return the price with the customer's voucher. It was promised, so no floor limits it."""
        remedy = self.scene.remedy
        if self.price_basis is None or remedy is None:
            return PriceRefusal("price.missing")
        return pricing.voucher(remedy.fact.value, self.price_basis)


def price_basis_of(scene: Scene) -> PriceBasis | None:
    """Return the public price of the item in the shopper's territory; None: there is none."""
    reported = scene.price
    if reported is None or scene.territory is None:
        return None
    cost = scene.item.cost(scene.territory, reported.fact.price.currency)
    return pricing.price_basis(reported.fact, cost.fact if cost else None)
