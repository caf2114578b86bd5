"""The sessions in memory, and the indexes from a change to the sessions that it concerns."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, Protocol

from msgspec import Struct

from tactful.core.decision import Effect, ExtendOffer, PushOffer, RefuseRequest, WithdrawOffer
from tactful.core.offers.offer import Offer
from tactful.core.session.session import Session
from tactful.core.session.signals import Signal
from tactful.runtime.security.token_issuer import IssuedOffer
from tactful.runtime.state.client_numbers import Taken
from tactful.runtime.state.turn_phase import TurnPhase

Outgoing = PushOffer | WithdrawOffer | ExtendOffer | RefuseRequest | IssuedOffer
"""An effect or a token that a connection sends."""

STANDING: Final = ("offers", "standing")
"""The index key of every session that has a standing or held-out offer."""
PARKED: Final = "parked"
"""The kind of the index keys of sessions that keep accepted offers of a customer who left."""


class RecordedSignal(Struct, frozen=True, gc=False, array_like=True):
    """A signal that waits for the turn log.

    Thousands may wait at once. They hold no cycles, so the garbage collector does not track them.
    """

    at: int
    """Milliseconds since the Unix epoch, UTC."""
    signal: Signal


class SessionSnapshot(Struct, frozen=True, gc=False):
    """The whole state of a session, as a connection receives it first."""

    session: str
    """The public id."""
    resume: str
    """The secret with which a browser resumes the session."""
    offers: tuple[Offer, ...]
    """The offers that are, or may be, on the screen."""
    seq: int
    """The sequence number of the last change to an offer of this session."""


class Subscriber(Protocol):
    """A connection, as sessions use it. Its methods neither wait nor fail."""

    def send_snapshot(self, snapshot: SessionSnapshot) -> None:
        """Send the whole state."""
        ...

    def deliver(self, effects: Sequence[Outgoing]) -> None:
        """Send effects as frames."""
        ...

    def close_replaced(self) -> None:
        """Close the connection, because a newer one of the session takes its place."""
        ...

    @property
    def highest_n(self) -> int:
        """The highest number of a message that was received; 0: the client uses no numbers."""
        ...

    def continue_numbering(self, taken: Taken) -> None:
        """Drop the messages that the client sends again although the session has taken them.

        Args:
            taken: The highest number of each connection of the session.
        """
        ...

    def close_moved(self) -> None:
        """Close the connection, because another process has claimed the session."""
        ...


class SoughtPage(Struct, frozen=True, gc=False):
    """A page whose product is looked up."""

    url: str
    sku: str | None
    """What the page names; the shop never reported it."""


class SessionConnection:
    """A connection of a session, from its opening on."""

    __slots__ = ("backlog", "closed", "live", "page_sought", "subscriber", "tab")

    def __init__(self, subscriber: Subscriber) -> None:
        self.subscriber = subscriber
        self.live: LiveSession | None = None
        """The session, once it is found."""
        self.tab = 0
        """The connection's number within its session, counted from 1."""
        self.backlog: list[Signal] = []
        """Signals that came before the session was found."""
        self.closed = False
        self.page_sought: SoughtPage | None = None
        """The page that is open, while its product is looked up."""


