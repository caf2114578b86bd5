"""The role of the ledger that keeps exposures: the first trigger of each unit and rule.

A unit of an experiment has a row for each edition of the experiment, beside the row that the rule may
have without it.
"""

from collections.abc import AsyncGenerator
from typing import Literal, Protocol

from msgspec import Struct


class Exposure(Struct, frozen=True, gc=False):
    """The first time that an offer of a rule was pushed to a unit, or was held out from it.

    Both arms are recorded at the same point of the decision: after every gate and arbitration.
    """

    unit: str
    """The unit: a session, or a customer.

    On its way into the ledger a customer has the shop's id. As stored, a customer has the keyed digest
    of that id (`CustomerData.erasure_digest`), so that reports need no personal data.
    """
    is_customer: bool
    """Whether the unit is a customer who was verified at the trigger."""
    session: str
    """The session of the trigger, by which a guest and the customer of a later login are one unit."""
    rule: str
    is_treated: bool
    """Whether the offer was pushed; False: it was held out."""
    treated_bp: int
    """The share of units that were treated at that time, in basis points."""
    at: int
    """The instant of the trigger, milliseconds since the Unix epoch, UTC."""
    product: str
    """The product of the offer."""
    territory: str
    currency: str
    """ISO 4217 code of the offer."""
    saved: int
    """What the offer saves on one unit of the product, or on the order, in minor units."""
    experiment: str = ""
    """The experiment that the rule was in; empty: in none."""
    edition: str = ""
    """What the experiment compared (`core.rules.rule.Experiment.edition`)."""
    arm_bp: int = 0
    """The share of shoppers for whom the unit's rule was, in basis points; 0: held out, or no experiment."""


ExposureRow = tuple[str, str, str, str, bool, bool, int, int, str, str, int]
"""What reports read of an exposure: unit, session, rule, edition, `is_customer`, `is_treated`,
`treated_bp`, `at`, product, territory and `arm_bp`, as `Exposure` explains them.

A tuple, because a report reads a million of them. The booleans may be the numbers 0 and 1.
"""


class OfferReaction(Struct, frozen=True, gc=False, kw_only=True):
    """A dismissal of an offer, or the saving of an order that redeemed one."""

    kind: Literal["dismissal", "saving"]
    session: str
    """The session of the offer."""
    customer: str | None
    """The customer of the offer."""
    at: int
    """Milliseconds since the Unix epoch, UTC."""
    saved: int
    """What the order saved, in minor units of `currency`; 0 for a dismissal."""
    currency: str
    """ISO 4217 code of the offer."""


class ExposureStore(Protocol):
    """Keeps what reports compare: the first exposure of each unit and rule, and reactions to offers.

    Exposures are written with `Commit.exposures`.
    """

    def exposures(
        self, since: int, until: int, *, rule: str | None = None, experiment: str | None = None
    ) -> AsyncGenerator[list[ExposureRow], None]:
        """Yield the exposures of [since, until) in pages, in order of unit, rule and edition.

        What is stored while they are read may be missing. The read first waits until everything queued
        with `TurnStore.record` so far is written.

        Args:
            since: Milliseconds since the Unix epoch, UTC.
            until: Milliseconds since the Unix epoch, UTC; excluded.
            rule: The rule, outside experiments; None: every rule.
            experiment: The experiment; None: with and without one.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    def exposed_units(
        self, since: int, until: int, *, rule: str | None = None, experiment: str | None = None
    ) -> AsyncGenerator[list[tuple[str, str, bool]], None]:
        """Yield (unit, session, whether the unit is a customer) of the exposures that `exposures` yields.

        It takes a third of the time. The arguments are those of `exposures`.

        Raises:
            LedgerError: The ledger cannot be read.
        """

    async def offer_reactions(self, since: int, until: int) -> list[OfferReaction]:
        """Return the dismissals and savings of [since, until), in order of their instants.

        A saving counts while its redemption stands. Offers past their retention have none left.

        Args:
            since: Milliseconds since the Unix epoch, UTC.
            until: Milliseconds since the Unix epoch, UTC; excluded.

        Raises:
            LedgerError: The ledger cannot be read.
        """
