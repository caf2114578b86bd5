"""Scenarios 4, 5, 7, 8 and 14 over real sockets."""

from pathlib import Path
from statistics import median
from time import perf_counter

import httpx
import pytest
import websockets

from journeys.fixture import CATALOGUE, case, money, order, price, product, rules, stock
from journeys.stage import Shopper, Stage, stage
from tactful.core.ids import resume_digest

VOUCHER = """
  - id: voucher
    owner: care@shop.example
    note: An apology that knows what it is for.
    remedy: true
    offer:
      message: "A small apology: {offer.price}."
"""
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


async def known(one: Stage, customer: str, **hello: object) -> Shopper:
    return await one.shopper(consent="personal", identity=one.identity(customer), **hello)


async def accepted(shopper: Shopper, offer: str) -> str:
    await shopper.say("accept", offer=offer)
    return str((await shopper.expect("accepted"))["token"])


async def test_scenario_4_an_apology_is_offered_but_never_on_its_own_cause(tmp_path: Path) -> None:
    async with stage(tmp_path, rules(extra=VOUCHER)) as one:
        await one.facts(
            *CATALOGUE,
            order("o7", "c3", "TRAIL-42", status="shipped", delivered_at=None)
            | {"delivered_at": None},
            case("case-7", "c3", "late", order="o7"),
        )
        early = await known(one, "c3")
        await early.view("RUN-42", 30)
        assert await one.reason("RUN-42", early, "R1") == "service.open"
        await early.nothing()
        await one.facts(
            {
                "type": "remedy",
                "remedy": "v1",
                "customer": "c3",
                "value": money(1000),
                "cause": {"order": "o7"},
                "expires_at": "2026-06-01T00:00:00Z",
            }
        )
        trail = await known(one, "c3")
        await trail.view("TRAIL-42", 30)
        assert await one.reason("TRAIL-42", trail, "voucher") == "complaint.cause"
        await trail.nothing()
        shopper = await known(one, "c3")
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        assert offer["price"]["amount"] == 11900
        token = await accepted(shopper, offer["id"])
        answer = await one.redeem(token, "o-trail", sku="TRAIL-42")
        assert answer.status_code == 200, answer.text
        assert answer.json()["saved"] == money(1000)


async def test_scenario_4_a_voucher_worth_half_the_cart_leaves_the_other_half(
    tmp_path: Path,
) -> None:
    async with stage(tmp_path, rules(extra=VOUCHER)) as one:
        await one.facts(
            *CATALOGUE,
            {
                "type": "remedy",
                "remedy": "v1",
                "customer": "c3",
                "value": money(1000),
                "cause": {"order": "o7"},
                "expires_at": "2026-06-01T00:00:00Z",
            },
        )
        shopper = await known(one, "c3")
        await shopper.view("RUN-42", 30)
        offers = {(await shopper.offered())["id"]}
        token = await accepted(shopper, offers.pop())
        answer = await one.redeem(token, "o-sock", sku="SOCK-3")
        assert answer.json()["saved"] == money(1000)
        again = await one.redeem(token, "o-other", sku="SOCK-3")
        assert (again.status_code, again.json()["code"]) == (409, "redemption.used")


async def test_scenario_5_two_products_of_a_brand_taint_it_and_bundles_with_it(
    tmp_path: Path,
) -> None:
    bundle = product("SET-1", "Set", None, "boots", components=["BOOT-42", "SOCK-3"])
    async with stage(tmp_path, rules(category="[running, boots]")) as one:
        await one.facts(
            *CATALOGUE, bundle, price("SET-1", "DE", 20000, 15000), stock("SET-1", "DE", 3)
        )
        await one.facts(
            case("k1", "c5", "defect", skus=["RUN-43"], opened_at="2026-01-01T00:00:00Z"),
            case("k2", "c5", "defect", skus=["SOCK-3"], opened_at="2026-03-02T00:00:00Z"),
            case("k3", "c6", "defect", skus=["RUN-43"], opened_at="2026-01-01T00:00:00Z"),
            case("k4", "c6", "defect", skus=["RUN-42"], opened_at="2026-03-02T00:00:00Z"),
        )
        shopper = await known(one, "c5")
        await shopper.view("TRAIL-42", 30)
        assert await one.reason("TRAIL-42", shopper) == "complaint.brand"
        assert await one.reason("SET-1", shopper) == "complaint.component"
        await shopper.view("BOOT-42", 30)
        assert (await shopper.offered())["price"]["amount"] == 16065
        twice = await known(one, "c6")
        await twice.view("TRAIL-42", 30)
        assert (await twice.offered())["sku"] == "TRAIL-42"


async def test_scenario_7_login_brings_caps_and_complaints_and_logout_leaves_nothing(
    tmp_path: Path,
) -> None:
    async with stage(tmp_path, rules(policy="  caps: {per_session: 9}")) as one:
        await one.facts(*CATALOGUE)
        for sku in ("RUN-42", "TRAIL-42", "RUN-43"):
            earlier = await known(one, "c7")
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


