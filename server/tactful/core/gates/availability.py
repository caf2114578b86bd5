"""Is there enough of it, after everything that was promised already? Gate 6."""

from collections.abc import Iterator

from tactful.core.context import Scene
from tactful.core.rules.policy import Policy
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Finding


def check_availability(
    scene: Scene, policy: Policy, promised: int, wanted: int
) -> Iterator[Finding]:
    """Stock that is not known is none. `promised`: what standing offers hold; `wanted`: this one's."""
    there, at = scene.available, None
    if scene.territory:
        at = scene.item.stock_at(scene.territory)
    if there is None or there <= 0:
        yield Finding(Reason.STOCK_OUT, actual=there, needed=1, at=at)
        return
    if there < policy.stock_minimum:
        yield Finding(Reason.STOCK_MINIMUM, actual=there, needed=policy.stock_minimum, at=at)
    if there < promised + wanted:
        yield Finding(Reason.STOCK_COMMITTED, actual=there - promised, needed=wanted, at=at)
