"""What the shop knows about one verified customer."""

from collections.abc import Mapping

from msgspec import Struct

from tactful.core.facts import Case, Customer, Kept, Order, Product, Remedy, Return, Review


class History(Struct, frozen=True, kw_only=True):
    """The facts about one customer, and the products they mention.

    Every version of a review is here.
    `orders` has the customer's own, and those that a case or return of theirs names.
    """

    customer: str
    about: Kept[Customer] | None = None
    orders: tuple[Kept[Order], ...] = ()
    returns: tuple[Kept[Return], ...] = ()
    cases: tuple[Kept[Case], ...] = ()
    reviews: tuple[Kept[Review], ...] = ()
    remedies: tuple[Kept[Remedy], ...] = ()
    products: Mapping[str, Product] = {}
