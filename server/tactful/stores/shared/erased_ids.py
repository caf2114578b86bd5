"""Replacement of erased ids by their aliases in what is about to be written."""

from collections.abc import Callable, Mapping
from typing import Final

from msgspec import structs

from tactful.runtime.ports.ledger_rows import Commit, FactRow, Subject, Tombstone, TurnEntry
from tactful.runtime.ports.operator_actions import OperatorAction
from tactful.stores.shared.json_text import replace_packed_id

AliasOf = Callable[[str, str], str | None]
"""Returns what an id of a kind must be replaced by; None: it may be written."""
ERASABLE_KINDS: Final = frozenset({"customer", "contact"})
"""Kinds of subjects whose ids can be erased. Facts about others are stored without a look-up."""


def without_erased_ids(turn: Commit, alias_of: AliasOf) -> Commit:
    """Return a turn in which every erased customer is replaced by the alias.

    The contact history and the exposures of an erased customer are not written. A turn that names none is returned as
    it is.
    """
    aliases = _aliases_in(turn, alias_of)
    if not aliases:
        return turn
    return structs.replace(
        turn,
        state=_replaced(turn.state, aliases),
        customer=_alias(turn.customer, aliases),
        contacts={who: write for who, write in turn.contacts.items() if who not in aliases},
        offers=tuple(
            structs.replace(offer, customer=_alias(offer.customer, aliases))
            for offer in turn.offers
        ),
        entry=turn.entry and _entry(turn.entry, aliases),
        exposures=tuple(
            one for one in turn.exposures if not (one.is_customer and one.unit in aliases)
        ),
    )


def action_without_erased_id(action: OperatorAction, alias_of: AliasOf) -> OperatorAction:
    """Return an operator action in which an erased customer is replaced by the alias, without values."""
    alias = alias_of("customer", action.customer) if action.customer else None
    if alias is None:
        return action
    return structs.replace(action, customer=alias, subject=alias, before={}, after={})


def _aliases_in(turn: Commit, alias_of: AliasOf) -> Mapping[str, str]:
    offers = (offer.customer for offer in turn.offers)
    exposed = (one.unit for one in turn.exposures if one.is_customer)
    named = {turn.customer, *turn.names, *turn.contacts, *offers, *exposed}
    if turn.entry:
        named.add(turn.entry.customer)
    found = {who: alias_of("customer", who) for who in named if who is not None}
    return {who: alias for who, alias in found.items() if alias is not None}


def _entry(entry: TurnEntry, aliases: Mapping[str, str]) -> TurnEntry:
    return structs.replace(
        entry,
        customer=_alias(entry.customer, aliases),
        signal=_replaced(entry.signal, aliases) or b"",
        inputs=_replaced(entry.inputs, aliases),
        trace=_replaced(entry.trace, aliases),
    )


def _alias(customer: str | None, aliases: Mapping[str, str]) -> str | None:
    return customer if customer is None else aliases.get(customer, customer)


def _replaced(body: bytes | None, aliases: Mapping[str, str]) -> bytes | None:
    for customer, alias in aliases.items():
        if body is not None:
            body = replace_packed_id(body, customer, alias)
    return body


def forbids_fact(known: Tombstone, row: FactRow) -> bool:
    """Return whether a fact about an erased id may not be stored; see `CustomerData`."""
    return known.begun_at is None if row.own_at is None else row.own_at <= known.at


def subjects_without(
    subjects: tuple[Subject, ...], replacements: Mapping[Subject, Subject]
) -> tuple[Subject, ...]:
    """Return subjects in which erased ones are replaced."""
    return tuple(replacements.get(subject, subject) for subject in subjects)
