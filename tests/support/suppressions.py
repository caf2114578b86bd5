"""The suppressions of an item for a customer, given some facts."""

from support.builders import (
    DAY,
    T0,
    product,
    rule,
    scene,
    session,
)
from support.naive_assembly import NaiveShop
from tactful.core.customer.profile import profile
from tactful.core.facts.fact_types import AnyFact
from tactful.core.gates.suppression import check_suppression
from tactful.core.rules.policy import Policy
from tactful.core.rules.rule import Rule, SuppressRule

CATALOGUE = [
    product("RUN-42", "run", brand="Velo"),
    product("RUN-43", "run", brand="Velo"),
    product("TRAIL-42", "trail", brand="Velo"),
    product("BOOT-42", "boot", brand="Nordek"),
    product("SOCK-3", "sock", brand="Velo", consumable_days=90),
    product("SET-1", "set", components=("BOOT-42", "SOCK-3")),
    product("BARE-1", "bare"),
]
ALL = frozenset(one.sku for one in CATALOGUE)
RUN = frozenset({"RUN-42", "RUN-43"})
VELO = RUN | {"TRAIL-42", "SOCK-3"}


def reasons(
    sku: str,
    *told: AnyFact,
    now: int = T0,
    who: str | None = "c1",
    by: Rule | None = None,
    policy: Policy | None = None,
    tightenings: tuple[SuppressRule, ...] = (),
) -> list[str]:
    """Return the reason codes of all suppressions of an item for a customer, in order."""
    shop = NaiveShop((fact, T0 - 500 * DAY) for fact in (*CATALOGUE, *told))
    policy = policy or Policy()
    known = profile(shop.history(who), policy) if who else None
    here = scene(now=now, item=shop.item(sku), profile=known, session=session(customer=who))
    found = check_suppression(here, by or rule(), policy, tightenings)
    return [finding.reason.value for finding in found]