class LiveSession:
    """One session in memory: its state, its mailbox and its connections."""

    # Tens of thousands are in memory at once, so they have slots instead of a dictionary.
    __slots__ = (
        "_persists",
        "address",
        "budget_full_at",
        "connections",
        "customer",
        "dirty_at",
        "early",
        "ends_at",
        "epoch",
        "id_rotations",
        "last_tab",
        "mailbox",
        "newcomers",
        "outbox",
        "phase",
        "received",
        "recorded",
        "records",
        "resume_digest",
        "resume_secret",
        "state",
        "taken",
        "timer_at",
        "uncharged",
        "unwritten",
        "unwritten_because",
    )

    def __init__(self, state: Session, resume_digest: bytes, resume_secret: str = "") -> None:
        """Begin or restore a session.

        Args:
            state: The session as its turns left it.
            resume_digest: Digest of the secret with which a browser resumes the session.
            resume_secret: The secret; empty until a connection presents it.
        """
        self.state = state
        self.resume_digest = resume_digest
        self.resume_secret = resume_secret
        self.phase = TurnPhase.IDLE
        """What the session waits for; signals collect in the mailbox meanwhile."""
        self.mailbox: list[Signal] = []
        """Signals that are not handled yet, oldest first."""
        self.received: tuple[tuple[Signal, float, bool], ...] = ()
        """The signals since the mailbox was last empty: each with its receipt on the clock of durations,
        and whether it brought an effect."""
        self.outbox: list[Effect] = []
        """Recorded effects that are not delivered yet, oldest first."""
        self.early: WithdrawOffer | None = None
        """The withdrawal that was sent ahead of its turn, which waits in the mailbox."""
        self.connections: dict[int, SessionConnection] = {}
        """Tab number → a connection that has received the snapshot."""
        self.newcomers: list[SessionConnection] = []
        """Connections that wait for the snapshot."""
        self.customer = state.customer
        """The customer verified last, even if the turn that says so is still in the mailbox."""
        self.id_rotations = 0
        """How often the session has got a new public id."""
        self.last_tab = max((tab.number for tab in state.tabs), default=0)
        """The number of the newest connection."""
        self.timer_at: int | None = None
        """Instant for which the timer was last set, in milliseconds since the Unix epoch, UTC."""
        self.unwritten: list[RecordedSignal] = []
        """Folded signals that the turn log has not written yet."""
        self.dirty_at: int | None = None
        """The last change (ms since the Unix epoch) that no queued write holds; None: there is none."""
        self.epoch = 1
        """How often the session was claimed, and 1. The ledger refuses writes of an older epoch."""
        self._persists = False
        self.records = False
        """Whether its browsing is written: it may be kept, and its budget is not used up."""
        self.unwritten_because: Literal["session", "address", "disk", "log"] | None = None
        """Why browsing that may be kept is not written; None: it is written."""
        self.address = ""
        """The address whose budget its browsing is charged to; empty: one without limits."""
        self.uncharged = 0
        """Bytes of browsing that are written and not charged yet."""
        self.budget_full_at = 0
        """When its budget of browsing is full again, in microseconds since the Unix epoch, UTC."""
        self.recorded = False
        """Whether the turn log holds the turn that led to `state`; False after a restore."""
        self.ends_at: int | None = None
        """When a session without connections ends (ms since the Unix epoch); None: it has some."""
        self.taken: Taken = ()
        """The numbers of the messages that earlier connections took."""

    @property
    def persists(self) -> bool:
        """Whether the session may be kept in the ledger."""
        return self._persists

    @persists.setter
    def persists(self, persists: bool) -> None:
        self._persists = persists
        self.records = persists and self.unwritten_because is None

    @property
    def public_id(self) -> str:
        """The id that the shopper sees: a new one after each login and logout."""
        return f"{self.state.id}.{self.id_rotations}" if self.id_rotations else self.state.id

    def taken_by_all(self) -> Taken:
        """Return the numbers that earlier and open connections took."""
        found = list(self.taken)
        for connected in (self.connections.values(), self.newcomers):
            for one in connected:
                if n := one.subscriber.highest_n:
                    found.append(n)  # noqa: PERF401 - most have one: a list more costs as much
        return tuple(found)


def internal_id(public_id: str) -> str:
    """Return the id under which the server keeps the session with any of its public ids."""
    return public_id.partition(".")[0]


