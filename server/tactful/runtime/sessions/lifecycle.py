"""How does a connection find its session, and what does it hear first?"""

import asyncio
from collections.abc import Callable
from typing import Final

from msgspec import Struct, structs

from tactful.core.decision import ConfirmAcceptance
from tactful.core.offers.offer import OfferState
from tactful.core.session.session import Session
from tactful.core.session.signals import (
    ConnectionClosed,
    ConnectionOpened,
    Consent,
    CustomerIdentified,
    CustomerLoggedOut,
    LandingVisit,
    PageKind,
    Signal,
)
from tactful.core.values import ids
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import SavedSession
from tactful.runtime.security.identity import VerifiedIdentity
from tactful.runtime.sessions.turn_runner import TurnRunner
from tactful.runtime.state.session_registry import (
    LiveSession,
    SessionConnection,
    SessionSnapshot,
)
from tactful.runtime.state.shop_state import ShopState
from tactful.runtime.turn_log.log_encoding import decode_session

SEATS: Final = 16
"""Connections of one session; nobody looks at more tabs, and a seventeenth takes the oldest one's place."""
SILENCE: Final = 30_000
"""Milliseconds for which a page may look at what it was last told: as long as its shopper counts as engaged."""
LONGEST_WAIT: Final = 64
"""Messages that a connection may send before its session is found."""


class SessionGreeting(Struct, frozen=True, gc=False):
    """How a connection introduces itself."""

    consent: Consent
    resume: str | None = None
    gpc: bool = False
    territory: str | None = None
    locale: str | None = None
    page: PageKind | None = None
    visit: LandingVisit | None = None
    identity: VerifiedIdentity | None = None


