"""Corrections of support cases by operators: another kind, other items, another order.

The corrected case is a new version of the same fact, so that offers are withdrawn or possible again
at once, and explanations show it. Connectors of help desks keep what an operator stated; a system
that reports its cases itself states them anew with its next report.
"""

from datetime import datetime, timedelta
from typing import Any

from msgspec import UNSET, Struct, UnsetType, structs

from tactful.core.facts import fact_codec
from tactful.core.facts.fact_codec import FactRejection, decode_stored
from tactful.core.facts.fact_types import Case
from tactful.core.facts.fact_values import CaseKind, Id, Version
from tactful.runtime.audit_changes import fact_change
from tactful.runtime.operators import record_action
from tactful.runtime.shop import Shop


class CaseCorrection(Struct, frozen=True, forbid_unknown_fields=True):
    """What an operator states about a case; what is left out stays."""

    kind: CaseKind | UnsetType = UNSET
    skus: tuple[Id, ...] | UnsetType = UNSET
    """The items that it is about; empty: none is named."""
    order: Id | UnsetType | None = UNSET
    """The order that it is about; `None`: none is named."""

    @property
    def is_empty(self) -> bool:
        """Whether it changes nothing."""
        return self.kind is UNSET and self.skus is UNSET and self.order is UNSET

    def applied_to(self, case: Case) -> Case:
        """Return the corrected case."""
        changes: dict[str, Any] = {"version": _next(case.version)}
        if self.kind is not UNSET:
            changes |= {"kind": self.kind, "kind_by": "agent"}
        if self.skus is not UNSET or self.order is not UNSET:
            changes |= {"linked_by": "agent", "lines": ()}
        if self.skus is not UNSET:
            changes["skus"] = self.skus
        if self.order is not UNSET:
            changes["order"] = self.order
        return structs.replace(case, **changes)


class UnknownCaseError(Exception):
    """Nobody reported a case of this id."""


class RefusedCorrectionError(Exception):
    """The corrected case would be no valid fact; the message says why."""


async def correct_case(shop: Shop, case: str, correction: CaseCorrection, operator: str) -> Case:
    """Correct a case, durably on return, and enter it into the audit log.

    Args:
        shop: The shop.
        case: The id of the case.
        correction: What is to be changed.
        operator: Name of the operator, for the audit log.

    Returns:
        The case as it is now.

    Raises:
        UnknownCaseError: There is no such case.
        RefusedCorrectionError: The correction leaves nothing that says whose case it is.
        LedgerError: The correction is not stored.
    """
    before = await find_case(shop, case)
    after = correction.applied_to(before)
    encoded = fact_codec.encode(after)
    read = fact_codec.decode(encoded)
    if isinstance(read, FactRejection):
        raise RefusedCorrectionError(read.message)
    await shop.ingest.ingest([encoded], has_keyed_contacts=True)
    await record_action(
        shop,
        "case.corrected",
        operator,
        case,
        fact_change(before, after),
        detail=_change(before, after),
        customer=after.customer or before.customer,
    )
    return after


async def find_case(shop: Shop, case: str) -> Case:
    """Return a case as it is in force.

    Raises:
        UnknownCaseError: There is none.
        LedgerError: The ledger cannot be read.
    """
    for stored in await shop.ledger.facts_about([("case", case)], ["case"]):
        found = decode_stored(stored.body)
        if isinstance(found, Case) and found.case == case:
            return found
    raise UnknownCaseError(case)


def mapping_line(before: Case, after: Case) -> str | None:
    """Return the lines of a mapping file that would find the new kind; `None`: none would.

    They are proposed where the file did not find the kind by a field, tag or queue.
    """
    if before.kind == after.kind or before.kind_by not in {"words", "none"}:
        return None
    return f"kind:\n  tags:\n    {after.kind}: [YOUR-TAG]\n"


def _next(version: Version | None) -> Version | None:
    """Return the next version, which any later report of the same system exceeds or equals."""
    if isinstance(version, datetime):
        return version + timedelta(microseconds=1)
    return None if version is None else version + 1


def _change(before: Case, after: Case) -> str:
    """Return what changed, without the order, which would outlive an erasure of its customer."""
    changed = [f"kind {before.kind} to {after.kind}"] if before.kind != after.kind else []
    if before.skus != after.skus:
        changed.append(f"items {', '.join(after.skus) or 'none'}")
    if before.order != after.order:
        changed.append("order" if after.order else "no order")
    return "; ".join(changed) or "confirmed"
