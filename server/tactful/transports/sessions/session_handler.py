"""Translation of client messages to signals, and of a shop's effects to server messages."""

from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

from tactful.core.decision import ExtendOffer, PushOffer, RefuseRequest, WithdrawOffer
from tactful.core.offers.offer import Offer
from tactful.core.session import signals
from tactful.core.session.signals import LandingVisit
from tactful.core.values.money import EXPONENTS, Money
from tactful.protocol import messages
from tactful.protocol.close_codes import MOVED, REPLACED, TOO_FAST
from tactful.protocol.codec import encode
from tactful.protocol.messages import ClientMessage
from tactful.runtime.ports.environment import Clock
from tactful.runtime.security.identity import IdentityVerifier, VerifiedIdentity
from tactful.runtime.sessions.lifecycle import SessionGreeting, SessionLifecycle
from tactful.runtime.state.client_numbers import Taken, highest_below
from tactful.runtime.state.session_registry import Outgoing, SessionConnection, SessionSnapshot
from tactful.transports.sessions.connection_hub import ClientConnection
from tactful.transports.sessions.urls import recorded_text, recorded_url, sendable_url

MAX_SOURCE_CHARS: Final = 128
"""Characters of a landing page's source, campaign, medium or referrer that are kept."""
MAX_QUERY_CHARS: Final = 256
"""Characters of a search query that are kept; a shopper may have pasted more."""


class ConnectionTiming(Struct, frozen=True):
    """The times that `welcome` announces to a client."""

    heartbeat: int = 15
    """Seconds between two heartbeats of the server."""
    idle: int = 60
    """Seconds without a message after which a client may disconnect."""


class OfferSessionHandler:
    """The `SessionHandler` of one shop."""

    def __init__(
        self,
        lifecycle: SessionLifecycle,
        identities: IdentityVerifier,
        clock: Clock,
        timing: ConnectionTiming,
    ) -> None:
        self._lifecycle = lifecycle
        self._identities = identities
        self._clock = clock
        self._timing = timing
        self._signals: dict[type[Any], Callable[[Any, int], signals.Signal]] = {
            **_SIGNALS,
            messages.Cart: self._cart,
        }

    def connection_opened(self, connection: ClientConnection) -> None:
        """Attach a connection that belongs to no session until its `hello`."""
        writer = _FrameWriter(connection, self._clock, self._timing)
        connection.attached = SessionConnection(writer)

    def message_received(self, connection: ClientConnection, message: ClientMessage) -> None:
        """Submit the signal of a message, or open, identify or log out the session."""
        attached = _attached(connection)
        if isinstance(message, messages.Accept | messages.MoreTime):
            _writer(connection).remember_request(message)
        build_signal = self._signals.get(type(message))
        if build_signal is not None:
            self._lifecycle.submit(attached, build_signal(message, attached.tab))
            if type(message) is messages.Page and (message.currency or message.channel):
                # Other prices may apply, so the standing offers pass their gates again.
                self._lifecycle.submit(attached, signals.FactsChanged())
        elif isinstance(message, messages.View):
            self._lifecycle.item_views.view(
                attached, message.sku, message.url, _shown_price(message)
            )
        elif isinstance(message, messages.Hello):
            self._open_session(connection, attached, message)
        elif isinstance(message, messages.Identify):
            verified = self._verified(message.identity)
            if verified:
                self._lifecycle.identify(attached, verified)
        else:
            self._lifecycle.logout(attached)

    def _cart(self, cart: messages.Cart, _: int) -> signals.Signal:
        return self._lifecycle.cart_changed(
            tuple(signals.CartLine(line.sku, line.qty) for line in cart.lines)
        )

    def client_lagging(self, connection: ClientConnection) -> None:
        """Withhold offers and withdrawals: the client gets the latest state later, not a backlog."""
        _writer(connection).lagging = True

    def client_caught_up(self, connection: ClientConnection) -> None:
        """Send the latest state."""
        _writer(connection).lagging = False
        self._lifecycle.refresh(_attached(connection))

    def connection_closed(self, connection: ClientConnection) -> None:
        """Disconnect from the session, which remembers the highest `n` for when the client resumes."""
        attached = _attached(connection)
        # The two refer to each other and would wait for the garbage collector.
        connection.attached = None
        self._lifecycle.disconnect(attached)

    def _open_session(
        self, connection: ClientConnection, attached: SessionConnection, hello: messages.Hello
    ) -> None:
        if not (self._lifecycle.can_resume(hello.resume) or connection.may_open_session()):
            connection.close(TOO_FAST, "Too many new sessions from this address.")
            return
        if hello.resume and hello.n:
            _writer(connection).resuming_n = hello.n
        self._lifecycle.open(attached, self._greeting(hello, connection.charged_address))

    def _greeting(self, hello: messages.Hello, address: str) -> SessionGreeting:
        return SessionGreeting(
            consent=hello.consent,
            resume=hello.resume,
            gpc=bool(hello.gpc),
            territory=hello.territory,
            locale=hello.locale,
            page=hello.page.kind,
            visit=self._visit(hello.page),
            currency=hello.currency,
            channel=hello.channel,
            address=address,
            identity=None if hello.identity is None else self._verified(hello.identity),
        )

    def _verified(self, identity: messages.Identity) -> VerifiedIdentity | None:
        if isinstance(identity, str):
            return self._identities.verify_token(identity)
        return self._identities.verify_hmac(
            identity.customer, identity.hmac or "", identity.expires
        )

    def _visit(self, page: messages.Landing) -> LandingVisit:
        """Return the source of the visit, as the landing page's URL and referrer name it."""
        try:
            query = parse_qs(urlsplit(page.url).query, max_num_fields=50)
            referrer = urlsplit(page.referrer).hostname if page.referrer else None
        except ValueError:
            return LandingVisit()
        link = query.get("tactful_link", [""])[0]
        return LandingVisit(
            source=_first(query, "utm_source"),
            campaign=_first(query, "utm_campaign"),
            medium=_first(query, "utm_medium"),
            referrer=referrer[:MAX_SOURCE_CHARS] if referrer else None,
            link=self._identities.link_purpose(link) if link else None,
        )


