"""Is this shopper deliberately shown nothing, so that the effect can be measured?"""

from hashlib import blake2b

from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import Rule
from tactful.core.verdicts.reasons import Reason


def draw_bp(seed: str, *parts: str) -> int:
    """A fair draw from 0 to 9999, the same for the same seed and parts."""
    digest = blake2b("\0".join(parts).encode(), key=seed.encode()[:64], digest_size=8).digest()
    return int.from_bytes(digest, "big") % 10_000


def holdout_reason(seed: str, shopper: str, rule: Rule, policy: Policy) -> Reason | None:
    """Why a winner is not shown to this shopper; None: it is."""
    if policy.holdout_bp and draw_bp(seed, "holdout", shopper) < policy.holdout_bp:
        return Reason.HOLDOUT_GLOBAL
    if rule.share_bp < 10_000 and draw_bp(seed, "rule", rule.id, shopper) >= rule.share_bp:
        return Reason.HOLDOUT_RULE
    return None
