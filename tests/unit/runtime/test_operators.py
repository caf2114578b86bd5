"""What an operator may do to offers, rules and facts, and what the audit log keeps of it."""

from pathlib import Path

import pytest

from journeys.fixture import CATALOGUE, money, rules
from support.live_server import live_server
from tactful.core.offers.offer import OfferState
from tactful.core.session.signals import OfferRevoked
from tactful.runtime import operators
from tactful.runtime.turn_log.log_encoding import decode_signal, split_entry


async def test_a_revoked_offer_is_recorded_with_its_operator(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shop = one.parts.shop
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = (await shopper.offered())["id"]
        assert await operators.revoke_offer(shop, offer, "price.error", "Ada") == "revoked"
        assert await operators.revoke_offer(shop, offer, "fraud", "Bob") == "ended"
        entries = await shop.ledger.turn_entries(session=shopper.session)
        acts = [decode_signal(each.signal) for entry in entries for each in split_entry(entry)]
        assert OfferRevoked(offer, "price.error", "Ada") in acts
        assert not any(isinstance(act, OfferRevoked) and act.operator == "Bob" for act in acts)
        kept = await shop.ledger.offer(offer)
        assert kept is not None
        assert kept.state is OfferState.WITHDRAWN
        (act,) = await shop.ledger.operator_actions()
        assert (act.who, act.act, act.subject, act.detail) == (
            "Ada", "offer.revoked", offer, "price.error",
        )  # fmt: skip


async def test_an_offer_outlives_a_restart_but_not_its_revocation(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = (await shopper.offered())["id"]
        await one.restart()
        assert await operators.revoke_offer(one.parts.shop, offer, "fraud", "Ada") == "revoked"
        assert await one.budget() == (0, 0)
        await shopper.connect(resume=shopper.resume)
        assert shopper.welcome["offers"] == []


async def test_an_unknown_offer_is_not_revoked(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        assert await operators.revoke_offer(one.parts.shop, "of_x", "fraud", "Ada") == "unknown"


async def test_a_stated_fact_is_checked_like_any_other(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        shop = one.parts.shop
        good = {"type": "recall", "recall": "r", "skus": ["RUN-42"], "status": "active"}
        assert (await operators.state_fact(shop, good, "Ada")).accepted == 1
        (refused,) = (await operators.state_fact(shop, {"type": "recall"}, "Ada")).rejected
        assert "recall" in refused.message
        remedy = {"type": "remedy", "remedy": "v1", "customer": "c1", "value": money(1000)}
        more = {"cause": {"order": "o1"}, "expires_at": "2026-06-01T00:00:00Z"}
        await operators.state_fact(shop, remedy | more, "Bo")
        kept = [
            (act.who, act.detail, act.subject, act.customer)
            for act in await shop.ledger.operator_actions()
        ]
        assert kept == [("Bo", "remedy", "v1", "c1"), ("Ada", "recall", "r", None)]


async def test_only_a_rule_that_exists_is_paused(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        shop = one.parts.shop
        assert await operators.pause_rule(shop, "R1", "Ada", paused=True)
        assert shop.state.active_rulebook.current.paused == {"R1"}
        assert await operators.pause_rule(shop, "R1", "Ada", paused=False)
        assert shop.state.active_rulebook.current.paused == frozenset()
        assert not await operators.pause_rule(shop, "R9", "Ada", paused=True)
        kept = [(act.act, act.subject) for act in await shop.ledger.operator_actions()]
        assert kept == [("rule.resumed", "R1"), ("rule.paused", "R1")]


async def test_the_first_rulebook_cannot_be_rolled_back(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        assert await operators.roll_back_rules(one.parts.shop, "Ada") is None
        assert (await operators.reload_rules(one.parts.shop, "Ada")).outcome == "same"


async def test_the_shops_servers_name_their_operator_and_read_the_audit_log(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.http.post("/v1/rules/R1/pause", headers={"Tactful-Operator": "Ada"})
        before = one.parts.shop.state.active_rulebook.current.version
        assert (await one.reload(rules(percent="9%"))).status_code == 200
        assert (await one.reload(rules("    persent: 3"))).status_code == 422
        await one.advance(60)
        await one.http.post("/v1/rulebook/rollback")
        (back, refused, taken, paused) = (await one.http.get("/v1/acts")).json()["acts"]
        assert back == {
            "at": "2026-03-10T12:01:00Z",
            "who": "server key",
            "act": "rulebook.rolled_back",
            "subject": before,
            "detail": "",
            "customer": None,
            "number": 4,
            "role": "server key",
            "before": {"rulebook": taken["subject"]},
            "after": {"rulebook": before},
            "amount": None,
            "currency": None,
        }
        assert (refused["detail"], refused["subject"]) == ("refused", taken["subject"])
        assert taken["detail"] == "active"
        assert (paused["who"], paused["act"], paused["subject"]) == ("Ada", "rule.paused", "R1")
        nobody = await one.http.get("/v1/acts", params={"customer": "c1"})
        assert nobody.json() == {"acts": []}


@pytest.mark.parametrize(
    "name",
    [
        "tactful", "Tactful ", "tact\u00adful", "\uff54actful", "\u202etactful", "t\u0430\u0441tful",
        "server key", "SERVER  KEY", "server\tkey", "server-key", "Server key.",
        "\u1d1bactful", "tactfu1", "t\u00e1ctful", "ta\u0323ctful", "\uff53erver \u1d0bey", "\u0455erver k\u0435\u0443",
    ],
)  # fmt: skip
def test_a_name_that_is_read_as_one_of_the_audit_log_is_reserved(name: str) -> None:
    assert operators.is_reserved(name)


@pytest.mark.parametrize("name", ["Anna", "tactfully", "server", "keys", "Сергей", "Ελένη", ""])
def test_other_names_are_free(name: str) -> None:
    assert not operators.is_reserved(name)


async def test_a_stop_is_recorded_with_its_reason_and_only_once(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        shop = one.parts.shop
        assert await operators.stop_offers(shop, "Ada", "a wrong price")
        assert not await operators.stop_offers(shop, "Bo", "another")
        assert await operators.start_offers(shop, "Cy")
        assert not await operators.start_offers(shop, "Di")
        kept = [(act.who, act.act, act.detail) for act in await shop.ledger.operator_actions()]
        assert kept == [("Cy", "offers.started", ""), ("Ada", "offers.stopped", "a wrong price")]
