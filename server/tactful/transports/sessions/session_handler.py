"""How do messages of the wire become signals, and effects frames?"""

from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

from tactful.core.decision import PushOffer, RefuseAcceptance, WithdrawOffer
from tactful.core.offers.offer import Offer
from tactful.core.session import signals
from tactful.core.session.signals import LandingVisit
from tactful.core.values.ids import resume_digest
from tactful.core.values.money import Money
from tactful.protocol import messages
from tactful.protocol.close_codes import REPLACED, TOO_FAST
from tactful.protocol.codec import encode
from tactful.protocol.messages import ClientMessage
from tactful.runtime.ports.environment import Clock
from tactful.runtime.security.identity import IdentityVerifier, VerifiedIdentity
from tactful.runtime.sessions.lifecycle import SessionGreeting, SessionLifecycle
from tactful.runtime.state.session_registry import Outgoing, SessionConnection, SessionSnapshot
from tactful.transports.sessions.ports import SessionChannel
from tactful.transports.sessions.resume_points import ResumePoints

MAX_SOURCE_CHARS: Final = 128
"""Characters kept of what a landing page's address says."""
MAX_QUERY_CHARS: Final = 256
"""And of what somebody searched for, who may have pasted more."""


class ConnectionTiming(Struct, frozen=True):
    """What `welcome` tells a client about time, in seconds."""

    heartbeat: int = 15
    idle: int = 60


class OfferSessionHandler:
    """Answers the connections of one shop."""

    def __init__(
        self,
        arrivals: SessionLifecycle,
        identities: IdentityVerifier,
        clock: Clock,
        tempo: ConnectionTiming,
    ) -> None:
        self._arrivals = arrivals
        self._identities = identities
        self._clock = clock
        self._tempo = tempo
        self._numbers = ResumePoints()

    def connection_opened(self, connection: SessionChannel) -> None:
        """A connection stands; it is nobody's until it says hello."""
        connection.attached = SessionConnection(_FrameWriter(connection, self._clock, self._tempo))

    def message_received(self, connection: SessionChannel, message: ClientMessage) -> None:
        """Hand on what a client says."""
        seat = _seat(connection)
        if type(message) is messages.Accept:
            _guest(connection).asks(message)
        make = _SIGNALS.get(type(message))
        if make is not None:
            self._arrivals.submit(seat, make(message, seat.tab))
        elif isinstance(message, messages.Hello):
            if not (self._arrivals.can_resume(message.resume) or connection.may_open_session()):
                connection.close(TOO_FAST, "Too many new sessions from this address.")
                return
            if message.resume and message.n:
                digest = resume_digest(message.resume)
                connection.highest_n = self._numbers.highest_n(digest, message.n)
            self._arrivals.open(seat, self._greeting(message))
        elif isinstance(message, messages.Identify):
            verified = self._verified(message.identity)
            if verified:
                self._arrivals.identify(seat, verified)
        else:
            self._arrivals.logout(seat)

    def client_lagging(self, connection: SessionChannel) -> None:
        """Keep back what can wait: a client that lags gets the latest state later, not a backlog."""
        _guest(connection).lagging = True

    def client_caught_up(self, connection: SessionChannel) -> None:
        """Send the latest state."""
        _guest(connection).lagging = False
        self._arrivals.refresh(_seat(connection))

    def connection_closed(self, connection: SessionChannel) -> None:
        """The connection is gone; what it has numbered is remembered for when it comes back."""
        seat = _seat(connection)
        if seat.live is not None:
            self._numbers.remember(seat.live.resume_digest, connection.highest_n)
        connection.attached = None  # they name each other, and would wait for the collector
        self._arrivals.disconnect(seat)

    def _greeting(self, hello: messages.Hello) -> SessionGreeting:
        return SessionGreeting(
            consent=hello.consent,
            resume=hello.resume,
            gpc=bool(hello.gpc),
            territory=hello.territory,
            locale=hello.locale,
            page=hello.page.kind,
            visit=self._visit(hello.page),
            identity=None if hello.identity is None else self._verified(hello.identity),
        )

    def _verified(self, identity: messages.Identity) -> VerifiedIdentity | None:
        if isinstance(identity, str):
            return self._identities.verify_token(identity)
        return self._identities.verify_hmac(identity.customer, identity.hmac or "")

    def _visit(self, page: messages.Landing) -> LandingVisit:
        """Where the landing page's address says the visit came from."""
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
    return found[0][:MAX_SOURCE_CHARS] if found else None


def _seat(connection: SessionChannel) -> SessionConnection:
    seat = connection.attached
    if not isinstance(seat, SessionConnection):
        raise TypeError("the connection was not opened at this desk")
    return seat


