"""Split off."""

from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import NEEDS_ACTIVITY, NOW
from tactful.core.session.session import Session


def earliest_push_at(session: Session, policy: Policy) -> int:
    """Before which instant no rule can pass this gate, whatever it says; `WAITING`: not by time alone.

    Most of what a shopper does is a reason to wait: then no rule need be looked at.
    """
    if not session.visible:
        return NEEDS_ACTIVITY
    if session.rescue:
        return NOW
    if session.focus is None and session.page != "cart":
        return NEEDS_ACTIVITY
    engaged = session.dwell_reaches(policy.moment.engaged)
    rested = session.last_input + policy.moment.since_input
    return engaged if engaged > rested else rested
