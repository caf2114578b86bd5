"""The earliest instant at which any rule could pass gate 8.

After nearly every signal of a shopper, all rules have to wait. This test makes such a signal cheap:
no item, no rule and no fact is read before that instant.
"""

from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import NEEDS_ACTIVITY, NOW
from tactful.core.session.session import Session


def earliest_push_at(session: Session, policy: Policy) -> int:
    """Return the instant before which no rule can pass gate 8, whatever the rule says.

    Args:
        session: The session after the signal.
        policy: The shop's thresholds of engaged time and pause.

    Returns:
        Milliseconds since the Unix epoch, UTC; `NOW` where nothing has to be waited for;
        `NEEDS_ACTIVITY` where only a signal can change that. It is never later than the answer of
        gate 8 itself: a rule may have to wait longer, never shorter.
    """
    if not session.visible:
        return NEEDS_ACTIVITY
    # A rule with `moment: rescue` waits for nothing else.
    if session.rescue:
        return NOW
    if session.focus is None and session.page != "cart":
        return NEEDS_ACTIVITY
    engaged_at = session.dwell_reaches(policy.moment.engaged)
    paused_at = session.last_input + policy.moment.since_input
    # A comparison, because `max` takes five times as long and this line runs for every message.
    return engaged_at if engaged_at > paused_at else paused_at