def _first(query: dict[str, list[str]], name: str) -> str | None:
    found = query.get(name)
    return recorded_text(found[0][:MAX_SOURCE_CHARS]) if found else None


def _attached(connection: ClientConnection) -> SessionConnection:
    attached = connection.attached
    if not isinstance(attached, SessionConnection):
        raise TypeError("the connection was not opened by this handler")
    return attached


def _writer(connection: ClientConnection) -> "_FrameWriter":
    writer = _attached(connection).subscriber
    if not isinstance(writer, _FrameWriter):
        raise TypeError("the connection was not opened by this handler")
    return writer


def _shown_price(view: messages.View) -> Money | None:
    """Return the price that the page shows; None where its currency cannot be that of a price."""
    shown = view.price
    known = shown is not None and shown.currency in EXPONENTS
    return Money(shown.amount, shown.currency) if shown and known else None


def _page(page: messages.Page, _: int) -> signals.Signal:
    query = recorded_text(page.query[:MAX_QUERY_CHARS]) if page.query else page.query
    return signals.PageViewed(
        page.kind, recorded_url(page.url), query, page.moment, page.currency, page.channel
    )


_SIGNALS: Final[dict[type[Any], Callable[[Any, int], signals.Signal]]] = {
    messages.Activity: lambda activity, tab: signals.ActivityReported(activity.kind, tab),
    messages.Page: _page,
    messages.Consent: lambda message, _: signals.ConsentChanged(
        message.consent, gpc=bool(message.gpc)
    ),
    messages.Seen: lambda seen, _: signals.OfferSeen(seen.offer),
    messages.Dismiss: lambda dismiss, _: signals.OfferDismissed(dismiss.offer),
    messages.Accept: lambda accept, _: signals.OfferAccepted(accept.offer, accept.qty),
    messages.MoreTime: lambda more_time, _: signals.MoreTimeRequested(more_time.offer),
}
"""Message type → function of the message and its tab that returns the signal.

`hello`, `identify`, `logout`, `view` and `cart` become signals in the session's lifecycle.
"""


