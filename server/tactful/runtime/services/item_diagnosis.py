"""Diagnosis of the item of a page: what is reported about it, and why it has no offer."""

from msgspec import Struct

from tactful.core.facts.item import Item
from tactful.core.facts.item_facts import Price
from tactful.core.gates.page_price import contradicting_price
from tactful.core.pricing.quote import price_basis
from tactful.core.values.money import Money, format_plain
from tactful.core.verdicts.counterfactuals import value_words
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Verdict
from tactful.runtime.facts.page_lookup import sku_at
from tactful.runtime.services.explanations import (
    ExplanationService,
    HypotheticalVisit,
    UnknownShopperError,
)
from tactful.runtime.state.session_registry import internal_id
from tactful.runtime.state.shop_state import ShopState


class PageReport(Struct, frozen=True):
    """What a page says about itself."""

    sku: str | None = None
    """The SKU that the page names; `None`: it names none."""
    url: str | None = None
    """The page's address."""
    session: str | None = None
    """The public id of the shopper's session; `None`: there is none."""
    territory: str | None = None
    """The territory that the page names (ISO 3166-1 or 3166-2)."""
    price: Money | None = None
    """The price that the page shows."""


class ItemDiagnosis(Struct, frozen=True, kw_only=True):
    """What the shop knows about the item of a page."""

    sku: str | None
    """The SKU that was looked up; `None`: the page names no item, and its address neither."""
    territory: str | None
    known: bool = False
    """Whether the shop has reported the product or one of its prices."""
    price: Money | None = None
    """The public price in force in the territory."""
    has_cost: bool = False
    available: int | None = None
    """Units that can be sold in the territory; `None`: unknown, or not counted."""
    rulebook: str | None = None
    verdicts: tuple[Verdict, ...] = ()
    """One per rule that is about the item."""
    advice: tuple[str, ...] = ()
    """What keeps the item from an offer, and what to do; sentences."""


class DiagnosisService:
    """Diagnoses items of the shop's pages. It changes nothing."""

    def __init__(
        self, shop: ShopState, explanations: ExplanationService, territory: str | None
    ) -> None:
        """`territory` is that of a page which names none."""
        self._shop = shop
        self._explanations = explanations
        self._territory = territory

    async def diagnose(self, page: PageReport) -> ItemDiagnosis:
        """Return what keeps the item of a page from an offer.

        Raises:
            LedgerError: The ledger cannot be read.
            LookupError: A stored fact cannot be decoded.
        """
        live = self._shop.registry.by_id.get(internal_id(page.session)) if page.session else None
        territory = (live.state.territory if live else None) or page.territory or self._territory
        sku = page.sku
        item = await self._shop.fact_cache.read_item(sku) if sku else None
        if (item is None or not _is_known(item)) and page.url:
            sku = await sku_at(self._shop.ledger, page.url) or sku
            item = await self._shop.fact_cache.read_item(sku) if sku else None
        if sku is None or item is None:
            return ItemDiagnosis(sku=None, territory=territory, advice=(_NO_ITEM,))
        if not _is_known(item):
            return ItemDiagnosis(sku=sku, territory=territory, advice=(_unknown(sku),))
        now = self._shop.clock.now()
        stored = item.price_at(territory, now) if territory else None
        price = stored.fact if stored else None
        try:
            found = await self._explanations.explain(
                sku,
                session=page.session if live else None,
                customer=None,
                visit=None if live else HypotheticalVisit(territory),
            )
        except UnknownShopperError:  # the session ended in the meantime
            found = await self._explanations.explain(
                sku, session=None, customer=None, visit=HypotheticalVisit(territory)
            )
        afterwards = await self._after_the_wait(sku, territory, found.verdicts) if live else ()
        return ItemDiagnosis(
            sku=sku,
            territory=territory,
            known=True,
            price=price.price if price else None,
            has_cost=bool(price and territory and _has_cost(item, territory, price)),
            available=item.available(territory) if territory else None,
            rulebook=found.rulebook,
            verdicts=found.verdicts,
            advice=(
                *_about_item(item, territory, price),
                *_about_price(sku, page.price, price),
                *(_about_rules(found.verdicts, sku) if not found.offers else ()),
                *(_about_rules(afterwards, sku) if afterwards and not found.offers else ()),
            ),
        )

    async def _after_the_wait(
        self, sku: str, territory: str | None, verdicts: tuple[Verdict, ...]
    ) -> tuple[Verdict, ...]:
        """Return what would keep rules from an offer that only wait for the shopper to stay.

        The doctor is asked as soon as a page is open, when every rule waits and hides its other causes.
        """
        waiting = {one.rule for one in verdicts if one.reason is Reason.TIMING_WAIT}
        if not waiting:
            return ()
        later = await self._explanations.explain(
            sku, session=None, customer=None, visit=HypotheticalVisit(territory)
        )
        return tuple(
            one
            for one in later.verdicts
            if one.rule in waiting and one.reason not in {None, Reason.TIMING_WAIT}
        )


