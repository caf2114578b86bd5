"""The stored form of turns, from which a session is resumed, explained and replayed.

`build_commit` turns a decision into the rows of one transaction. The other functions encode and
decode the parts of a `TurnEntry` in MessagePack. Stored names are fixed: ledgers hold them since
0.1.0, and `tests/journeys/test_upgrade.py` proves that they are still read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct, structs

from tactful.core.context import Context
from tactful.core.decide import ENGINE
from tactful.core.decision import Decision
from tactful.core.offers.budget import Balance
from tactful.core.pricing.conversion_rates import Tally
from tactful.core.session.contact_history import ContactHistory
from tactful.core.session.session import Session
from tactful.core.session.signals import (
    ConnectionOpened,
    ConsentChanged,
    CustomerIdentified,
    CustomerLoggedOut,
    Signal,
)
from tactful.core.verdicts.verdict import DecisionTrace
from tactful.runtime.ports.ledger_rows import Commit, ContactWrite, TurnEntry
from tactful.runtime.state.reduction_tracker import offer_tallies
from tactful.runtime.state.session_registry import RecordedSignal
from tactful.runtime.turn_log.exposures import exposures_of

T = TypeVar("T")


class DecisionInputs(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """The inputs of a decision, besides the rules and the session that earlier turns left.

    A *full* record has `session` and all other fields. It is written where a rule gave a verdict,
    and where a session or a customer's history enters the log. A *partial* record has only
    `items`, `customer_upto` and `commits_suspended`. It is written where rules were evaluated and
    none gave a verdict: those fields are enough to reach the same empty result again.

    `name=` is the stored name of a field. Ledgers hold it since 0.1.0, so it never changes.
    """

    items: list[tuple[str, int]] = []
    """(SKU, number of the newest fact known about it). Numbers are those of `StoredFact.number`."""
    customer_upto: int | None = msgspec.field(default=None, name="person")
    """Number of the newest fact known about the verified customer; None: no customer was read."""
    commits_suspended: bool = msgspec.field(default=False, name="mute")
    """Whether commits were suspended, so that the turn could promise nothing."""
    session: Session | None = None
    """The session as it was before the signal; None: a partial record."""
    engine: str = ""
    """`core.decide.ENGINE` of the process that decided, in a full record; "": release 0.1.0.

    It holds for the partial records that follow, because a new process begins with a full record.
    """
    begins_here: bool = msgspec.field(default=False, name="anew")
    """Whether the session was just opened or restored. Then no recorded turn led to this state."""
    contact: ContactHistory | None = None
    """Contact history of the verified customer."""
    balances: list[tuple[str, str, Balance]] = []
    """(campaign, currency or `COUNT`, balance in the current period)."""
    codes: list[tuple[str, str, int | None]] = []
    """(pool, the discount code that its next offer takes, the end of that code)."""
    committed: list[tuple[str, str, int]] = []
    """(SKU, territory, units promised by the standing offers of all sessions)."""
    ahead: Mapping[str, int] = {}
    """Standing offer of the session → units promised before it."""
    feed_heartbeats: Mapping[str, int] = msgspec.field(default_factory=dict, name="heard")
    """Feed → its last heartbeat, milliseconds since the Unix epoch, UTC."""
    paused: frozenset[str] = frozenset()
    """Ids of the rules that an operator, or a breached trial limit, had paused."""
    rates: list[tuple[str, str, dict[str, Tally]]] = []
    """(product, territory, rule → offers tried and bought), where arbitration weighed them."""
    first_applied: list[tuple[str, str, dict[str, int]]] = msgspec.field(
        default_factory=list, name="began"
    )
    """(SKU, territory, rule → instant at which its reduction first applied, in milliseconds)."""
    daily_counts: list[tuple[str, str, dict[str, int]]] = msgspec.field(
        default_factory=list, name="counts"
    )
    """(product, territory, rule or `VIEWERS` → number of shoppers in the last 24 hours)."""


NO_INPUTS: Final = DecisionInputs()
"""The inputs of an entry on which nothing was decided."""

OPENING_SIGNALS: Final = (ConnectionOpened, CustomerIdentified, ConsentChanged)
"""Signals with which a session or a customer's history enters the log; recorded in full."""

LIST_PREFIXES: Final = frozenset({*range(0x90, 0xA0), 0xDC, 0xDD})
"""First bytes of a MessagePack list. A single signal is a map, a batch of signals is a list."""