class _FrameWriter:
    """The `Subscriber` of one connection: writes a session's state and effects as messages."""

    __slots__ = ("_clock", "_connection", "_last_request", "_timing", "lagging", "resuming_n")

    def __init__(
        self, connection: ClientConnection, clock: Clock, timing: ConnectionTiming
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._timing = timing
        self._last_request: _Request | None = None
        self.lagging = False
        """Whether the client does not read the messages sent to it."""
        self.resuming_n = 0
        """The number of a `hello` that resumes a session; 0: it had none."""

    @property
    def highest_n(self) -> int:
        """The highest `n` received."""
        return self._connection.highest_n

    def continue_numbering(self, taken: Taken) -> None:
        """Count the messages that this client sent on an earlier connection as received."""
        if self.resuming_n:
            self._connection.highest_n = highest_below(taken, self.resuming_n)

    def remember_request(self, request: "_Request") -> None:
        """Keep the last request, so that a refusal can name the message it answers."""
        self._last_request = request

    def send_snapshot(self, snapshot: SessionSnapshot) -> None:
        """Send the whole state as `welcome`."""
        self._connection.join_session(snapshot.session)
        now = self._clock.now()
        welcome = messages.Welcome(
            session=snapshot.session,
            resume=snapshot.resume,
            offers=tuple(wire_offer(offer, now) for offer in snapshot.offers),
            seq=snapshot.seq,
            heartbeat=self._timing.heartbeat,
            idle=self._timing.idle,
        )
        self._connection.send(encode(welcome))

    def close_replaced(self) -> None:
        """Close the connection: a newer one of the session replaces it."""
        self._connection.close(REPLACED)

    def close_moved(self) -> None:
        """Close the connection: another process has claimed its session."""
        self._connection.close(MOVED)

    def deliver(self, effects: Sequence[Outgoing]) -> None:
        """Send one message per effect, to a lagging client only those that no snapshot repeats."""
        now = self._clock.now()
        for effect in effects:
            if not (self.lagging and isinstance(effect, _IN_SNAPSHOT)):
                self._connection.send(encode(_message(effect, now, self._last_request)))


_Request = messages.Accept | messages.MoreTime
_IN_SNAPSHOT: Final = (PushOffer, WithdrawOffer, ExtendOffer)
"""Effects whose result a snapshot repeats."""


def _message(effect: Outgoing, now: int, last_request: _Request | None) -> messages.ServerMessage:
    match effect:
        case PushOffer():
            return messages.OfferPushed(
                seq=effect.offer.seq, offer=wire_offer(effect.offer, now), replaces=effect.replaces
            )
        case WithdrawOffer():
            return messages.Withdraw(seq=effect.seq, offer=effect.offer)
        case RefuseRequest():
            answered = last_request is not None and last_request.offer == effect.offer
            number = last_request.n if last_request and answered else None
            return messages.Refused(code=effect.code, n=number, offer=effect.offer)
        case ExtendOffer(offer):
            return messages.Extended(
                offer=offer.id, ends_in=_seconds_left(offer, now), more_time=offer.more_time
            )
        case _:
            return messages.Accepted(
                seq=effect.offer.seq,
                offer=effect.offer.id,
                token=effect.token,
                hold=effect.hold,
                code=effect.offer.code,
            )


def wire_offer(offer: Offer, now: int) -> messages.Offer:
    """Return the part of an offer that a shopper may see; reasons are never part of it.

    Args:
        offer: The offer as the core knows it.
        now: Milliseconds since the Unix epoch, UTC.
    """
    off = offer.order_deduction
    return messages.Offer(
        id=offer.id,
        sku=offer.sku,
        price=_money(Money(offer.unit, offer.currency)),
        was=None if offer.was is None else _money(Money(offer.was, offer.currency)),
        percent=offer.percent,
        title=offer.title,
        message=offer.message,
        ends_in=_seconds_left(offer, now),
        max_qty=offer.max_qty,
        placement=offer.placement,
        disclosure=offer.disclosure,
        image=sendable_url(offer.image),
        url=sendable_url(offer.url),
        level=off.level if off else None,
        at_most=_money(Money(off.at_most, offer.currency)) if off else None,
        percent_bp=off.percent_bp if off else None,
        voucher=offer.remedy is not None,
        countdown=None if offer.countdown and offer.remedy is None else "none",
        more_time=offer.more_time,
        inputs=offer.inputs or None,
    )


def _seconds_left(offer: Offer, now: int) -> int:
    return max(0, (offer.ends_at - now) // 1000)


def _money(money: Money) -> messages.Money:
    return messages.Money(money.amount, money.currency)