class SessionLifecycle:
    """Opens, resumes, rotates and ends the sessions of one shop."""

    def __init__(
        self, shared: ShopState, turns: TurnRunner, session_ttl: int, default_territory: str | None
    ) -> None:
        self._ledger = shared.ledger
        self._clock = shared.clock
        self._entropy = shared.entropy
        self._timers = shared.timers
        self._registry = shared.registry
        self._turns = turns
        self._ttl = session_ttl
        self._started = self._clock.now()
        self._territory = default_territory
        self._resuming: set[asyncio.Task[None]] = set()
        self._secrets: dict[str, str] = {}
        """Session → its resume secret, while somebody is connected or may come back."""
        self.on_end: Callable[[LiveSession], None] = lambda _: None
        turns.on_settled = self._settle

    def open(self, seat: SessionConnection, greeting: SessionGreeting) -> None:
        """Find or make the session of a connection."""
        live = self._known(greeting.resume)
        if live is not None:
            self._attach(seat, live, greeting)
        elif greeting.resume and ids.is_id(greeting.resume, ids.RESUME):
            task = asyncio.ensure_future(self._look_up(seat, greeting, greeting.resume))
            self._resuming.add(task)
            task.add_done_callback(self._resuming.discard)
        else:
            self._attach(seat, self._new(greeting), greeting, new=True)

    def can_resume(self, secret: str | None) -> bool:
        """Whether a secret opens a session that is in memory."""
        return self._known(secret) is not None

    def _known(self, secret: str | None) -> LiveSession | None:
        return self._registry.by_resume_digest(ids.resume_digest(secret)) if secret else None

    async def _look_up(
        self, seat: SessionConnection, greeting: SessionGreeting, secret: str
    ) -> None:
        saved: SavedSession | None = None
        try:
            saved = await self._ledger.session_by_resume(ids.resume_digest(secret))
        except LedgerError:
            saved = None  # a store that cannot be read must not keep a shopper out: a new session
        live = self._known(secret)
        if live is None and saved is not None and saved.seen_at + self._ttl > self._clock.now():
            live = self.restore(saved)
            self._secrets[live.state.id] = secret
        if not seat.closed:
            self._attach(seat, live or self._new(greeting), greeting, new=live is None)

    async def wait_until_idle(self) -> None:
        """Return when nobody waits for their session."""
        while self._resuming:
            await asyncio.wait(tuple(self._resuming))

    def restore(self, saved: SavedSession) -> LiveSession:
        """Bring a session of the ledger back to life."""
        live = LiveSession(self._left(decode_session(saved.state), saved.seen_at), saved.resume)
        live.persists = True
        self._registry.add(live)
        self._registry.index_interests(live)
        self._turns.set_alarm(live)
        return live

    def _left(self, state: Session, seen_at: int) -> Session:
        """As its last tab would have left it, had not the server ended first: engaged till about then."""
        engaged = 0
        if state.running_since is not None:
            until = min(self._started, seen_at + SILENCE)
            engaged = max(0, until - state.running_since)
        return structs.replace(
            state, tabs=(), running_since=None, dwell_before_ms=state.dwell_before_ms + engaged
        )

    def _new(self, greeting: SessionGreeting) -> LiveSession:
        now = self._clock.now()
        state = Session(
            id=ids.session_id(self._entropy.token_bytes(ids.ID_BYTES)),
            shopper=ids.shopper_id(self._entropy.token_bytes(ids.ID_BYTES)),
            created_at=now,
            last_input=now,
            territory=self._territory,
        )
        secret = self._secret(state.id)
        live = LiveSession(state, ids.resume_digest(secret))
        live.persists = greeting.consent != "none" and not greeting.gpc
        self._registry.add(live)
        return live

    def _secret(self, session: str) -> str:
        secret = ids.resume_secret(self._entropy.token_bytes(ids.SECRET_BYTES))
        self._secrets[session] = secret
        return secret

    def _attach(
        self,
        seat: SessionConnection,
        live: LiveSession,
        greeting: SessionGreeting,
        *,
        new: bool = False,
    ) -> None:
        live.last_tab += 1
        seat.live, seat.tab = live, live.last_tab
        live.ends_at = None
        live.newcomers.append(seat)
        if greeting.resume and live.state.id not in self._secrets:
            self._secrets[live.state.id] = greeting.resume
        arrived = ConnectionOpened(
            seat.tab,
            greeting.consent,
            greeting.gpc,
            greeting.territory,
            greeting.locale,
            greeting.page,
            greeting.visit,
        )
        identity = greeting.identity
        if identity and identity.customer != live.customer:
            live.mailbox.append(arrived)  # one step with the next: nobody is greeted in between
            self._authenticate(live, identity, renewed=not new)
        else:
            self._turns.submit(live, arrived)
        for signal in seat.backlog:
            self._turns.submit(live, signal)
        seat.backlog = []

    def submit(self, seat: SessionConnection, signal: Signal) -> None:
        """Hand on what a connection reports; the first ones wait until its session is found."""
        if seat.live is not None:
            self._turns.submit(seat.live, signal)
        elif len(seat.backlog) < LONGEST_WAIT:
            seat.backlog.append(signal)

    def identify(self, seat: SessionConnection, identity: VerifiedIdentity) -> None:
        """A verified identity: the session gets a new public id and a new secret.

        Of who is known already, only where the shop says they are may be news.
        """
        live = seat.live
        if live is None:
            return
        if live.customer != identity.customer:
            self._authenticate(live, identity, renewed=True)
        elif identity.territory not in {None, live.state.territory}:
            self._turns.submit(live, CustomerIdentified(identity.customer, identity.territory))

    def _authenticate(
        self, live: LiveSession, identity: VerifiedIdentity, *, renewed: bool
    ) -> None:
        live.customer = identity.customer
        if renewed:
            self._rotate_secret(live)
        self._turns.submit(live, CustomerIdentified(identity.customer, identity.territory))

    def logout(self, seat: SessionConnection) -> None:
        """Back to an anonymous shopper whom nobody has seen before."""
        if seat.live is not None:
            self.erase_customer(seat.live)

    def _rotate_secret(self, live: LiveSession) -> None:
        """The secret from before is dead; every tab hears the new one after the turn that follows."""
        self._registry.set_resume_digest(live, ids.resume_digest(self._secret(live.state.id)))
        live.id_rotations += 1
        live.newcomers += [seat for seat in live.connections.values() if seat not in live.newcomers]

    def _settle(self, live: LiveSession) -> None:
        if live.newcomers:
            self.send_snapshot(live)
        elif not live.connections:
            self._maybe_end(live)

    def send_snapshot(self, live: LiveSession) -> None:
        """Tell newcomers the whole state, and what was promised before they came."""
        newcomers, live.newcomers = live.newcomers, []
        secret = self._secrets.get(live.state.id, "")
        offers = tuple(offer for offer in live.state.offers if offer.advertised)
        promised = [
            ConfirmAcceptance(o) for o in live.state.offers if o.state is OfferState.ACCEPTED
        ]
        snapshot = SessionSnapshot(public_id(live), secret, offers, live.state.seq)
        for seat in newcomers:
            if not seat.closed:
                if seat.tab not in live.connections and len(live.connections) >= SEATS:
                    live.connections[min(live.connections)].subscriber.close_replaced()
                live.connections[seat.tab] = seat
                seat.subscriber.send_snapshot(snapshot)
                if promised:
                    seat.subscriber.deliver(self._turns.sealed(promised))

    def refresh(self, seat: SessionConnection) -> None:
        """Tell one connection the whole state again."""
        live = seat.live
        if live is not None and seat.tab in live.connections:
            live.newcomers.append(seat)
            if not live.busy:
                self.send_snapshot(live)

    def disconnect(self, seat: SessionConnection) -> None:
        """A connection is gone."""
        seat.closed = True
        live = seat.live
        if live is not None:
            live.connections.pop(seat.tab, None)
            self._turns.submit(live, ConnectionClosed(seat.tab))

    def _maybe_end(self, live: LiveSession) -> None:
        """A session that nobody is connected to ends after a while, or at once if it may not stay."""
        if live.connections or live.newcomers or live.busy:
            return
        now = self._clock.now()
        if live.ends_at is None:
            live.ends_at = now + (self._ttl if live.persists else 0)
        if live.ends_at > now:
            self._timers.set(f"end:{live.state.id}", live.ends_at, lambda: self._maybe_end(live))
        elif not live.state.offers:  # else the turn that ends the last of them comes back here
            self._end(live)

    def _end(self, live: LiveSession) -> None:
        self._registry.remove(live)
        self._secrets.pop(live.state.id, None)
        self._timers.set(live.state.id, None, lambda: None)
        self._timers.set(f"end:{live.state.id}", None, lambda: None)
        self.on_end(live)

    def erase_customer(self, live: LiveSession) -> None:
        """The session goes on as a stranger's: after a logout, or because the customer is erased."""
        live.customer = None
        shopper = ids.shopper_id(self._entropy.token_bytes(ids.ID_BYTES))
        self._rotate_secret(live)
        self._turns.submit(live, CustomerLoggedOut(shopper))


def public_id(live: LiveSession) -> str:
    """The session's id as the shopper sees it: a new one after each login and logout."""
    return f"{live.state.id}.{live.id_rotations}" if live.id_rotations else live.state.id


def internal_id(session: str) -> str:
    """The id under which the server keeps a session that was named by any of its public ids."""
    return session.partition(".")[0]
