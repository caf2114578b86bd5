"""Gate 6: enough units must be available after everything that was promised already.

It enforces server/SEMANTICS.md, section 6, rule 6. An unknown stock counts as empty: only reported
units are promised. Items that are sold without counted stock pass.
"""

from collections.abc import Iterator

from tactful.core.context import Scene
from tactful.core.rules.policy import Policy
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Finding


def check_availability(
    scene: Scene, policy: Policy, promised: int, wanted: int
) -> Iterator[Finding]:
    """Yield why the item cannot be promised.

    Args:
        scene: The item in front of the shopper.
        policy: The shop's policy; below `stock_minimum` units nothing is offered.
        promised: Units that other standing offers promise.
        wanted: Units that this offer promises at most.

    Yields:
        `stock.out`, `stock.minimum` or `stock.committed`.
    """
    item, territory, available = scene.item, scene.territory, scene.available
    enough = max(policy.stock_minimum, promised + wanted, 1)
    # Of a product that is not sold any more, no unit is available.
    if available is not None and available >= enough:
        return
    at = item.stock_at(territory) if territory else None
    if item.ended:
        yield Finding(Reason.STOCK_OUT, actual=item.ended, needed=1, at=at)
        return
    if territory and not item.is_counted(territory):
        return
    # The stock is below zero if a warehouse sold more than it counted.
    if available is None or available <= 0:
        yield Finding(Reason.STOCK_OUT, actual=available, needed=1, at=at)
        return
    if available < policy.stock_minimum:
        yield Finding(Reason.STOCK_MINIMUM, actual=available, needed=policy.stock_minimum, at=at)
    # Two shoppers with an offer for the last unit would make one of the two promises false.
    if available < promised + wanted:
        yield Finding(Reason.STOCK_COMMITTED, actual=available - promised, needed=wanted, at=at)
