"""What the change log says about a redemption, cancellation or refund."""

from tactful.core.redemption.redemption_rows import RedemptionOutcome
from tactful.runtime.ports.ledger_rows import Subject


def redemption_subjects(outcome: RedemptionOutcome, order: str) -> tuple[tuple[Subject, ...], int]:
    """Return (subjects, instant) of the change: the offers that it concerns, then the order.

    Args:
        outcome: What was written.
        order: The order, as it is stored.
    """
    offers = {
        *(offer.id for offer in outcome.offers),
        *(row.offer for row in outcome.redemptions),
        *(move.offer for move in outcome.moves if move.offer),
    }
    instants = [*(step.at for step in outcome.steps), *(row.at for row in outcome.redemptions)]
    subjects = (*(("offer", offer) for offer in sorted(offers)), ("order", order))
    return subjects, max(instants, default=0)
