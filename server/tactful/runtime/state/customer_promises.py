"""The accepted offers of each customer, in whatever session they were accepted."""

from collections import defaultdict

from tactful.core.customer.aliasing import CustomerErasure
from tactful.core.offers.offer import Offer, OfferState


class CustomerPromises:
    """Index from a customer to their accepted offers that still stand.

    An accepted offer belongs to its customer and not to the browser
    (`server/SEMANTICS.md`, section 4). The session in which it was accepted keeps it; the
    customer's other sessions find it here.
    """

    def __init__(self) -> None:
        self._owner: dict[str, str] = {}
        """Offer id → the customer under whom it is indexed."""
        self._promises: dict[str, dict[str, Offer]] = defaultdict(dict)
        """Customer → offer id → accepted offer."""

    def update(self, offer: Offer) -> None:
        """Store the present state of an offer; an offer that is no promise is dropped."""
        self.drop(offer)
        if offer.customer and offer.state is OfferState.ACCEPTED:
            self._owner[offer.id] = offer.customer
            self._promises[offer.customer][offer.id] = offer

    def drop(self, offer: Offer) -> None:
        """Drop an offer, whatever its state."""
        owner = self._owner.pop(offer.id, None)
        if owner is not None:
            promises = self._promises[owner]
            del promises[offer.id]
            if not promises:
                del self._promises[owner]

    def customers(self) -> set[str]:
        """Return the customers who have accepted offers."""
        return {*self._promises}

    def erase_customer(self, erasure: CustomerErasure) -> None:
        """Keep a customer's promises under the alias."""
        for offer in tuple(self._promises.get(erasure.customer, {}).values()):
            self.update(erasure.replace_in(offer))

    def of(self, customer: str | None, session: str) -> tuple[Offer, ...]:
        """Return a customer's accepted offers that other sessions keep, in order of issue.

        Args:
            customer: The shop's id of the customer; None: an anonymous shopper, who has none.
            session: The internal id of the session that asks. Its own offers are left out.
        """
        promises = self._promises.get(customer) if customer else None
        if not promises:
            return ()
        found = [offer for offer in promises.values() if offer.session != session]
        return tuple(sorted(found, key=lambda offer: (offer.issued_at, offer.id)))