def _guest(connection: SessionChannel) -> "_FrameWriter":
    guest = _seat(connection).subscriber
    if not isinstance(guest, _FrameWriter):
        raise TypeError("the connection was not opened at this desk")
    return guest


def _page(page: messages.Page, _: int) -> signals.Signal:
    query = page.query[:MAX_QUERY_CHARS] if page.query else page.query
    return signals.PageViewed(page.kind, page.url, query, page.moment)


def _cart(cart: messages.Cart, _: int) -> signals.Signal:
    return signals.CartChanged(tuple(signals.CartLine(line.sku, line.qty) for line in cart.lines))


_SIGNALS: Final[dict[type[Any], Callable[[Any, int], signals.Signal]]] = {
    messages.View: lambda view, _: signals.ItemViewed(view.sku),
    messages.Activity: lambda activity, tab: signals.ActivityReported(activity.kind, tab),
    messages.Page: _page,
    messages.Cart: _cart,
    messages.Consent: lambda given, _: signals.ConsentChanged(given.consent, gpc=bool(given.gpc)),
    messages.Seen: lambda seen, _: signals.OfferSeen(seen.offer),
    messages.Dismiss: lambda dismiss, _: signals.OfferDismissed(dismiss.offer),
    messages.Accept: lambda accept, _: signals.OfferAccepted(accept.offer, accept.qty),
}
"""What a message reports, seen by a tab; `hello`, `identify` and `logout` are no signals by themselves."""


class _FrameWriter:
    """Writes frames for one connection."""

    __slots__ = ("_asked", "_clock", "_connection", "_tempo", "lagging")

    def __init__(self, connection: SessionChannel, clock: Clock, tempo: ConnectionTiming) -> None:
        self._connection = connection
        self._clock = clock
        self._tempo = tempo
        self._asked: messages.Accept | None = None
        self.lagging = False

    def asks(self, accept: messages.Accept) -> None:
        """Remember what was asked for last: a refusal names the message it answers."""
        self._asked = accept

    def send_snapshot(self, snapshot: SessionSnapshot) -> None:
        """The whole state."""
        self._connection.join_session(snapshot.session)
        now = self._clock.now()
        welcome = messages.Welcome(
            session=snapshot.session,
            resume=snapshot.resume,
            offers=tuple(shown(offer, now) for offer in snapshot.offers),
            seq=snapshot.seq,
            heartbeat=self._tempo.heartbeat,
            idle=self._tempo.idle,
        )
        self._connection.send(encode(welcome))

    def close_replaced(self) -> None:
        """Its place in the session is taken."""
        self._connection.close(REPLACED)

    def deliver(self, effects: Sequence[Outgoing]) -> None:
        """One frame an effect; to a client that lags only what cannot be told again."""
        now = self._clock.now()
        for effect in effects:
            if not (self.lagging and isinstance(effect, PushOffer | WithdrawOffer)):
                self._connection.send(encode(_frame(effect, now, self._asked)))


def _frame(effect: Outgoing, now: int, asked: messages.Accept | None) -> messages.ServerMessage:
    match effect:
        case PushOffer():
            return messages.OfferPushed(
                seq=effect.offer.seq, offer=shown(effect.offer, now), replaces=effect.replaces
            )
        case WithdrawOffer():
            return messages.Withdraw(seq=effect.seq, offer=effect.offer)
        case RefuseAcceptance():
            number = asked.n if asked and asked.offer == effect.offer else None
            return messages.Refused(code=effect.code, n=number, offer=effect.offer)
        case _:
            return messages.Accepted(
                seq=effect.offer.seq, offer=effect.offer.id, token=effect.token, hold=effect.hold
            )


def shown(offer: Offer, now: int) -> messages.Offer:
    """What the shopper may see of an offer: nothing of why."""
    off = offer.order_deduction
    return messages.Offer(
        id=offer.id,
        sku=offer.sku,
        price=_money(Money(offer.unit, offer.currency)),
        was=None if offer.was is None else _money(Money(offer.was, offer.currency)),
        percent=offer.percent,
        title=offer.title,
        message=offer.message,
        ends_in=max(0, (offer.ends_at - now) // 1000),
        max_qty=offer.max_qty,
        placement=offer.placement,
        disclosure=offer.disclosure,
        image=offer.image,
        url=offer.url,
        level=off.level if off else None,
        at_most=_money(Money(off.at_most, offer.currency)) if off else None,
        percent_bp=off.percent_bp if off else None,
    )


def _money(money: Money) -> messages.Money:
    return messages.Money(money.amount, money.currency)
