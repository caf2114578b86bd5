"""The words of the page Start here: each step, and what to do while it is open."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from tactful.runtime.services.first_steps import STEPS, StepName


class StepWords(Struct, frozen=True):
    """A step in words."""

    title: str
    remedy: str
    """What to do while the step is open, in full sentences; empty: the page has a form for it."""


class StepView(Struct, frozen=True):
    """A step, and whether it is done."""

    name: StepName
    words: StepWords
    done: bool


STEP_WORDS: Final[Mapping[StepName, StepWords]] = {
    "script": StepWords(
        "A page of the shop has opened a session",
        "Put this tag into the head of every page of the shop, and open one of them. If the step stays "
        "open, `tactful doctor` looks at the page and says why.",
    ),
    "product": StepWords(
        "A product is known",
        "Report the products: `tactful import products.csv`, a connector, or the fact `product`.",
    ),
    "price": StepWords(
        "A public price is known",
        "Report the prices with their currency and territory, in the same file or as the fact `price`. "
        "Without a price nothing is offered.",
    ),
    "cost": StepWords(
        "A cost is known",
        "Report what an item costs the shop, as the fact `cost`. A floor such as `margin: 20%` needs it, "
        "and withholds offers of items without one.",
    ),
    "stock": StepWords(
        "A stock level is known",
        "Report the units in stock, as the fact `stock`. An unknown stock counts as none.",
    ),
    "order": StepWords(
        "An order is known",
        "Report orders, as the fact `order` or with a plugin for the shop. They prevent offers of what a "
        "customer owns, and show what offers earned.",
    ),
    "case": StepWords(
        "A support case is known",
        "Connect the help desk (`server/howto/help-desks.md`), or report the fact `case`. Without cases, "
        "offers are made for items that a customer complains about.",
    ),
    "rule": StepWords("A rule is active", ""),
    "offer": StepWords(
        "The first offer was made",
        "Open a page of an item that the rule covers, and look at it for as long as the rule says. The "
        "page Why says which gate withholds it.",
    ),
    "redemption": StepWords(
        "The first offer was redeemed",
        "Accept an offer, and buy the item. The checkout redeems it with `POST /v1/redemptions`, or with "
        "a plugin. `tactful connect bridge URL` checks that.",
    ),
    "holdout": StepWords("Some shoppers are held out, so that results can be measured", ""),
}
"""Step → its words."""


def step_views(done: frozenset[StepName]) -> list[StepView]:
    """Return all steps in their order."""
    return [StepView(name, STEP_WORDS[name], name in done) for name in STEPS]
