"""What is written down of a turn, so that it can be resumed, explained and repeated?"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct, structs

from tactful.core.context import Context
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
from tactful.runtime.ports.ledger_rows import Commit, TurnEntry
from tactful.runtime.state.session_registry import RecordedSignal

T = TypeVar("T")


class DecisionInputs(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What a decision read beside rules and the session that earlier turns left.

    Where a rule spoke or a session begins, everything is written down, `session` as it was before
    the signal. Where rules were only looked at, it is which facts were read: no more is needed to
    come to nothing again.
    """

    items: list[tuple[str, int]] = []
    """(SKU, the number of the newest fact that was known of it)."""
    person: int | None = None
    """The same of the verified customer; None: there was none."""
    mute: bool = False
    session: Session | None = None
    anew: bool = False
    """Whether the session was just begun or brought back, not left so by the turn before."""
    contact: ContactHistory | None = None
    """The known customer's contact history."""
    balances: list[tuple[str, str, Balance]] = []
    committed: list[tuple[str, str, int]] = []
    ahead: Mapping[str, int] = {}
    heard: Mapping[str, int] = {}
    paused: frozenset[str] = frozenset()
    rates: list[tuple[str, str, dict[str, Tally]]] = []
    """(product, territory, rule → what came of it), where the decision weighed them."""
    began: list[tuple[str, str, dict[str, int]]] = []
    """(SKU, territory, rule → when its reduction first applied)."""
    counts: list[tuple[str, str, dict[str, int]]] = []
    """(product, territory, rule or `VIEWERS` → how many in the last day)."""


OPENING: Final = (ConnectionOpened, CustomerIdentified, ConsentChanged)
"""Signals at which a session, or a customer's history, comes into the log."""

LISTS: Final = frozenset({*range(0x90, 0xA0), 0xDC, 0xDD})
"""With what a list begins in MessagePack; a signal is a map."""

_encode = msgspec.msgpack.Encoder().encode
_encode_trace = msgspec.msgpack.Encoder(order="deterministic").encode
_decode_session = msgspec.msgpack.Decoder(Session).decode
_decode_acts = msgspec.msgpack.Decoder(list[tuple[int, msgspec.Raw]]).decode
_decode_signal: Any = msgspec.msgpack.Decoder(Signal).decode
_decode_inputs = msgspec.msgpack.Decoder(DecisionInputs).decode
_decode_trace = msgspec.msgpack.Decoder(DecisionTrace).decode


def encode(value: Session | ContactHistory | Signal | DecisionInputs) -> bytes:
    """The stored form of a value."""
    return _encode(value)


def encode_trace(trace: DecisionTrace) -> bytes:
    """The stored form of a trace: the same bytes for the same trace."""
    return _encode_trace(trace)


def session_from(stored: bytes) -> Session:
    """A session as it was stored."""
    return _decode_session(stored)


def signal_from(stored: bytes) -> Signal:
    """A signal as it was stored."""
    signal: Signal = _decode_signal(stored)
    return signal


def encode_acts(acts: Sequence[RecordedSignal]) -> bytes:
    """The stored form of what one entry says of several acts and their instants."""
    return _encode(acts)


def apart(entry: TurnEntry) -> Iterator[TurnEntry]:
    """An entry as if each act in it had been recorded by itself."""
    if entry.signal[0] not in LISTS:
        yield entry
        return
    for at, signal in _decode_acts(entry.signal):
        yield structs.replace(entry, at=at, signal=bytes(signal))


def inputs_from(stored: bytes) -> DecisionInputs:
    """Inputs as they were stored."""
    return _decode_inputs(stored)


def trace_from(stored: bytes) -> DecisionTrace:
    """A trace as it was stored."""
    return _decode_trace(stored)


def customer_after(session: Session, signal: Signal) -> str | None:
    """Whose history a turn may read: the verified customer's, with consent, as of this signal."""
    customer = session.customer
    consent, gpc = session.consent, session.gpc
    if isinstance(signal, CustomerIdentified):
        customer = signal.customer
    elif isinstance(signal, CustomerLoggedOut):
        customer = None
    elif isinstance(signal, ConsentChanged | ConnectionOpened):
        consent, gpc = signal.consent, signal.gpc
    return customer if consent == "personal" and not gpc else None


