"""Withdrawals sent ahead of their turns, because no shopper's gates can prevent them.

A turn takes five times as long as the frame that it sends. Where one change ends the offers of
thousands of sessions, all of them get their frame first, and their turns follow.
"""

from msgspec import Struct

from tactful.core.context import Scene
from tactful.core.decision import WithdrawOffer
from tactful.core.gates.pipeline import failed_by_everyone, rule_of
from tactful.core.offers.offer import Offer
from tactful.core.session.session import Session
from tactful.core.verdicts.reasons import Reason
from tactful.runtime.sessions.turn_runner import IDLE, TurnRunner
from tactful.runtime.state.session_registry import LiveSession
from tactful.runtime.state.shop_state import ShopState


class _Group(Struct, frozen=True, gc=False):
    """What the offers have in common for which one evaluation is enough."""

    sku: str
    territory: str | None
    rule: str
    digest: str
    on_change: str
    max_qty: int


class EarlyWithdrawals:
    """The withdrawals that one change makes certain; use one object for each chunk of sessions."""

    def __init__(self, state: ShopState, turns: TurnRunner) -> None:
        """Evaluate nothing yet.

        Args:
            state: The memory of the shop. It must not change while the object is used.
            turns: Sends the withdrawals.
        """
        self._items = state.fact_cache
        self._rulebook = state.active_rulebook.current
        self._now = state.clock.now()
        self._turns = turns
        self._reasons: dict[_Group, Reason | None] = {}

    def send(self, live: LiveSession) -> None:
        """Send the withdrawal of a session's offer if it is certain."""
        offer = self._sole_offer(live)
        if offer is None:
            return
        session = live.state
        group = _Group(
            offer.sku,
            session.territory,
            offer.rule,
            offer.rule_digest,
            offer.on_change,
            offer.max_qty,
        )
        if group not in self._reasons:
            self._reasons[group] = self._reason(session, offer)
        reason = self._reasons[group]
        if reason is not None:
            self._turns.send_early(live, WithdrawOffer(offer.id, session.seq + 1), reason)

    def _sole_offer(self, live: LiveSession) -> Offer | None:
        """Return the offer that the next turn would withdraw as its first step, if it withdraws any.

        Of several offers, those before it could take the number of its step.
        """
        if live.phase is not IDLE or live.mailbox or not live.connections or live.state.parked:
            return None
        offers = live.state.offers
        if len(offers) != 1 or not offers[0].takes_screen:
            return None
        lapses_at = offers[0].lapses_at
        return None if lapses_at is not None and lapses_at <= self._now else offers[0]

    def _reason(self, session: Session, offer: Offer) -> Reason | None:
        item = self._items.item(offer.sku)
        if item is None:
            return None
        scene = Scene(now=self._now, session=session, item=item, territory=session.territory)
        rule = rule_of(offer, self._rulebook.rules.get(offer.rule))
        found = next(failed_by_everyone(scene, self._rulebook, rule, offer), None)
        return found.reason if found else None
