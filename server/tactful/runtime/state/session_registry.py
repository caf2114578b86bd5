"""Which sessions are in memory, and whom does a change concern?"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from msgspec import Struct

from tactful.core.decision import Effect, PushOffer, RefuseAcceptance, WithdrawOffer
from tactful.core.offers.offer import Offer
from tactful.core.session.session import Session
from tactful.core.session.signals import Signal
from tactful.runtime.security.token_issuer import IssuedOffer

Outgoing = PushOffer | WithdrawOffer | RefuseAcceptance | IssuedOffer
"""What a connection is asked to send."""


class RecordedSignal(Struct, frozen=True, gc=False, array_like=True):
    """What a session did, and when (ms). Many wait to be written: the collector need not see them."""

    at: int
    signal: Signal


class SessionSnapshot(Struct, frozen=True, gc=False):
    """The whole state, as a connection hears it first. `session` is the public id."""

    session: str
    resume: str
    offers: tuple[Offer, ...]
    seq: int


class Subscriber(Protocol):
    """A connection, as sessions see it. Nothing here waits or fails."""

    def send_snapshot(self, snapshot: SessionSnapshot) -> None:
        """Send the whole state."""
        ...

    def deliver(self, effects: Sequence[Outgoing]) -> None:
        """Send effects as frames."""
        ...

    def close_replaced(self) -> None:
        """Close it: a newer connection of the session takes its place."""
        ...


class SessionConnection:
    """A connection's place in a session."""

    __slots__ = ("backlog", "closed", "live", "subscriber", "tab")

    def __init__(self, subscriber: Subscriber) -> None:
        self.subscriber = subscriber
        self.live: LiveSession | None = None
        self.tab = 0
        self.backlog: list[Signal] = []
        """What it reported before its session was found."""
        self.closed = False


class LiveSession:
    """One session in memory: its state, its mailbox and its connections. Turns never overlap."""

    __slots__ = (
        "busy",
        "connections",
        "customer",
        "dirty_at",
        "ends_at",
        "id_rotations",
        "last_tab",
        "mailbox",
        "newcomers",
        "outbox",
        "persists",
        "recorded",
        "resume_digest",
        "state",
        "unwritten",
    )

    def __init__(self, state: Session, resume_digest: bytes) -> None:
        self.state = state
        self.resume_digest = resume_digest
        """The digest of the secret with which a browser may come back."""
        self.mailbox: list[Signal] = []
        self.outbox: list[Effect] = []
        self.connections: dict[int, SessionConnection] = {}
        """The connections that have heard the whole state, by tab."""
        self.newcomers: list[SessionConnection] = []
        """The connections that have yet to hear it."""
        self.customer = state.customer
        """The customer who was verified last, whether or not that turn is done."""
        self.id_rotations = 0
        """How often it got a new public id."""
        self.last_tab = max((tab.number for tab in state.tabs), default=0)
        self.busy = False
        """Waiting for facts or for a commit; the mailbox fills meanwhile."""
        self.unwritten: list[RecordedSignal] = []
        """What it did since its last record: see `journal`."""
        self.dirty_at: int | None = None
        """When it became something else than the ledger has; None: it is as written, or soon will be."""
        self.persists = False
        """Whether the ledger knows it."""
        self.recorded = False
        """Whether the log holds the turn that left it as it is: not when it was just brought back."""
        self.ends_at: int | None = None


class SessionRegistry:
    """The live sessions, by id, by resume secret, and by what they are concerned with."""

    def __init__(self) -> None:
        self.by_id: dict[str, LiveSession] = {}
        self._by_resume: dict[bytes, LiveSession] = {}
        self._concerned: dict[tuple[str, str], dict[str, LiveSession]] = defaultdict(dict)

    def __len__(self) -> int:
        return len(self.by_id)

    def __iter__(self) -> Iterator[LiveSession]:
        return iter(tuple(self.by_id.values()))

    def add(self, live: LiveSession) -> None:
        """Keep a session."""
        self.by_id[live.state.id] = live
        self._by_resume[live.resume_digest] = live

    def remove(self, live: LiveSession) -> None:
        """Let go of a session."""
        self.by_id.pop(live.state.id, None)
        self._by_resume.pop(live.resume_digest, None)
        for key in interests_of(live.state):
            self._drop(key, live)

    def by_resume_digest(self, digest: bytes) -> LiveSession | None:
        """The session that a resume secret opens."""
        return self._by_resume.get(digest)

    def set_resume_digest(self, live: LiveSession, digest: bytes) -> None:
        """Change the secret with which a session can be resumed; the old one is dead."""
        self._by_resume.pop(live.resume_digest, None)
        live.resume_digest = digest
        self._by_resume[digest] = live

    def index_interests(self, live: LiveSession, before: Session | None = None) -> None:
        """Index a session under what it is concerned with, and no more under what it was before."""
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
        """The sessions that any of the keys concerns, each once."""
        found: dict[str, LiveSession] = {}
        for key in keys:
            found.update(self._concerned.get(key, {}))
        return [*found.values()]

    def session_of(self, customer: str) -> LiveSession | None:
        """The session in which a customer is now, or else was last; None: they are not in memory."""
        return max(
            self._concerned.get(("customer", customer), {}).values(),
            key=lambda live: (bool(live.connections), live.state.last_input, live.state.created_at),
            default=None,
        )


def interests_of(state: Session) -> list[tuple[str, str]]:
    """What a session is concerned with: items on offer, and the customer.

    What it only looks at is read when it may come to something: a fact is no occasion to speak.
    """
    keys: list[tuple[str, str]] = []
    if state.customer:
        keys.append(("customer", state.customer))
    if state.offers:
        keys.append(STANDING)
        keys += [("sku", offer.sku) for offer in state.offers]
    return keys


STANDING = ("offers", "standing")
"""The key of every session that has an offer."""
