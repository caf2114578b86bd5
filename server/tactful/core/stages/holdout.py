"""Hold-outs: shoppers who are deliberately shown nothing, to measure the effect.

Gate 12 (server/SEMANTICS.md, section 7). Membership is computed by a keyed hash, and is not stored.
A customer is in the same group on every device and after every restart. The groups cannot be
computed without the shop's seed.
"""

from hashlib import blake2b

from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import Experiment, Rule
from tactful.core.verdicts.reasons import Reason


def draw_bp(seed: str, *parts: str) -> int:
    """Return a uniform draw from 0 to 9999 (basis points), the same for the same arguments.

    Args:
        seed: The shop's secret seed; its first 64 bytes are the key of the hash.
        *parts: What the draw is for. Different parts give independent draws.

    Returns:
        The draw. Its bias is below 10,000 ÷ 2^64.
    """
    digest = blake2b("\0".join(parts).encode(), key=seed.encode()[:64], digest_size=8).digest()
    return int.from_bytes(digest, "big") % 10_000


def holdout_reason(seed: str, shopper: str, rule: Rule, policy: Policy) -> Reason | None:
    """Return why a winning candidate is not shown to this shopper; None: it is shown.

    Args:
        seed: The shop's secret seed.
        shopper: `Scene.holdout_key`.
        rule: The winning rule; its `share_bp` of shoppers sees it.
        policy: The shop's policy; its `holdout_bp` of shoppers sees no offer but vouchers.

    Returns:
        `holdout.global`, `holdout.rule`, `holdout.variant` or None.
    """
    # A voucher is owed to its customer: nobody is held out from it to measure other offers.
    is_measured = policy.holdout_bp and not rule.remedy
    if is_measured and draw_bp(seed, "holdout", shopper) < policy.holdout_bp:
        return Reason.HOLDOUT_GLOBAL
    # The rule's id is part of the draw: two rules of 50 % split shoppers independently.
    if rule.share_bp < 10_000 and draw_bp(seed, "rule", rule.id, shopper) >= rule.share_bp:
        return Reason.HOLDOUT_RULE
    if rule.experiment is not None:
        variant = variant_of(seed, shopper, rule.experiment)
        if variant is None:
            return Reason.HOLDOUT_RULE
        return None if variant == rule.id else Reason.HOLDOUT_VARIANT
    return None


def variant_of(seed: str, shopper: str, experiment: Experiment) -> str | None:
    """Return the rule of an experiment that a shopper is for; None: the shopper is held out.

    Only the experiment's id is part of the draw, so that a login, a restart or another node changes
    nothing. Where a share grows, the other shoppers keep their rules as far as possible.

    Args:
        seed: The shop's secret seed.
        shopper: `Scene.holdout_key`.
        experiment: The experiment.
    """
    left = draw_bp(seed, "experiment", experiment.id, shopper)
    for rule, share_bp in experiment.variants:
        if left < share_bp:
            return rule
        left -= share_bp
    return None
