"""What is written down of a turn, so that it can be resumed, explained and repeated?"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from tactful.core.budgets import Balance
from tactful.core.contacts import Contact
from tactful.core.context import Context
from tactful.core.draft import Decision
from tactful.core.rates import Tally
from tactful.core.session import Session
from tactful.core.signals import Arrived, Signal
from tactful.core.trace import Trace
from tactful.runtime.ports import Commit, Entry

T = TypeVar("T")


class Inputs(Struct, frozen=True, kw_only=True):
    """What a decision read beside facts and rules; `session` is as it was before the signal."""

    session: Session
    contact: Contact | None
    """The known customer's contact history."""
    balances: list[tuple[str, str, Balance]]
    committed: list[tuple[str, str, int]]
    ahead: Mapping[str, int]
    heard: Mapping[str, int]
    paused: frozenset[str]
    rates: list[tuple[str, str, dict[str, Tally]]] = []
    """(product, territory, rule → what came of it), where the decision weighed them."""
    began: list[tuple[str, str, dict[str, int]]] = []
    """(SKU, territory, rule → when its reduction first applied)."""
    counts: list[tuple[str, str, dict[str, int]]] = []
    """(product, territory, rule or `VIEWERS` → how many in the last day)."""


_encode = msgspec.msgpack.Encoder().encode
_decode_session = msgspec.msgpack.Decoder(Session).decode
_decode_signal: Any = msgspec.msgpack.Decoder(Signal).decode
_decode_inputs = msgspec.msgpack.Decoder(Inputs).decode
_decode_trace = msgspec.msgpack.Decoder(Trace).decode


def encode(value: Session | Contact | Signal | Trace | Inputs) -> bytes:
    """The stored form of a value."""
    return _encode(value)


def session_from(stored: bytes) -> Session:
    """A session as it was stored."""
    return _decode_session(stored)


def signal_from(stored: bytes) -> Signal:
    """A signal as it was stored."""
    signal: Signal = _decode_signal(stored)
    return signal


def inputs_from(stored: bytes) -> Inputs:
    """Inputs as they were stored."""
    return _decode_inputs(stored)


def trace_from(stored: bytes) -> Trace:
    """A trace as it was stored."""
    return _decode_trace(stored)


def commit_of(context: Context, decision: Decision, resume: bytes, *, persists: bool) -> Commit:
    """All that a turn writes. A session that may not be kept leaves only its money rows."""
    session = decision.session
    notable = bool(decision.steps)
    return Commit(
        session=session.id,
        state=encode(session)
        if persists and (notable or session.tabs != context.session.tabs)
        else None,
        resume=resume,
        customer=session.customer,
        wake_at=session.wake_at,
        seen_at=context.now,
        contacts=_contacts(decision),
        offers=decision.offers,
        steps=decision.steps,
        moves=decision.moves,
        entry=_entry(context, decision) if persists else None,
    )


def _contacts(decision: Decision) -> Mapping[str, bytes]:
    if decision.contact is None or decision.session.customer is None:
        return {}
    return {decision.session.customer: encode(decision.contact)}


def _entry(context: Context, decision: Decision) -> Entry:
    verdicts = decision.trace.verdicts
    return Entry(
        session=context.session.id,
        customer=decision.session.customer,
        at=context.now,
        rulebook=context.rulebook.version,
        signal=encode(context.signal),
        inputs=encode(_inputs(context))
        if verdicts or isinstance(context.signal, Arrived)
        else None,
        trace=encode(decision.trace) if verdicts else None,
    )


def _inputs(context: Context) -> Inputs:
    territory = context.session.territory or ""
    return Inputs(
        session=context.session,
        contact=context.profile.contact if context.profile else None,
        balances=[(*key, balance) for key, balance in context.balances.items()],
        committed=[
            (sku, territory, context.committed[sku, territory])
            for sku in context.items
            if (sku, territory) in context.committed
        ],
        ahead=context.ahead,
        heard={str(feed): at for feed, at in context.heard.items()},
        paused=context.rulebook.paused,
        rates=_rates(context, territory),
        began=_of(context.reach.since, {(sku, territory) for sku in context.items}),
        counts=_of(context.reach.counts, _products(context, territory)),
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
