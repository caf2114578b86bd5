"""Gate 8: the shopper must be engaged and pausing, and not paying or in a support chat.

It enforces server/SEMANTICS.md, section 6, rule 9. An offer must not interrupt typing, a payment or a
complaint, however good it is.
"""

from collections.abc import Iterator
from typing import Final

from tactful.core.context import Scene
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import NEEDS_ACTIVITY, NEVER, NOW, Rule
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Finding

PAYING: Final = frozenset({"checkout", "payment"})
"""Pages on which no offer interrupts the shopper."""


def check_timing(
    scene: Scene, rule: Rule, holds_at: int, policy: Policy, *, at_once: bool = False
) -> Iterator[Finding]:
    """Yield why an offer may not appear now.

    Args:
        scene: The item in front of the shopper.
        rule: The rule; `moment: rescue` waives the engaged time and the pause in a rescue.
        holds_at: What `rule.holds_from` returns for the scene.
        policy: The shop's thresholds.
        at_once: Whether the offer is a voucher that was issued just now. Nothing but the page, a
            payment and a support chat delays it.

    Yields:
        `timing.wait`, `timing.checkout`, `timing.chat` and `timing.quiet`. `Finding.until` is the
        instant from which waiting alone passes the check; None: a signal is needed.
    """
    yield from _wait_findings(scene, rule, holds_at, policy, at_once=at_once)
    session = scene.session
    if session.page in PAYING:
        yield Finding(Reason.TIMING_CHECKOUT, actual=session.page)
    if session.chat_open:
        yield Finding(Reason.TIMING_CHAT, actual="open", needed="closed")
    if scene.now < scene.contact.quiet_until and not at_once:
        until = scene.contact.quiet_until
        yield Finding(Reason.TIMING_QUIET, actual=scene.now, needed=until, until=until)


def _wait_findings(
    scene: Scene, rule: Rule, holds_at: int, policy: Policy, *, at_once: bool
) -> Iterator[Finding]:
    """Yield `timing.wait` while engaged time, pause or a timed condition is missing."""
    session = scene.session
    # Waiting does not help while the page is hidden: only a signal shows it again.
    if not session.visible:
        yield Finding(Reason.TIMING_WAIT, actual="hidden", needed="visible")
        return
    # Gate 4 reports a condition that time cannot make true. This gate must not suggest that waiting
    # would help, so it continues as if the condition held.
    if holds_at == NEVER:
        holds_at = NOW
    if not at_once and (rule.moment != "rescue" or not session.rescue):
        engaged_at = _engaged_at(scene, policy)
        holds_at = max(holds_at, engaged_at, session.last_input + policy.moment.since_input)
    if holds_at > scene.now:
        ends_by_waiting = holds_at < NEEDS_ACTIVITY
        # Seconds are rounded up: "0 more seconds" would read as passed.
        more = -(-(holds_at - scene.now) // 1000)
        yield Finding(
            Reason.TIMING_WAIT,
            actual={"engaged": _engaged_seconds(scene)},
            needed={"more": more} if ends_by_waiting else {"engaged": "more"},
            until=holds_at if ends_by_waiting else None,
        )


def _engaged_at(scene: Scene, policy: Policy) -> int:
    """Return when the engaged time suffices, milliseconds since the Unix epoch, UTC.

    The shopper is engaged with the item whose page is open, and in the cart with everything in it.
    With any other item no engaged time runs, however long a page is open.
    """
    session = scene.session
    if session.focus == scene.item.sku or session.page == "cart":
        return session.dwell_reaches(policy.moment.engaged)
    return NEEDS_ACTIVITY


def _engaged_seconds(scene: Scene) -> int:
    """Return the engaged time with the item, in whole seconds."""
    if scene.session.focus != scene.item.sku and scene.session.page != "cart":
        return 0
    return scene.session.dwell(scene.now) // 1000
