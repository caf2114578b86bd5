"""The instant at which what a fact reports happened, as the fact itself says."""

from datetime import datetime

from tactful.core.facts.fact_types import AnyFact, Case, Order, Return, Review, ms


def own_instant(fact: AnyFact) -> int | None:
    """Return when what a fact reports happened, in milliseconds since the Unix epoch, UTC.

    An order counts from its placement, a case from its opening, a return or a review from its own
    instant. Any other fact counts from its version, if that is an instant. None: the fact names no
    instant.

    Args:
        fact: The fact as it was reported.
    """
    match fact:
        case Order():
            return ms(fact.placed_at)
        case Case():
            return ms(fact.opened_at)
        case Return() | Review():
            return ms(fact.at)
        case _:
            return ms(fact.version) if isinstance(fact.version, datetime) else None


def may_follow_erasure(fact: AnyFact, erased_at: int, begun_at: int | None) -> bool:
    """Return whether a fact about an erased id may be stored.

    It may if it happened after the erasure. A fact without an instant may once the shop began the id
    anew, by an identity signed after the erasure or by a fact that happened after it
    (`server/SEMANTICS.md`, section 8).

    Args:
        fact: The fact.
        erased_at: When the id was erased, in milliseconds since the Unix epoch, UTC.
        begun_at: When the shop began the id anew; None: it did not.
    """
    happened = own_instant(fact)
    return begun_at is not None if happened is None else happened > erased_at
