"""From a connection to its session: open, resume, authenticate, log out, disconnect."""

import asyncio
from typing import Final

from msgspec import Struct, structs

from tactful.core.session.session import Session
from tactful.core.session.signals import (
    CartChanged,
    CartLine,
    ConnectionClosed,
    ConnectionOpened,
    Consent,
    CustomerIdentified,
    CustomerLoggedOut,
    ItemViewed,
    LandingVisit,
    PageKind,
    PageViewed,
    Signal,
)
from tactful.core.values import ids
from tactful.runtime.background import BackgroundTasks
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.ports.ledger_rows import SavedSession
from tactful.runtime.security.identity import VerifiedIdentity
from tactful.runtime.sessions.delivery import Delivery
from tactful.runtime.sessions.expiry import SessionExpiry
from tactful.runtime.sessions.item_views import ItemViews
from tactful.runtime.sessions.turn_runner import TurnRunner
from tactful.runtime.state.client_numbers import decode_taken, with_earlier
from tactful.runtime.state.session_registry import LiveSession, SessionConnection
from tactful.runtime.state.shop_state import ShopState
from tactful.runtime.state.turn_phase import TurnPhase
from tactful.runtime.turn_log.log_encoding import decode_session

MAX_IDLE_VIEW_MS: Final = 30_000
"""The longest time (ms) that a page counts as viewed after its last signal.

It is also how long a shopper counts as engaged without input.
"""
MAX_BACKLOG: Final = 64
"""Signals that a connection may send before its session is found; further ones are ignored."""


class SessionGreeting(Struct, frozen=True, gc=False):
    """What a connection says about its browser and visit when it opens."""

    consent: Consent
    resume: str | None = None
    """The secret of an earlier session; None: the browser has none."""
    gpc: bool = False
    """Whether the browser sends Global Privacy Control, which refuses personal consent."""
    territory: str | None = None
    """ISO 3166-1 or 3166-2 code; None: the shop's default territory."""
    locale: str | None = None
    """BCP 47 language tag."""
    page: PageKind | None = None
    visit: LandingVisit | None = None
    """What the address of the landing page says about the visit."""
    identity: VerifiedIdentity | None = None
    currency: str | None = None
    """ISO 4217 code of the page's prices."""
    channel: str | None = None
    """The sales channel of the page."""
    address: str = ""
    """The address that the browsing is charged to; empty: one without limits."""