_encode = msgspec.msgpack.Encoder().encode
_encode_trace = msgspec.msgpack.Encoder(order="deterministic").encode
_session_decoder = msgspec.msgpack.Decoder(Session).decode
_decode_signal_list = msgspec.msgpack.Decoder(list[tuple[int, msgspec.Raw]]).decode
_signal_decoder: Any = msgspec.msgpack.Decoder(Signal).decode
_inputs_decoder = msgspec.msgpack.Decoder(DecisionInputs).decode
_trace_decoder = msgspec.msgpack.Decoder(DecisionTrace).decode


def encode(value: Session | ContactHistory | Signal | DecisionInputs) -> bytes:
    """Return the stored form of a value."""
    return _encode(value)


def encode_trace(trace: DecisionTrace) -> bytes:
    """Return the stored form of a trace. Equal traces give equal bytes, so replay compares bytes."""
    return _encode_trace(trace)


def encode_signals(signals: Sequence[RecordedSignal]) -> bytes:
    """Return the stored form of several signals with their instants, for one entry."""
    return _encode(signals)


def decode_session(stored: bytes) -> Session:
    """Return the session that `encode` stored.

    Raises:
        msgspec.DecodeError: The bytes are damaged, or were written by a newer version.
    """
    return _session_decoder(stored)


def decode_signal(stored: bytes) -> Signal:
    """Return the signal that `encode` stored.

    Raises:
        msgspec.DecodeError: The bytes are damaged, or were written by a newer version.
    """
    signal: Signal = _signal_decoder(stored)
    return signal


def decode_inputs(stored: bytes | None) -> DecisionInputs:
    """Return the inputs that `encode` stored; `NO_INPUTS` where an entry has none.

    Raises:
        msgspec.DecodeError: The bytes are damaged, or were written by a newer version.
    """
    return _inputs_decoder(stored) if stored else NO_INPUTS


def decode_trace(stored: bytes) -> DecisionTrace:
    """Return the trace that `encode_trace` stored.

    Raises:
        msgspec.DecodeError: The bytes are damaged, or were written by a newer version.
    """
    return _trace_decoder(stored)


def split_entry(entry: TurnEntry) -> Iterator[TurnEntry]:
    """Yield one entry per signal, as if each signal of a batch had been recorded by itself."""
    if entry.signal[0] not in LIST_PREFIXES:
        yield entry
        return
    for at, signal in _decode_signal_list(entry.signal):
        yield structs.replace(entry, at=at, signal=bytes(signal))


def readable_customer(session: Session, signal: Signal) -> str | None:
    """Return the customer whose history a turn may read, as of this signal.

    That is the verified customer, with `personal` consent and without Global Privacy Control.
    None: the turn reads no history. `server/SEMANTICS.md`, section 8.

    Args:
        session: The session before the signal.
        signal: What happened; a login, logout or change of consent counts at once.
    """
    consent, gpc = session.consent, session.gpc
    if isinstance(signal, ConsentChanged | ConnectionOpened):
        consent, gpc = signal.consent, signal.gpc
    return verified_customer(session, signal) if consent == "personal" and not gpc else None


def verified_customer(session: Session, signal: Signal) -> str | None:
    """Return the customer whose identity is verified, as of this signal; None: nobody is.

    Args:
        session: The session before the signal.
        signal: What happened; a login or logout counts at once.
    """
    if isinstance(signal, CustomerIdentified):
        return signal.customer
    return None if isinstance(signal, CustomerLoggedOut) else session.customer


def by_territory(rows: Iterable[tuple[str, str, T]]) -> dict[tuple[str, str], T]:
    """Return stored rows (SKU or product, territory, value) as (SKU or product, territory) → value."""
    return {(key, territory): value for key, territory, value in rows}


def build_commit(
    context: Context,
    decision: Decision,
    resume: bytes,
    contacts: Mapping[str, ContactWrite],
    *,
    epoch: int,
    records: bool,
    known: bool,
    taken: bytes | None = None,
) -> Commit:
    """Return everything that a turn writes.

    A session without consent is not persisted: its commit has offers, steps and budget moves only.

    Args:
        context: What the decision read.
        decision: What it decided.
        resume: Digest of the session's resume secret.
        contacts: Customer → the contact history to write.
        epoch: The epoch under which this process owns the session; 0: it may not be stored.
        records: Whether its browsing is written. If not, only turns that change an offer are.
        known: Whether the log holds the turn that led to the session in `context`.
        taken: The encoded numbers of the client messages that led to the session.
    """
    session = decision.session
    promises = epoch > 0 and bool(decision.offers)
    state_matters = promises or (records and _must_persist(session, context.session))
    return Commit(
        session=session.id,
        state=encode(session) if state_matters else None,
        resume=resume,
        customer=session.customer,
        names=customers_in(context.session, session),
        wake_at=session.wake_at,
        seen_at=context.now,
        contacts=contacts,
        offers=decision.offers,
        steps=decision.steps,
        moves=decision.moves,
        entry=_entry(context, decision, known=known) if promises or records else None,
        taken=taken if state_matters else None,
        tallies=offer_tallies(decision.offers) if decision.offers else (),
        epoch=epoch,
        exposures=exposures_of(context, decision) if decision.offers else (),
    )