_NO_ITEM = (
    "The page names no product, and no product fact has the page's address. Call "
    "tactful('view', sku), or report the address as the product's `url`."
)


def _is_known(item: Item) -> bool:
    return item.product is not None or bool(item.prices)


def _has_cost(item: Item, territory: str, price: Price) -> bool:
    return item.cost(territory, price.price.currency) is not None


def _unknown(sku: str) -> str:
    return (
        f"The shop has reported nothing about the SKU {sku}. Import its product, price, cost and "
        "stock, or make the page name the SKU of your facts."
    )


def _about_item(item: Item, territory: str | None, price: Price | None) -> tuple[str, ...]:
    """Return what is missing in the facts about an item."""
    sku = item.sku
    if item.ended:
        return (f"{sku} is reported as {item.ended}. Report it with a higher version to sell it.",)
    if territory is None:
        return ("No territory is known. Set data-territory, or the setting default_territory.",)
    found = []
    if price is None:
        others = ", ".join(sorted(item.prices))
        have = f" It has a price in: {others}." if others else ""
        found.append(f"{sku} has no price in {territory}.{have} Report one, or set data-territory.")
    elif not _has_cost(item, territory, price):
        found.append(
            f"{sku} has no cost in {territory}. Report one: rules that keep a floor need it."
        )
    if not item.stock.get(territory):
        found.append(f"No stock of {sku} is reported in {territory}. Report it.")
    elif item.available(territory) == 0:
        found.append(f"{sku} is out of stock in {territory}.")
    return tuple(found)


def _about_price(sku: str, shown: Money | None, price: Price | None) -> tuple[str, ...]:
    """Return whether the page shows less than the reported price."""
    if shown is None or price is None:
        return ()
    if contradicting_price(shown, price_basis(price, None)) is None:
        return ()
    text = (
        f"price.disagrees: the page shows {format_plain(shown)} for {sku}, and the reported price "
        f"is {format_plain(price.price)}. Report the price that the page shows."
    )
    return (text,)


def _about_rules(verdicts: tuple[Verdict, ...], sku: str) -> tuple[str, ...]:
    """Return for each rule what keeps it from an offer."""
    if not verdicts:
        return (
            f"No rule is about {sku}. Write one, or start the server with the folder of your rules.",
        )
    return tuple(
        f"Rule {one.rule}: {one.outcome} because of {one.reason.value}{_clauses(one)}. It would "
        f"change if {one.reason.change}."
        for one in verdicts
        if one.reason
    )


def _clauses(verdict: Verdict) -> str:
    """Return the clauses that fail, in words; none about a customer, whom the page may show."""
    said = [
        f"{field} is {value_words(value)}, required is {found.needed}"
        for found in verdict.findings
        if found.reason is Reason.TARGET_CONDITIONS
        for field, value in (found.actual or {}).items()
        if not field.startswith("customer.")
    ]
    return f" ({'; '.join(said)})" if said else ""
