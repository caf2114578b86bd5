"""Builders for what goes into a ledger."""

from collections.abc import Collection
from typing import Any, TypeVar

import msgspec
from msgspec import structs

from tactful.core.offers.budget import COUNT, BudgetMove
from tactful.core.offers.offer import Offer, OfferState, OfferStep
from tactful.core.redemption.redemption_rows import (
    RedemptionLogic,
    RedemptionOutcome,
    RedemptionRow,
    RedemptionState,
)
from tactful.runtime.ports.customer_data import EXPORT_PARTS
from tactful.runtime.ports.ledger_rows import Commit, FactRow, TurnEntry
from tactful.stores.memory.ledger import MemoryLedger
from tactful.stores.relational.ledger import RelationalLedger

AnyLedger = MemoryLedger | RelationalLedger

T = TypeVar("T")

T0 = 1_773_144_000_000
"""2026-03-10T12:00:00Z, in ms."""


def present(value: T | None) -> T:
    """The value, which must not be None."""
    assert value is not None
    return value


async def run_redemption(
    ledger: AnyLedger,
    logic: RedemptionLogic,
    *,
    order: str,
    offer: str | None = None,
    offers: Collection[str] = (),
    also: Collection[str] = (),
    refund: str | None = None,
) -> RedemptionOutcome:
    """Run a redemption without a read set, which no ledger refuses."""
    named = offers or ((offer,) if offer else ())
    outcome = await ledger.run_redemption(
        logic, offers=named, order=order, also=also, refund=refund
    )
    assert isinstance(outcome, RedemptionOutcome)
    return outcome


def offer(ident: str = "of_1", **changes: Any) -> Offer:
    """An offer of 10965 instead of 12900 EUR, held by campaign `spring`."""
    made = Offer(
        id=ident,
        session="se_1",
        rule="r1",
        campaign="spring",
        period="total",
        rulebook="rb",
        sku="RUN-42",
        product="aero",
        territory="DE",
        currency="EUR",
        unit=10965,
        public=12900,
        since=T0,
        hold=1935,
        issued_at=T0,
        ends_at=T0 + 900_000,
        seq=1,
    )
    return structs.replace(made, **changes)


def accepted(ident: str = "of_1", **changes: Any) -> Offer:
    """The same, accepted for half an hour."""
    return offer(
        ident, **{"state": OfferState.ACCEPTED, "accept_until": T0 + 1_800_000, "seq": 2, **changes}
    )


def reserve(made: Offer, limit: int | None = 50_000, count: int | None = None) -> list[BudgetMove]:
    """What pushing an offer reserves."""
    spend = BudgetMove(
        made.campaign or "", made.period, made.currency, limit, reserve=made.hold, offer=made.id
    )
    if count is None:
        return [spend]
    return [
        spend,
        BudgetMove(made.campaign or "", made.period, COUNT, count, reserve=1, offer=made.id),
    ]


def release(made: Offer, limit: int | None = 50_000) -> BudgetMove:
    """The money that an end of an offer releases."""
    return structs.replace(reserve(made, limit)[0], reserve=-made.hold)


def step(made: Offer, reason: str | None = None, at: int = T0) -> OfferStep:
    """The step that an offer's last change was."""
    return OfferStep(made.id, at, made.seq, made.state, reason)


def push(made: Offer, **budget: Any) -> Commit:
    """A turn that pushes an offer, or writes one in its present state."""
    return Commit(
        session=made.session,
        offers=(made,),
        steps=(step(made),),
        moves=tuple(reserve(made, **budget)),
    )


def leave(
    made: Offer,
    state: OfferState,
    reason: str | None = None,
    *,
    limit: int | None = 50_000,
    count: int | None = None,
) -> Commit:
    """A turn that ends an offer and releases its hold."""
    ended = structs.replace(made, state=state, seq=made.seq + 1)
    moves = reserve(made, limit, count)
    return Commit(
        session=made.session,
        offers=(ended,),
        steps=(step(ended, reason),),
        moves=tuple(structs.replace(move, reserve=-move.reserve) for move in moves),
    )


def entry(session: str = "se_1", at: int = T0, **changes: Any) -> TurnEntry:
    """The record of a turn."""
    made = TurnEntry(
        session=session,
        customer=None,
        at=at,
        rulebook="rb",
        signal=b'{"type":"view"}',
        inputs=b"{}",
    )
    return structs.replace(made, **changes)


def fact(
    kind: str = "stock",
    key: str = "RUN-42|DE|",
    version: int | tuple[str, int] | None = None,
    *,
    subjects: tuple[tuple[str, str], ...] = (("sku", "RUN-42"),),
    at: int = T0,
    **body: Any,
) -> FactRow:
    """A fact whose body is the given fields; bodies of different versions differ."""
    marked = ("int", version) if isinstance(version, int) else version
    return FactRow(
        kind=kind,
        key=key,
        version=marked,  # type: ignore[arg-type]
        subjects=subjects,
        body=msgspec.json.encode({"type": kind, "version": version, **body}),
        at=at,
    )


def redeem(state: RedemptionState) -> RedemptionOutcome:
    """The logic by which order `o1` redeems offer `of_1`."""
    redeemed = structs.replace(state.offers["of_1"], state=OfferState.REDEEMED, seq=9)
    return RedemptionOutcome(
        status=200,
        body=b"won",
        redemptions=(
            RedemptionRow(
                id="rd_1", offer="of_1", order="o1", at=T0, status="redeemed", saved=1935
            ),
        ),
        offers=(redeemed,),
        steps=(step(redeemed),),
        moves=(BudgetMove("spring", "total", "EUR", 50_000, reserve=-1935, settle=1935),),
    )


def stock(available: int, version: int | None, at: int = T0) -> FactRow:
    """The available stock of RUN-42 in DE."""
    return fact(version=version, at=at, available=available)


async def exported(ledger: AnyLedger, customer: str) -> dict[str, list[Any]]:
    """The rows of a customer's export, by part."""
    found: dict[str, list[Any]] = {part: [] for part in EXPORT_PARTS}
    async for part, row in ledger.export_customer(customer):
        found[part].append(row)
    return found
