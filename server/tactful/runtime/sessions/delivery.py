"""Delivery of effects and snapshots to the connections of a session."""

from collections.abc import Sequence
from typing import Final

from tactful.core.decision import (
    ConfirmAcceptance,
    Effect,
    PushOffer,
    RefuseRequest,
    WithdrawOffer,
)
from tactful.core.offers.offer import OfferState
from tactful.runtime.security.key_files import KeyFileError
from tactful.runtime.security.token_issuer import IssuedOffer, issue_token
from tactful.runtime.state.session_registry import LiveSession, Outgoing, SessionSnapshot
from tactful.runtime.state.shop_state import ShopState

MAX_CONNECTIONS: Final = 16
"""Connections of one session; a seventeenth replaces the oldest, because nobody reads more tabs."""


class Delivery:
    """Sends recorded effects; no method waits or fails."""

    def __init__(self, state: ShopState) -> None:
        self._state = state

    def send_outbox(self, live: LiveSession) -> None:
        """Send the effects of the outbox to every connection, and empty it."""
        effects = [one for one in coalesced(live.outbox) if not _left(live, one)]
        live.outbox = []
        if live.early is not None:
            effects = [one for one in effects if one != live.early]
            live.early = None
        self._state.telemetry.record_delivery(effects)
        outgoing = self.with_tokens(effects)
        for connection in tuple(live.connections.values()):
            connection.subscriber.deliver(outgoing)

    def send_early(self, live: LiveSession, withdrawal: WithdrawOffer) -> None:
        """Send the withdrawal that the next turn of a session will decide; `send_outbox` skips it."""
        live.early = withdrawal
        self._state.telemetry.record_delivery((withdrawal,))
        for connection in tuple(live.connections.values()):
            connection.subscriber.deliver((withdrawal,))

    def send_snapshots(self, live: LiveSession) -> None:
        """Send the whole state to the newcomers, and the tokens of offers accepted before."""
        # This state still has an offer whose withdrawal was sent ahead, so it is sent again.
        live.early = None
        newcomers, live.newcomers = live.newcomers, []
        offers = live.state.offers
        advertised = tuple(offer for offer in offers if offer.advertised)
        promises = self._state.promises.of(live.state.customer, live.state.id)
        own = [one for one in offers if one.state is OfferState.ACCEPTED]
        accepted = [ConfirmAcceptance(one) for one in (*own, *promises)]
        snapshot = SessionSnapshot(live.public_id, live.resume_secret, advertised, live.state.seq)
        for connection in newcomers:
            if not connection.closed:
                if connection.tab not in live.connections:
                    _make_room(live)
                live.connections[connection.tab] = connection
                connection.subscriber.send_snapshot(snapshot)
                if accepted:
                    connection.subscriber.deliver(
                        [one for one in self.with_tokens(accepted) if isinstance(one, IssuedOffer)]
                    )

    def with_tokens(self, effects: Sequence[Effect]) -> list[Outgoing]:
        """Return the effects, with a signed token for every accepted offer.

        While the keys cannot be used, the acceptance is refused for now. It is recorded, so the
        client gets its token when it asks again. An alert and the health name the keys.
        """
        return [
            self._with_token(effect) if isinstance(effect, ConfirmAcceptance) else effect
            for effect in effects
        ]

    def _with_token(self, accepted: ConfirmAcceptance) -> IssuedOffer | RefuseRequest:
        state = self._state
        hold = state.active_rulebook.current.policy.accept_hold
        try:
            return issue_token(accepted.offer, state.keys, state.clock.now(), hold)
        except KeyFileError:
            return RefuseRequest(accepted.offer.id, "later")


def _left(live: LiveSession, effect: Effect) -> bool:
    """Return whether an effect confirms a promise to a customer who has left the session since.

    The acceptance and a logout may wait in one mailbox. The next shopper must not get the token.
    """
    if not isinstance(effect, ConfirmAcceptance):
        return False
    parked = any(offer.id == effect.offer.id for offer in live.state.parked)
    return parked or effect.offer.customer not in {None, live.state.customer}


def _make_room(live: LiveSession) -> None:
    """Close the oldest connection of a session that has `MAX_CONNECTIONS`."""
    if len(live.connections) >= MAX_CONNECTIONS:
        live.connections[min(live.connections)].subscriber.close_replaced()


def coalesced(effects: Sequence[Effect]) -> list[Effect]:
    """Return the effects without offers that were withdrawn before any connection saw them."""
    pushed = {effect.offer.id for effect in effects if isinstance(effect, PushOffer)}
    ended = {e.offer for e in effects if isinstance(e, WithdrawOffer)} & pushed
    if not ended:
        return list(effects)
    return [
        effect
        for effect in effects
        if not (isinstance(effect, PushOffer) and effect.offer.id in ended)
        and not (isinstance(effect, WithdrawOffer) and effect.offer in ended)
    ]