class SessionLifecycle:
    """Opens, resumes and authenticates the sessions of one shop."""

    def __init__(
        self,
        state: ShopState,
        turns: TurnRunner,
        delivery: Delivery,
        expiry: SessionExpiry,
        default_territory: str | None,
    ) -> None:
        """Open sessions in the registry of `state`.

        Args:
            state: The memory of the shop.
            turns: Takes every signal of a connection.
            delivery: Sends snapshots.
            expiry: Says whether a saved session has expired.
            default_territory: Territory (ISO 3166) of a session that names none.
        """
        self._state = state
        self._turns = turns
        self._delivery = delivery
        self._expiry = expiry
        self._default_territory = default_territory
        self._started_at = state.clock.now()
        self._lookups = BackgroundTasks()
        self.item_views = ItemViews(state, self._lookups, self.submit)
        self._claims: dict[bytes, asyncio.Future[LiveSession | None]] = {}
        """Digest of a resume secret → the claim of its session that is under way."""
        self._release_is_due = False
        """Whether a session without connections waits to be written."""

    # opening

    def open(self, connection: SessionConnection, greeting: SessionGreeting) -> None:
        """Find the session that a connection resumes, or begin one.

        A session that is only in the ledger is read first; signals wait in the backlog meanwhile.
        """
        live = self._in_memory(greeting.resume)
        if live is not None:
            self._attach(connection, live, greeting)
        elif greeting.resume and ids.is_id(greeting.resume, ids.RESUME):
            self._lookups.start(self._resume(connection, greeting, greeting.resume))
        else:
            self._attach(connection, self._begin(greeting), greeting, new=True)

    def can_resume(self, secret: str | None) -> bool:
        """Return whether a secret opens a session that is in memory."""
        return self._in_memory(secret) is not None

    def _in_memory(self, secret: str | None) -> LiveSession | None:
        return self._state.registry.by_resume_digest(ids.resume_digest(secret)) if secret else None

    async def _resume(
        self, connection: SessionConnection, greeting: SessionGreeting, secret: str
    ) -> None:
        """Attach a connection to the session that the ledger has for its secret, or begin one."""
        live = await self._claim(secret)
        if not connection.closed:
            self._attach(connection, live or self._begin(greeting), greeting, new=live is None)

    async def _claim(self, secret: str) -> LiveSession | None:
        """Make this process the owner of a session; several connections share one claim."""
        digest = ids.resume_digest(secret)
        claim = self._claims.get(digest)
        if claim is None:
            claim = self._claims[digest] = asyncio.ensure_future(self._claim_once(digest))
            claim.add_done_callback(lambda _: self._claims.pop(digest, None))
        return await claim

    async def _claim_once(self, digest: bytes) -> LiveSession | None:
        try:
            saved = await self._state.ledger.claim_session(digest)
        except LedgerError:
            # If the ledger cannot be written, the shopper still gets a new session.
            saved = None
        live = self._state.registry.by_resume_digest(digest)
        if live is None and saved is not None and not self._expiry.is_over(saved.seen_at):
            live = self.restore(saved)
            self.count_offers(live)
        return live

    def count_offers(self, live: LiveSession) -> None:
        """Count the offers of a session that another process had."""
        for offer in (*live.state.offers, *live.state.parked):
            self._state.stock_commitments.update(offer)
            self._state.codes.update(offer)
            self._state.promises.update(offer)

    async def wait_until_idle(self) -> None:
        """Return when no connection waits for its session."""
        await self._lookups.wait_until_idle()

    def restore(self, saved: SavedSession) -> LiveSession:
        """Bring a session of the ledger into memory, with its timer."""
        # The row may have been read just before its customer was erased.
        session = self._state.erased_customers.session_without_erased(decode_session(saved.state))
        state = self._without_tabs(session, saved.seen_at)
        live = LiveSession(state, saved.resume)
        live.persists = True
        self._state.browsing.review(live)
        live.taken = decode_taken(saved.taken)
        live.epoch = saved.epoch
        self._state.registry.add(live)
        self._state.registry.index_interests(live)
        self._turns.set_timer(live)
        return live

    def _without_tabs(self, session: Session, seen_at: int) -> Session:
        """Return a saved session in the state after the end of its last connection.

        The process may have stopped before that end. The engaged time then counts up to
        `MAX_IDLE_VIEW_MS` after the last signal, and not beyond the start of this process.
        """
        engaged_ms = 0
        if session.running_since is not None:
            until = min(self._started_at, seen_at + MAX_IDLE_VIEW_MS)
            engaged_ms = max(0, until - session.running_since)
        return structs.replace(
            session,
            tabs=(),
            running_since=None,
            dwell_before_ms=session.dwell_before_ms + engaged_ms,
        )

    def _begin(self, greeting: SessionGreeting) -> LiveSession:
        """Begin a session for an anonymous shopper."""
        now, entropy = self._state.clock.now(), self._state.entropy
        session = Session(
            id=ids.session_id(entropy.token_bytes(ids.ID_BYTES)),
            shopper=ids.shopper_id(entropy.token_bytes(ids.ID_BYTES)),
            created_at=now,
            last_input=now,
            territory=self._default_territory,
        )
        secret = self._new_secret()
        live = LiveSession(session, ids.resume_digest(secret), secret)
        live.persists = greeting.consent != "none" and not greeting.gpc
        live.address = greeting.address
        self._state.browsing.review(live)
        self._state.registry.add(live)
        return live

    def _new_secret(self) -> str:
        return ids.resume_secret(self._state.entropy.token_bytes(ids.SECRET_BYTES))

    def _attach(
        self,
        connection: SessionConnection,
        live: LiveSession,
        greeting: SessionGreeting,
        *,
        new: bool = False,
    ) -> None:
        """Make a connection a newcomer of its session, and submit the signals of its backlog."""
        live.last_tab += 1
        connection.live, connection.tab = live, live.last_tab
        live.address = greeting.address
        live.ends_at = None
        if not new:
            connection.subscriber.continue_numbering(live.taken_by_all())
        live.newcomers.append(connection)
        if greeting.resume and not live.resume_secret:
            live.resume_secret = greeting.resume
        opened = ConnectionOpened(
            connection.tab,
            greeting.consent,
            greeting.gpc,
            greeting.territory,
            greeting.locale,
            greeting.page,
            greeting.visit,
            greeting.currency,
            greeting.channel,
        )
        identity = self._admitted(connection, greeting.identity)
        if identity and identity.customer != live.customer:
            # Handled together with the identification, so that no snapshot is sent in between.
            live.mailbox.append(opened)
            self._authenticate(live, identity, rotate=not new)
        else:
            self._turns.submit(live, opened)
        for signal in connection.backlog:
            self._turns.submit(live, signal)
        connection.backlog = []

    # signals of a connection

    def submit(self, connection: SessionConnection, signal: Signal) -> None:
        """Submit a signal to the connection's session, or to the backlog until it is found."""
        if type(signal) is PageViewed or type(signal) is ItemViewed:
            connection.page_sought = None
        if connection.live is not None:
            self._turns.submit(connection.live, signal)
        elif len(connection.backlog) < MAX_BACKLOG:
            connection.backlog.append(signal)

    def cart_changed(self, lines: tuple[CartLine, ...]) -> CartChanged:
        """Return the signal of a cart, without most of the SKUs that its client made up."""
        kept = self._state.fact_cache.known_skus.bounded_cart(lines)
        self._state.telemetry.record_dropped_cart_lines(len(lines) - len(kept))
        return CartChanged(kept)

    def refresh(self, connection: SessionConnection) -> None:
        """Send the snapshot to one connection again, once the session waits for nothing."""
        live = connection.live
        if live is not None and connection.tab in live.connections:
            live.newcomers.append(connection)
            if live.phase is TurnPhase.IDLE:
                self._delivery.send_snapshots(live)

    def disconnect(self, connection: SessionConnection) -> None:
        """Remove a closed connection from its session."""
        connection.closed = True
        live = connection.live
        if live is not None:
            live.connections.pop(connection.tab, None)
            live.taken = with_earlier(live.taken, connection.subscriber.highest_n)
            self._state.browsing.settle(live)
            self._turns.submit(live, ConnectionClosed(connection.tab))
            self._turns.release(live)
            if live.persists and not live.connections and not self._release_is_due:
                self._release_is_due = True
                self._state.background.start_ledger_work(self._release())

    async def _release(self) -> None:
        """Have the sessions that nobody is connected to written now, all of them in one go.

        The shopper's next page may resume the session at another process.
        """
        self._release_is_due = False
        await self._state.ledger.flush()

    # identity

    def identify(self, connection: SessionConnection, identity: VerifiedIdentity) -> None:
        """Assign a session to a verified customer, with a new public id and a new secret.

        If the session already belongs to that customer, only a changed territory is submitted.
        """
        live = connection.live
        if live is None or self._admitted(connection, identity) is None:
            return
        if live.customer != identity.customer:
            self._authenticate(live, identity, rotate=True)
        elif (
            identity.territory not in {None, live.state.territory}
            or identity.group != live.state.group
        ):
            self._turns.submit(live, _identified(identity))

    def _admitted(
        self, connection: SessionConnection, identity: VerifiedIdentity | None
    ) -> VerifiedIdentity | None:
        """Return an identity, unless its customer was erased.

        If it was signed after the erasure, the session is assigned to the customer as soon as the
        ledger has stored that the id began anew.
        """
        erased = self._state.erased_customers
        if identity is None or not erased.is_erased(identity.customer):
            return identity
        signed_at = identity.signed_at
        if signed_at is not None and erased.follows_erasure(identity.customer, signed_at):
            self._lookups.start(self._begin_anew(connection, identity, signed_at))
        return None

    async def _begin_anew(
        self, connection: SessionConnection, identity: VerifiedIdentity, signed_at: int
    ) -> None:
        """Begin an erased id anew, and assign the connection's session to it."""
        try:
            begun = await self._state.ledger.begin_anew("customer", identity.customer, signed_at)
            await self._state.changes.catch_up()
        except LedgerError:
            # The shopper stays anonymous until the next page presents an identity.
            return
        if begun and not connection.closed:
            self.identify(connection, identity)

    def _authenticate(self, live: LiveSession, identity: VerifiedIdentity, *, rotate: bool) -> None:
        live.customer = identity.customer
        if rotate:
            self._rotate_secret(live)
        self._turns.submit(live, _identified(identity))

    def logout(self, connection: SessionConnection) -> None:
        """Detach the customer from a connection's session, which continues anonymously."""
        if connection.live is not None:
            shopper = ids.shopper_id(self._state.entropy.token_bytes(ids.ID_BYTES))
            self.detach_customer(connection.live, shopper)

    def detach_customer(self, live: LiveSession, shopper: str) -> None:
        """Detach the customer from a session, which continues as that of an anonymous shopper.

        Args:
            live: The session.
            shopper: The id of the anonymous shopper; after an erasure, the alias of the customer.
        """
        live.customer = None
        self._rotate_secret(live)
        self._turns.submit(live, CustomerLoggedOut(shopper))

    def _rotate_secret(self, live: LiveSession) -> None:
        """Give a session a new secret and public id; every connection gets a snapshot with them.

        Without the rotation, a secret that leaked before a login would open the customer's session.
        """
        live.resume_secret = self._new_secret()
        self._state.registry.set_resume_digest(live, ids.resume_digest(live.resume_secret))
        live.id_rotations += 1
        live.newcomers += [one for one in live.connections.values() if one not in live.newcomers]


def _identified(identity: VerifiedIdentity) -> CustomerIdentified:
    return CustomerIdentified(identity.customer, identity.territory, identity.group)