def by_place(rows: Iterable[tuple[str, str, T]]) -> dict[tuple[str, str], T]:
    """Rows of (what, territory, value) as a mapping again."""
    return {(what, place): found for what, place, found in rows}


def commit_of(
    context: Context,
    decision: Decision,
    resume: bytes,
    left: Mapping[str, ContactHistory],
    *,
    persists: bool,
    known: bool,
) -> Commit:
    """All that a turn writes. A session that may not be kept leaves only its money rows.

    `left`: what customers keep whom the shopper left behind; `known`: whether the log holds the turn that left the session as it is.
    """
    session = decision.session
    notable = bool(decision.steps) or _other(session, context.session)
    return Commit(
        session=session.id,
        state=encode(session) if persists and notable else None,
        resume=resume,
        customer=session.customer,
        wake_at=session.wake_at,
        seen_at=context.now,
        contacts=_contacts(decision, left),
        offers=decision.offers,
        steps=decision.steps,
        moves=decision.moves,
        entry=_entry(context, decision, known=known) if persists else None,
    )


def _other(session: Session, before: Session) -> bool:
    """Whether a restart must not find the session as it was: who it is, and what they allow."""
    return (session.tabs, session.shopper, session.customer, session.consent, session.gpc) != (
        before.tabs, before.shopper, before.customer, before.consent, before.gpc
    )  # fmt: skip


def _contacts(decision: Decision, left: Mapping[str, ContactHistory]) -> Mapping[str, bytes]:
    contacts = {who: encode(contact) for who, contact in left.items()}
    if decision.contact is not None and decision.session.customer is not None:
        contacts[decision.session.customer] = encode(decision.contact)
    return contacts


def _entry(context: Context, decision: Decision, *, known: bool) -> TurnEntry:
    verdicts = decision.trace.verdicts
    whole = bool(verdicts) or not known or isinstance(context.signal, OPENING)
    return TurnEntry(
        session=context.session.id,
        customer=decision.session.customer,
        at=context.now,
        rulebook=context.rulebook.version,
        signal=encode(context.signal),
        inputs=_inputs(context, decision, whole=whole, anew=not known),
        trace=encode_trace(decision.trace) if verdicts else None,
    )


def _inputs(context: Context, decision: Decision, *, whole: bool, anew: bool) -> bytes | None:
    if whole:
        return encode(_whole(context, anew=anew))
    if decision.looked or (context.profile and context.session.offers):
        return encode(
            DecisionInputs(
                items=_items(context), person=_person(context), mute=context.commits_suspended
            )
        )
    return None


def _items(context: Context) -> list[tuple[str, int]]:
    return [(sku, item.upto) for sku, item in context.items.items()]


def _person(context: Context) -> int | None:
    return context.profile.history.upto if context.profile else None


def _whole(context: Context, *, anew: bool) -> DecisionInputs:
    territory = context.session.territory or ""
    return DecisionInputs(
        items=_items(context),
        person=_person(context),
        mute=context.commits_suspended,
        session=context.session,
        anew=anew,
        contact=context.profile.contact if context.profile else None,
        balances=[(*key, balance) for key, balance in context.balances.items()],
        committed=[
            (sku, territory, context.committed[sku, territory])
            for sku in context.items
            if (sku, territory) in context.committed
        ],
        ahead=context.ahead,
        heard={str(feed): at for feed, at in context.feed_heartbeats.items()},
        paused=context.rulebook.paused,
        rates=_rates(context, territory),
        began=_of(context.reductions.since, {(sku, territory) for sku in context.items}),
        counts=_of(context.reductions.counts, _products(context, territory)),
    )


def _rates(context: Context, territory: str) -> list[tuple[str, str, dict[str, Tally]]]:
    if context.rulebook.policy.arbitration != "expected_value":
        return []
    return _of(context.rates.log, _products(context, territory))


def _products(context: Context, territory: str) -> set[tuple[str, str]]:
    return {(item.product_id, territory) for item in context.items.values()}


def _of(
    live: Mapping[tuple[str, str], Mapping[str, T]], wheres: Iterable[tuple[str, str]]
) -> list[tuple[str, str, dict[str, T]]]:
    """What concerns the items in play, copied: the decision read it live."""
    return [(*where, dict(live[where])) for where in sorted(wheres) if where in live]
