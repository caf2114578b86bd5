"""Scenarios 7 and 8 over real sockets: verified identity, and what a logout leaves behind."""

from pathlib import Path
from typing import Any

import pytest
import websockets
from websockets.typing import Origin, Subprotocol

from journeys.fixture import CATALOGUE, case, rules
from support.live_server import NOON, live_server
from tactful.core.values.ids import resume_digest

LOYALTY = """
  - id: loyalty
    owner: crm@shop.example
    note: For those who came back.
    when:
      all:
        - customer.tier: gold
    offer:
      percent: 10%
"""


async def test_scenario_7_login_applies_caps_and_complaints_and_logout_removes_them(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules(policy="  caps: {per_session: 9}")) as one:
        await one.facts(*CATALOGUE)
        for sku in ("RUN-42", "TRAIL-42", "RUN-43"):
            earlier = await one.known("c7")
            await earlier.view(sku, 30)
            offer = await earlier.offered()
            await earlier.say("seen", offer=offer["id"])
            await one.advance(900)
            await earlier.expect("withdraw") if earlier.frames else None
            await one.advance(86_400)
        await one.facts(case("k7", "c7", "defect", skus=["RUN-43"]))
        shopper = await one.shopper(consent="personal")
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        await shopper.say("seen", offer=offer["id"])
        await shopper.say("identify", identity=one.identity("c7"))
        assert (await shopper.expect("withdraw"))["offer"] == offer["id"]
        renewed = await shopper.expect("welcome")
        assert renewed["session"] != shopper.session
        assert renewed["resume"] != shopper.resume
        told = await one.decisions(customer="c7")
        assert (told[0]["offer"], told[0]["reason"]) == (offer["id"], "complaint.open")
        assert [step["to"] for step in told[:3]] == ["withdrawn", "shown", "pushed"]
        await shopper.view("TRAIL-42", 30)
        verdict = await one.why("TRAIL-42", session=shopper.session)
        failing = [gate["reason"] for gate in verdict["gates"]]
        assert verdict["reason"] == "timing.quiet"
        assert "contact.shopper_cap" in failing
        await one.advance(600)
        assert await one.reason("TRAIL-42", shopper) == "contact.shopper_cap"
        await shopper.nothing()
        await shopper.say("logout")
        await shopper.expect("welcome")
        verdict = await one.why("RUN-42", session=shopper.session)
        assert not {"complaint.open", "contact.shopper_cap"} & {
            g["reason"] for g in verdict["gates"]
        }