def _must_persist(session: Session, before: Session) -> bool:
    """Whether identity, consent or connections changed; a restart must find the new state."""
    return (session.tabs, session.shopper, session.customer, session.consent, session.gpc) != (
        before.tabs, before.shopper, before.customer, before.consent, before.gpc
    )  # fmt: skip


def customers_in(*sessions: Session) -> tuple[str, ...]:
    """Return the customers whom states of a session name; nearly always one or none."""
    found: set[str] = set()
    for session in sessions:
        if session.customer is not None:
            found.add(session.customer)
        for offer in (*session.offers, *session.parked, *session.unseen):
            if offer.customer is not None:
                found.add(offer.customer)
    return tuple(found)


def _entry(context: Context, decision: Decision, *, known: bool) -> TurnEntry:
    verdicts = decision.trace.verdicts
    full = bool(verdicts) or not known or isinstance(context.signal, OPENING_SIGNALS)
    return TurnEntry(
        session=context.session.id,
        customer=decision.session.customer,
        at=context.now,
        rulebook=context.rulebook.version,
        signal=encode(context.signal),
        inputs=_inputs(context, decision, full=full, begins_here=not known),
        trace=encode_trace(decision.trace) if verdicts else None,
    )


def _inputs(context: Context, decision: Decision, *, full: bool, begins_here: bool) -> bytes | None:
    if full:
        return encode(full_inputs(context, begins_here=begins_here))
    if decision.evaluated or (
        context.profile and (context.session.offers or context.session.unseen)
    ):
        return encode(
            DecisionInputs(
                items=_items(context),
                customer_upto=_customer_upto(context),
                commits_suspended=context.commits_suspended,
            )
        )
    return None


def _items(context: Context) -> list[tuple[str, int]]:
    return [(sku, item.upto) for sku, item in context.items.items()]


def _customer_upto(context: Context) -> int | None:
    return context.profile.history.upto if context.profile else None


def full_inputs(context: Context, *, begins_here: bool) -> DecisionInputs:
    """Return a copy of everything that a decision reads besides rules, items and history.

    Args:
        context: What the decision reads, in the step in which it was built.
        begins_here: Whether the session was just opened or restored.
    """
    territory = context.session.territory or ""
    return DecisionInputs(
        items=_items(context),
        customer_upto=_customer_upto(context),
        commits_suspended=context.commits_suspended,
        session=context.session,
        engine=ENGINE,
        begins_here=begins_here,
        contact=context.profile.contact if context.profile else None,
        balances=[(*key, balance) for key, balance in context.balances.items()],
        codes=[(pool, free.code, free.ends_at) for pool, free in context.codes.items()],
        committed=[
            (sku, territory, context.committed[sku, territory])
            for sku in context.items
            if (sku, territory) in context.committed
        ],
        ahead=context.ahead,
        feed_heartbeats={str(feed): at for feed, at in context.feed_heartbeats.items()},
        paused=context.rulebook.paused,
        rates=_rates(context, territory),
        first_applied=_copy_of(
            context.reductions.since, {(sku, territory) for sku in context.items}
        ),
        daily_counts=_copy_of(context.reductions.counts, _products(context, territory)),
    )


def _rates(context: Context, territory: str) -> list[tuple[str, str, dict[str, Tally]]]:
    if context.rulebook.policy.arbitration != "expected_value":
        return []
    return _copy_of(context.rates.log, _products(context, territory))


def _products(context: Context, territory: str) -> set[tuple[str, str]]:
    return {(item.product_id, territory) for item in context.items.values()}


def _copy_of(
    live: Mapping[tuple[str, str], Mapping[str, T]], keys: Iterable[tuple[str, str]]
) -> list[tuple[str, str, dict[str, T]]]:
    """Copy the rows of the items in play. The live mapping changes after the decision has read it."""
    return [(*key, dict(live[key])) for key in sorted(keys) if key in live]
