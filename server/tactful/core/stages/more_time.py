"""More time for a shopper who has not decided yet (WCAG 2.2, success criterion 2.2.1).

An offer is extended by its original length, at most ten times, after it has passed its gates again.
It never outlives its rule, its discount code or the start of an exclusion. A voucher ends when its fact says.
"""

from typing import Final

from msgspec import structs

from tactful.core.context import Scene
from tactful.core.decision import RefuseRequest
from tactful.core.decision_builder import DecisionBuilder
from tactful.core.gates.prohibition import next_exclusion
from tactful.core.offers.offer import Offer
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import NEVER, Exclusion, Rule

MAX_EXTENSIONS: Final = 10
"""How often an offer can be extended (WCAG 2.2, success criterion 2.2.1, "Extend")."""


def latest_end(scene: Scene, rule: Rule, exclusions: tuple[Exclusion, ...]) -> int:
    """Return the instant that no offer of a rule outlives, in milliseconds since the Unix epoch, UTC.

    Args:
        scene: The item in front of the shopper.
        rule: The rule of the offer.
        exclusions: The shop's exclusions.
    """
    return min(rule.ends, next_exclusion(scene, exclusions) if exclusions else NEVER)


def may_extend(offer: Offer, latest: int, policy: Policy) -> bool:
    """Return whether a visible offer may be extended.

    Args:
        offer: The offer.
        latest: The instant that it cannot outlive, in milliseconds since the Unix epoch, UTC.
        policy: The shop's policy, which may call the time limit essential.
    """
    return offer.extensions < MAX_EXTENSIONS and may_extend_new(
        offer.ends_at, latest, policy, is_voucher=bool(offer.remedy)
    )


def may_extend_new(ends_at: int, latest: int, policy: Policy, *, is_voucher: bool) -> bool:
    """Return whether a visible offer that was never extended may be extended.

    Args:
        ends_at: Its end, in milliseconds since the Unix epoch, UTC.
        latest: The instant that it cannot outlive, in milliseconds since the Unix epoch, UTC.
        policy: The shop's policy, which may call the time limit essential.
        is_voucher: Whether it gives a voucher.
    """
    return not is_voucher and not policy.essential_time_limit and ends_at < latest


def extend_offer(builder: DecisionBuilder, offer: Offer, scene: Scene) -> None:
    """Extend an offer whose shopper asks for more time, or refuse.

    Where nothing can be recorded, the offer stays as it is, and the shopper may ask again.

    Args:
        builder: The decision under construction.
        offer: The standing offer; if it is visible, it has just passed its gates again.
        scene: Its item in front of the shopper.
    """
    rulebook = builder.context.rulebook
    rule = rulebook.rules.get(offer.rule)
    latest = latest_end(scene, rule, rulebook.exclusions) if rule else 0
    if offer.code_ends_at is not None:
        latest = min(latest, offer.code_ends_at)
    if not offer.advertised or not may_extend(offer, latest, rulebook.policy):
        builder.effects.append(RefuseRequest(offer.id, "time"))
    elif builder.context.commits_suspended:
        builder.effects.append(RefuseRequest(offer.id, "later"))
    else:
        builder.extend(_extended(builder.show(offer), latest, rulebook.policy))


def _extended(offer: Offer, latest: int, policy: Policy) -> Offer:
    length = offer.ends_at - offer.issued_at - offer.extended_by
    ends_at = min(offer.ends_at + length, latest)
    longer = structs.replace(
        offer,
        ends_at=ends_at,
        extensions=offer.extensions + 1,
        extended_by=offer.extended_by + ends_at - offer.ends_at,
    )
    return structs.replace(longer, more_time=may_extend(longer, latest, policy))
