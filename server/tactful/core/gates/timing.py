"""Is this the moment to speak? Gate 8."""

from collections.abc import Iterator
from typing import Final

from tactful.core.context import Scene
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import NEEDS_ACTIVITY, NEVER, NOW, Rule
from tactful.core.verdicts.reasons import Reason
from tactful.core.verdicts.verdict import Finding

PAYING: Final = frozenset({"checkout", "payment"})


def check_timing(scene: Scene, rule: Rule, ripe: int, policy: Policy) -> Iterator[Finding]:
    """Why it is too early, or not now. `ripe`: from when the rule's conditions hold; `until` says when the waiting alone is over."""
    yield from _wait(scene, rule, ripe, policy)
    session = scene.session
    if session.page in PAYING:
        yield Finding(Reason.TIMING_CHECKOUT, actual=session.page)
    if session.chat_open:
        yield Finding(Reason.TIMING_CHAT, actual="open", needed="closed")
    if scene.now < scene.contact.quiet_until:
        until = scene.contact.quiet_until
        yield Finding(Reason.TIMING_QUIET, actual=scene.now, needed=until, until=until)


def _wait(scene: Scene, rule: Rule, ripe: int, policy: Policy) -> Iterator[Finding]:
    """A hidden page has no end of waiting: only a signal ends it."""
    session = scene.session
    if not session.visible:
        yield Finding(Reason.TIMING_WAIT, actual="hidden", needed="visible")
        return
    if ripe == NEVER:
        ripe = NOW  # no time mends that, and gate 4 says so
    if rule.moment != "rescue" or not session.rescue:
        engaged = _engaged(scene, policy)
        ripe = max(ripe, engaged, session.last_input + policy.moment.since_input)
    if ripe > scene.now:
        known = ripe < NEEDS_ACTIVITY
        yield Finding(
            Reason.TIMING_WAIT,
            actual={"engaged": _seconds(scene)},
            needed={"more": -(-(ripe - scene.now) // 1000)} if known else {"engaged": "more"},
            until=ripe if known else None,
        )


def _engaged(scene: Scene, policy: Policy) -> int:
    """When the engaged time suffices; with an item whose page is not open nobody is engaged, but in the cart."""
    session = scene.session
    if session.focus == scene.item.sku or session.page == "cart":
        return session.dwell_reaches(policy.moment.engaged)
    return NEEDS_ACTIVITY


def _seconds(scene: Scene) -> int:
    if scene.session.focus != scene.item.sku and scene.session.page != "cart":
        return 0
    return scene.session.dwell(scene.now) // 1000
