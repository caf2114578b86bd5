"""Exposures of a turn: what reports compare, recorded where an offer is pushed or held out."""

from typing import Final

from msgspec import structs

from tactful.core.context import Context
from tactful.core.decision import Decision
from tactful.core.offers.offer import Offer, OfferState
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import Rule
from tactful.core.stages.holdout import variant_of
from tactful.core.values.money import BP
from tactful.core.verdicts.reasons import Reason
from tactful.runtime.ports.exposure_store import Exposure

_AT_THE_TRIGGER: Final = frozenset({OfferState.PUSHED, OfferState.HELD_OUT})
"""The states of an offer that this turn has made."""


def exposures_of(context: Context, decision: Decision) -> tuple[Exposure, ...]:
    """Return the exposures of a turn; nearly always none or one.

    Only shoppers with consent `personal` are units (server/SEMANTICS.md, section 8). A rule that runs as a
    shadow pushes nothing, so it has no arms to compare.

    Args:
        context: What the decision read.
        decision: What it decided.
    """
    session, rulebook = decision.session, context.rulebook
    if session.consent != "personal" or session.gpc:
        return ()
    found = []
    for offer in decision.offers:
        if offer.issued_at == context.now and offer.state in _AT_THE_TRIGGER:
            rule = rulebook.rules[offer.rule]
            if _is_compared(rule):
                plain = _exposure(offer, rule, rulebook.policy)
                found.append(_in_experiment(plain, offer, rule, context, decision))
    return tuple(found)


def treated_share(rule: Rule, policy: Policy) -> int:
    """Return the share of units that may see a rule's offers, in basis points.

    In an experiment they are the units that may see an offer of any of its rules.
    """
    holdout = 0 if rule.remedy else policy.holdout_bp
    share = rule.share_bp
    if rule.experiment is not None:
        share = sum(one for _, one in rule.experiment.variants)
    return (BP - holdout) * share // BP


def _is_compared(rule: Rule) -> bool:
    """Return whether a rule has arms; a voucher is owed, so it has some in a trial only."""
    return rule.mode != "shadow" and (not rule.remedy or rule.share_bp < BP)


def _exposure(offer: Offer, rule: Rule, policy: Policy) -> Exposure:
    return Exposure(
        unit=offer.customer or offer.session,
        is_customer=offer.customer is not None,
        session=offer.session,
        rule=offer.rule,
        is_treated=offer.state is not OfferState.HELD_OUT,
        treated_bp=treated_share(rule, policy),
        at=offer.issued_at,
        product=offer.product,
        territory=offer.territory,
        currency=offer.currency,
        saved=offer.saved,
    )


def _in_experiment(
    plain: Exposure, offer: Offer, rule: Rule, context: Context, decision: Decision
) -> Exposure:
    """Return an exposure with the arm of its unit, where the rule is in an experiment.

    The arm is the unit's rule even where that may make no offer here. Otherwise the arms would not be
    alike (intention to treat).
    """
    experiment = rule.experiment
    if experiment is None:
        return plain
    arm = rule.id if plain.is_treated else None
    reasons = {step.offer: step.reason for step in decision.steps}
    if reasons.get(offer.id) == Reason.HOLDOUT_VARIANT:
        shopper = offer.customer or decision.session.shopper
        arm = variant_of(context.seed, shopper, experiment)
    share = dict(experiment.variants).get(arm or "", 0)
    return structs.replace(
        plain,
        rule=arm or rule.id,
        is_treated=arm is not None,
        experiment=experiment.id,
        edition=experiment.edition,
        arm_bp=(BP - context.rulebook.policy.holdout_bp) * share // BP,
    )
