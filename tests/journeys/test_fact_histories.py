"""A server finds in invented histories of facts what the manual says, and so does the oracle."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from journeys.fixture import CATALOGUE
from support.builders import session
from support.histories.complaints import COMPLAINTS
from support.histories.items import ITEMS
from support.histories.orders import ORDERS
from support.histories.people import PEOPLE
from support.histories.telling import CUSTOMER, History
from support.live_server import NOON, live_server
from support.oracle.decide import failing
from support.oracle.taints import DAY, ORDER
from support.oracle.world import Spec, World
from tactful.core.facts.fact_codec import FactRejection, read_fact
from tactful.core.facts.fact_types import AnyFact, key_of

HISTORIES = COMPLAINTS | ORDERS | ITEMS | PEOPLE
RULE = "rules:\n  - {id: R1, offer: {percent: 10%}}\n"
CODES = {*ORDER, "stock.out", "stock.minimum", "price.missing", "price.floor"}
"""Reasons of the gates that judge facts."""
MODELLED = [name for name, one in HISTORIES.items() if one.modelled]


def in_force(one: History) -> tuple[list[tuple[AnyFact, int]], int]:
    """Return the facts that are in force, each with its report, and the instant of the end.

    Of each key the highest version counts, and of equal versions the last; of reviews every version.
    """
    kept: dict[tuple[str, str], tuple[AnyFact, int, Any]] = {}
    now = NOON * 1000
    for told in (*CATALOGUE, CUSTOMER, *one.told):
        if not isinstance(told, dict):
            now += int(told * DAY)
            continue
        fact = read_fact(msgspec.json.encode(told)).result
        assert not isinstance(fact, FactRejection), fact
        version = told.get("version", 0)
        version = version if isinstance(version, int) else NOON * 1000
        key = (told["type"], key_of(fact, str(version)))
        if key not in kept or version >= kept[key][2]:
            kept[key] = (fact, now, version)
    return [(fact, at) for fact, at, _ in kept.values()], now


@pytest.mark.parametrize("name", HISTORIES)
async def test_a_server_withholds_for_what_it_was_told_and_for_nothing_else(
    tmp_path: Path, name: str
) -> None:
    one = HISTORIES[name]
    found = {}
    async with live_server(tmp_path, RULE) as server:
        await server.facts(*CATALOGUE, CUSTOMER)
        for told in one.told:
            if isinstance(told, dict):
                await server.facts(told)
            else:
                await server.advance(told * 86_400)
        for sku in one.reasons:
            verdict = await server.why(sku, customer="c1", territory="DE")
            found[sku] = {gate["reason"] for gate in verdict.get("gates", ())} & CODES
    assert found == one.reasons


@pytest.mark.parametrize("name", MODELLED)
def test_the_oracle_reads_the_same_reasons(name: str) -> None:
    one = HISTORIES[name]
    facts, now = in_force(one)
    here = session(territory="DE", customer="c1", consent="personal")
    found = {}
    for sku in one.reasons:
        world = World(
            now=now, sku=sku, session=here, rules=[Spec(id="R1", percent_bp=1000)], facts=facts
        )
        found[sku] = set(failing(world)["R1"]) & CODES
    assert found == one.reasons