async def test_a_login_and_a_logout_are_in_the_ledger_before_anything_else_happens(
    tmp_path: Path,
) -> None:
    async with stage(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper(consent="personal")
        await shopper.view("RUN-42", 30)
        token = await accepted(shopper, (await shopper.offered())["id"])
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
    async with stage(tmp_path, rules(category="nothing", extra=LOYALTY)) as one:
        await one.facts(*CATALOGUE, {"type": "customer", "customer": "c7", "tier": "gold"})
        shopper = await known(one, "c7")
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        await shopper.say("logout")
        assert (await shopper.expect("withdraw"))["offer"] == offer["id"]


async def test_scenario_8_a_forged_identity_reads_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path, rules(category="nothing", extra=LOYALTY)) as one:
        await one.facts(*CATALOGUE, {"type": "customer", "customer": "c8", "tier": "gold"})
        forged = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjOCJ9."
        for identity in (forged, one.identity("c8", age=660), one.identity("c8", life=700)):
            shopper = await one.shopper(consent="personal", identity=identity)
            await shopper.view("RUN-42", 30)
            assert await one.reason("RUN-42", shopper, "loyalty") == "identity.unverified"
            await shopper.nothing()


async def test_scenario_8_known_and_unknown_ids_take_the_same_time(tmp_path: Path) -> None:
    async with stage(tmp_path, rules(category="nothing", extra=LOYALTY)) as one:
        await one.facts(*CATALOGUE, {"type": "customer", "customer": "c8", "tier": "gold"})
        shopper = await one.shopper(consent="personal")
        spent: dict[str, list[float]] = {"c8": [], "nobody": []}
        for _ in range(60):
            for customer, times in spent.items():
                identity = {"customer": customer, "hmac": "0" * 64}
                started = perf_counter()
                await shopper.say("identify", identity=identity)
                times.append(perf_counter() - started)
        assert abs(median(spent["c8"]) - median(spent["nobody"])) < 0.005
        assert shopper.frames == []