async def test_a_login_and_a_logout_are_committed_before_the_next_turn(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper(consent="personal")
        await shopper.view("RUN-42", 30)
        token = await shopper.accept((await shopper.offered())["id"])
        secrets = [shopper.resume]
        kept = []
        for act, more in (("identify", {"identity": one.identity("c7")}), ("logout", {})):
            await shopper.say(act, **more)
            secrets.append((await shopper.expect("welcome"))["resume"])
            if act == "identify":
                assert (await one.redeem(token, "o1", customer="c7")).status_code == 200
            found = [
                await one.parts.shop.ledger.session_by_resume(resume_digest(s)) for s in secrets
            ]
            kept.append([saved and saved.customer for saved in found])
            assert [saved is not None for saved in found] == [s == secrets[-1] for s in secrets]
        assert kept == [[None, "c7"], [None, None, None]]


async def test_scenario_7_a_loyalty_offer_ends_with_the_login(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules(category="nothing", extra=LOYALTY)) as one:
        await one.facts(*CATALOGUE, {"type": "customer", "customer": "c7", "tier": "gold"})
        shopper = await one.known("c7")
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        await shopper.say("logout")
        assert (await shopper.expect("withdraw"))["offer"] == offer["id"]


async def test_scenario_8_a_forged_identity_reads_nothing(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules(category="nothing", extra=LOYALTY)) as one:
        await one.facts(*CATALOGUE, {"type": "customer", "customer": "c8", "tier": "gold"})
        forged = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjOCJ9."
        for identity in (forged, one.identity("c8", age=660), one.identity("c8", life=700)):
            shopper = await one.shopper(consent="personal", identity=identity)
            await shopper.view("RUN-42", 30)
            assert await one.reason("RUN-42", shopper, "loyalty") == "identity.unverified"
            await shopper.nothing()


async def test_scenario_8_known_and_unknown_ids_cause_the_same_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a read of the ledger nor a turn tells an attacker which ids exist."""
    async with live_server(tmp_path, rules(category="nothing", extra=LOYALTY)) as one:
        await one.facts(*CATALOGUE, {"type": "customer", "customer": "c8", "tier": "gold"})
        shopper = await one.shopper(consent="personal")
        live = one.parts.shop.state.registry.by_id[shopper.session]
        before = live.state
        reads: list[object] = []
        facts_about = one.parts.shop.ledger.facts_about

        async def counting(*asked: Any) -> Any:
            reads.append(asked)
            return await facts_about(*asked)

        monkeypatch.setattr(one.parts.shop.ledger, "facts_about", counting)
        for customer in ("c8", "nobody") * 10:
            identity = {"customer": customer, "expires": NOON + 60, "hmac": "0" * 64}
            await shopper.say("identify", identity=identity)
        assert reads == []
        assert live.state is before
        assert shopper.frames == []


async def test_scenario_8_a_token_is_valid_only_for_what_it_names(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        token = await shopper.accept((await shopper.offered())["id"])
        wrong = [
            ({"sku": "RUN-43"}, 422),
            ({"territory": "GB"}, 422),
            ({"qty": 3}, 422),
            ({"customer": "somebody-else"}, 422),
        ]
        for changed, status in wrong:
            answer = await one.redeem(token, "o1", **changed)  # type: ignore[arg-type]
            assert answer.status_code == status, answer.text
        flipped = token[:-10] + ("A" if token[-10] != "A" else "B") + token[-9:]
        assert (await one.redeem(flipped, "o1")).status_code == 401
        one.parts.shop.state.keys.rotate()
        assert (await one.redeem(token, "o1")).status_code == 200


async def test_scenario_8_a_socket_of_another_origin_is_refused_before_the_upgrade(
    tmp_path: Path,
) -> None:
    async with live_server(tmp_path, rules()) as one:
        url = f"ws://127.0.0.1:{one.listener.port}/v1/session"
        evil = Origin("https://evil.example")
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(url, origin=evil, subprotocols=[Subprotocol("tactful.v1")])
        assert refused.value.response.status_code == 403


async def test_a_seventeenth_tab_replaces_the_oldest(tmp_path: Path) -> None:
    async with live_server(tmp_path, rules()) as one:
        first = await one.shopper()
        tabs = [await one.shopper(resume=first.resume) for _ in range(16)]
        await first._socket.wait_closed()
        assert first._socket.close_code == 4409
        assert {tab.session for tab in tabs} == {first.session}


@pytest.mark.parametrize("how", ["logout", "consent", "another"])
async def test_an_offer_never_shown_counts_against_no_cap_after_logout(
    tmp_path: Path, how: str
) -> None:
    """A guest's offer that a login merged, and the customer's own: both unseen at the logout."""
    caps = "  caps: {per_session: 9, per_shopper: {count: 2, per: 30d}}"
    async with live_server(tmp_path, rules(policy=caps, category="nothing", extra=LOYALTY)) as one:
        await one.facts(*CATALOGUE, {"type": "customer", "customer": "c7", "tier": "gold"})
        for _ in range(3):
            shopper = await one.known("c7")
            await shopper.view("RUN-42", 30)
            await shopper.offered()
            if how == "logout":
                await shopper.say("logout")
            elif how == "consent":
                await shopper.say("consent", consent="anonymous")
            else:
                await shopper.say("identify", identity=one.identity("c8"))
            await shopper.expect("withdraw")
            await shopper.leave()
        await one.restart()
        shopper = await one.known("c7")
        await shopper.view("RUN-42", 30)
        await shopper.say("seen", offer=(await shopper.offered())["id"])
        await shopper.say("logout")
        await shopper.expect("withdraw")
        last = await one.known("c7")
        await last.view("TRAIL-42", 30)
        assert (await last.offered())["sku"] == "TRAIL-42"
        await last.view("RUN-43", 30)
        assert "contact.shopper_cap" in {
            gate["reason"] for gate in (await one.why("RUN-43", "loyalty", customer="c7"))["gates"]
        }