class SessionRegistry:
    """The live sessions, by id, by resume secret, and by what concerns them."""

    def __init__(self) -> None:
        self.by_id: dict[str, LiveSession] = {}
        """Internal id → session."""
        self._by_resume: dict[bytes, LiveSession] = {}
        self._concerned: dict[tuple[str, str], dict[str, LiveSession]] = defaultdict(dict)

    def __len__(self) -> int:
        return len(self.by_id)

    def __iter__(self) -> Iterator[LiveSession]:
        return iter(tuple(self.by_id.values()))

    def add(self, live: LiveSession) -> None:
        """Add a session; `index_interests` indexes its customer and items."""
        self.by_id[live.state.id] = live
        self._by_resume[live.resume_digest] = live

    def remove(self, live: LiveSession) -> None:
        """Remove a session from all indexes."""
        self.by_id.pop(live.state.id, None)
        self._by_resume.pop(live.resume_digest, None)
        for key in interests_of(live.state):
            self._drop(key, live)

    def by_resume_digest(self, digest: bytes) -> LiveSession | None:
        """Return the session that a resume secret opens."""
        return self._by_resume.get(digest)

    def set_resume_digest(self, live: LiveSession, digest: bytes) -> None:
        """Replace the secret that resumes a session; the old one opens nothing from now on."""
        self._by_resume.pop(live.resume_digest, None)
        live.resume_digest = digest
        self._by_resume[digest] = live

    def index_interests(self, live: LiveSession, before: Session | None = None) -> None:
        """Index a session under its present customer and items.

        Args:
            live: The session.
            before: The state under which it is indexed; None: it is not indexed.
        """
        was = interests_of(before) if before else ()
        now = interests_of(live.state)
        for key in was:
            if key not in now:
                self._drop(key, live)
        for key in now:
            if key not in was:
                self._concerned[key][live.state.id] = live

    def _drop(self, key: tuple[str, str], live: LiveSession) -> None:
        concerned = self._concerned[key]
        concerned.pop(live.state.id, None)
        if not concerned:
            del self._concerned[key]

    def concerned(self, keys: Iterable[tuple[str, str]]) -> list[LiveSession]:
        """Return the sessions that any of the keys concerns, each once.

        Args:
            keys: `STANDING`, or pairs of a kind (`sku`, `customer`) and an id.
        """
        found: dict[str, LiveSession] = {}
        for key in keys:
            found.update(self._concerned.get(key, {}))
        return [*found.values()]

    def concerns_offer(self, key: tuple[str, str]) -> bool:
        """Return whether a session with an offer is indexed under a key."""
        return any(live.state.offers for live in self._concerned.get(key, {}).values())

    def awaiting_rules(self) -> list[LiveSession]:
        """Return the sessions for which other rules can matter before their next signal.

        These have an offer, wait for the instant of a check, or are in a turn. All others read the
        rules of the day at their next signal, so a reload costs nothing for them.
        """
        return [
            live
            for live in self.by_id.values()
            if live.state.offers
            or live.state.wake_at is not None
            or live.phase is not TurnPhase.IDLE
        ]

    def session_of(self, customer: str) -> LiveSession | None:
        """Return a customer's connected session, else their latest one in memory, else None."""
        return max(
            self._concerned.get(("customer", customer), {}).values(),
            key=lambda live: (bool(live.connections), live.state.last_input, live.state.created_at),
            default=None,
        )


def interests_of(state: Session) -> list[tuple[str, str]]:
    """Return the index keys of a session: its customer, the items on offer, the parked promises.

    Items that are only viewed are left out. A fact about them starts no turn, because an offer is
    never pushed for a fact alone, and the session's next turn reads the fact anyway.
    """
    keys: list[tuple[str, str]] = []
    if state.customer:
        keys.append(("customer", state.customer))
    if state.offers or state.unseen:
        keys.append(STANDING)
        keys += [("sku", offer.sku) for offer in (*state.offers, *state.unseen)]
    if state.parked:
        keys += [(PARKED, offer.customer) for offer in state.parked if offer.customer]
    return keys