async def test_scenario_8_a_token_is_good_for_what_it_names_only(tmp_path: Path) -> None:
    async with stage(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        token = await accepted(shopper, (await shopper.offered())["id"])
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
        one.parts.shop.keys.rotate()
        assert (await one.redeem(token, "o1")).status_code == 200


async def test_scenario_8_a_socket_from_elsewhere_is_refused_before_the_upgrade(
    tmp_path: Path,
) -> None:
    async with stage(tmp_path, rules()) as one:
        url = f"ws://127.0.0.1:{one.listener.port}/v1/session"
        evil = "https://evil.example"
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(url, origin=evil, subprotocols=["tactful.v1"])
        assert refused.value.response.status_code == 403


async def test_scenario_14_a_bad_edit_changes_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        await shopper.offered()
        before = (await one.http.get("/v1/rulebook")).json()["version"]
        answer = await one.reload(rules("    persent: 3"))
        assert (answer.status_code, answer.json()["code"]) == (422, "rulebook.refused")
        finding = answer.json()["findings"][0]
        assert (finding["path"], finding["line"], finding["column"]) == ("rules.yaml", 10, 5)
        assert (await one.http.get("/v1/rulebook")).json()["version"] == before
        await shopper.nothing()


async def paused(tmp_path: Path, on_change: str) -> tuple[list[str], str | None]:
    """What happens to a shown offer when its rule is paused: the frames, and the audit's reason."""
    async with stage(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        body = f"    paused: true\n    on_change: {on_change}"
        assert (await one.reload(rules(body))).status_code == 200
        await one.parts.shop.settled()
        await shopper.say("activity", kind="idle")
        step = (await one.decisions(offer=offer["id"]))[0]
        return [frame["t"] for frame in shopper.frames], step["reason"]


async def test_scenario_14_pausing_withdraws_or_drains(tmp_path: Path) -> None:
    assert await paused(tmp_path / "a", "withdraw") == (["withdraw"], "rule.paused")
    assert await paused(tmp_path / "b", "drain") == ([], None)


async def test_scenario_14_after_a_tunnel_the_first_frame_is_the_truth(tmp_path: Path) -> None:
    async with stage(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 30)
        offer = await shopper.offered()
        await shopper.leave()
        await one.reload(rules("    paused: true\n    on_change: withdraw"))
        await one.advance(90)
        await shopper.connect(resume=shopper.resume)
        assert shopper.welcome["offers"] == []
        await shopper.say("accept", offer=offer["id"])
        refused = await shopper.expect("refused")
        assert refused["code"] == "ended"
        assert (await one.http.post("/v1/rulebook/rollback")).status_code == 200
        assert (await one.why("RUN-42", session=shopper.session))["rule"] == "R1"


async def test_the_why_of_a_past_moment_is_what_it_was(tmp_path: Path) -> None:
    async with stage(tmp_path, rules()) as one:
        await one.facts(*CATALOGUE)
        shopper = await one.shopper()
        await shopper.view("RUN-42", 10)
        then = await one.why("RUN-42", session=shopper.session)
        assert then["reason"] == "timing.wait"
        await one.advance(20)
        await shopper.offered()
        await one.facts(stock("RUN-42", "DE", 0))
        await one.parts.shop.ledger.flush()
        past = await one.why("RUN-42", session=shopper.session, at="2026-03-10T12:00:10Z")
        assert past == then


async def test_every_error_of_the_http_side_says_what_to_do(tmp_path: Path) -> None:
    async with (
        stage(tmp_path, rules()) as one,
        httpx.AsyncClient(base_url=one.http.base_url) as nobody,
    ):
        assert (await nobody.get("/v1/why")).json()["code"] == "key.wrong"
        for method, path, body, code in (
            ("GET", "/v1/why", None, "query.missing"),
            ("GET", "/v1/why?sku=A", None, "query.one_of"),
            ("GET", "/v1/why?sku=A&session=nobody", None, "shopper.unknown"),
            ("GET", "/v1/nothing", None, "http.not_found"),
            ("PUT", "/v1/facts", None, "http.method"),
            ("POST", "/v1/facts", b"[", "body.malformed"),
            ("POST", "/v1/facts", b"{}", "facts.not_a_list"),
            ("POST", "/v1/redemptions", b"[]", "body.invalid"),
            ("POST", "/v1/rules/nobody/pause", None, "rule.unknown"),
        ):
            answer = await one.http.request(method, path, content=body)
            assert answer.headers["content-type"] == "application/problem+json", path
            assert answer.json()["code"] == code, path


async def test_a_seventeenth_tab_takes_the_place_of_the_oldest(tmp_path: Path) -> None:
    async with stage(tmp_path, rules()) as one:
        first = await one.shopper()
        tabs = [await one.shopper(resume=first.resume) for _ in range(16)]
        await first._socket.wait_closed()
        assert first._socket.close_code == 4409
        assert {tab.session for tab in tabs} == {first.session}


async def test_scenario_4_a_rule_may_say_what_the_apology_is_worth(tmp_path: Path) -> None:
    voucher = VOUCHER.replace("    offer:\n", "    offer:\n      amount: {EUR: 10.00}\n")
    async with stage(tmp_path, rules(extra=voucher)) as one:
        remedy = {"type": "remedy", "remedy": "v1", "customer": "c3", "value": money(1000)}
        ends = "2026-06-01T00:00:00Z"
        await one.facts(*CATALOGUE, remedy | {"cause": {"skus": ["TRAIL-42"]}, "expires_at": ends})
        await one.facts(case("case-7", "c3", "late", order="o7"))
        shopper = await known(one, "c3")
        await shopper.view("RUN-42", 30)
        assert (await shopper.offered())["price"]["amount"] == 11900
        assert await one.reason("TRAIL-42", shopper, "voucher") == "complaint.cause"


async def test_a_customer_who_is_not_here_is_judged_where_they_ordered_last(tmp_path: Path) -> None:
    async with stage(tmp_path, rules()) as one:
        await one.facts(
            *CATALOGUE, order("o1", "c1", "BOOT-42"), case("k", "c1", "defect", skus=["RUN-43"])
        )
        verdict = await one.why("RUN-42", customer="c1")
        assert verdict["reason"] == "complaint.open"
        assert "price.missing" not in {gate["reason"] for gate in verdict["gates"]}


@pytest.mark.parametrize("how", ["logout", "consent", "another"])
async def test_what_a_customer_never_saw_counts_against_no_cap_once_they_are_gone(
    tmp_path: Path, how: str
) -> None:
    """A visitor's own offer that a login merged, and a customer's own: both unseen at the parting."""
    caps = "  caps: {per_session: 9, per_shopper: {count: 2, per: 30d}}"
    async with stage(tmp_path, rules(policy=caps, category="nothing", extra=LOYALTY)) as one:
        await one.facts(*CATALOGUE, {"type": "customer", "customer": "c7", "tier": "gold"})
        for _ in range(3):
            shopper = await known(one, "c7")
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
        shopper = await known(one, "c7")
        await shopper.view("RUN-42", 30)
        await shopper.say("seen", offer=(await shopper.offered())["id"])
        await shopper.say("logout")
        await shopper.expect("withdraw")
        last = await known(one, "c7")
        await last.view("TRAIL-42", 30)
        assert (await last.offered())["sku"] == "TRAIL-42"
        await last.view("RUN-43", 30)
        assert "contact.shopper_cap" in {
            gate["reason"] for gate in (await one.why("RUN-43", "loyalty", customer="c7"))["gates"]
        }


async def test_erasing_who_complained_lifts_the_taint_from_who_had_bought_it(
    tmp_path: Path,
) -> None:
    async with stage(tmp_path, rules()) as one:
        await one.facts(
            *CATALOGUE, order("o2", "c2", "RUN-43"), case("k", "c1", "defect", order="o2")
        )
        buyer = await known(one, "c2")
        await buyer.view("RUN-42", 30)
        assert await one.reason("RUN-42", buyer) == "complaint.open"
        await one.http.delete("/v1/customers/c1")
        assert await one.reason("RUN-42", buyer) is None
