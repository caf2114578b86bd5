"""The buttons of the panel report facts, edit and pause rules, and move the clock."""

from collections.abc import AsyncIterator

import pytest

from support.demo_server import DemoClient, demo_client

ACTS = {
    "sell": {"sku": "RUN-42"},
    "restock": {"sku": "RUN-42"},
    "price": {"sku": "RUN-42", "amount": 1},
    "complain": {"sku": "RUN-42", "customer": "nadia", "kind": "defect"},
    "resolve": {"case": "C-1001"},
    "apologise": {"case": "C-1001"},
    "rules": {"name": "shop.yaml", "text": ""},
    "pause": {"rule": "apology", "paused": True},
    "clock": {"by": "90 days"},
    "reset": {},
}


@pytest.fixture
async def demo() -> AsyncIterator[DemoClient]:
    async with demo_client() as client:
        yield client


async def test_a_size_is_sold_out_and_restocked(demo: DemoClient) -> None:
    sent = (await demo.press("sell", sku="RUN-42")).json()
    assert sent["sent"] == [{"type": "stock", "sku": "RUN-42", "territory": "DE", "available": 0}]
    assert sent["answer"]["accepted"] == 1
    assert (await demo.state(sku="RUN-42"))["item"]["stock"] == 0
    await demo.press("restock", sku="RUN-42")
    assert (await demo.state(sku="RUN-42"))["item"]["stock"] == 6


async def test_a_size_is_sold_until_so_many_are_left(demo: DemoClient) -> None:
    await demo.press("sell", sku="RUN-42", left=2)
    assert (await demo.state(sku="RUN-42"))["item"]["stock"] == 2
    for wrong in (-1, 7):
        assert (await demo.press("sell", sku="RUN-42", left=wrong)).status_code == 422


async def test_a_price_changes_for_all_sizes(demo: DemoClient) -> None:
    await demo.press("price", sku="RUN-42", amount=9950)
    assert "€99.50" in await demo.page("/shop/product/aero-runner?size=41")
    assert (await demo.press("price", sku="RUN-42", amount=0)).status_code == 422


async def test_a_case_is_opened_compensated_and_resolved(demo: DemoClient) -> None:
    await demo.press("complain", sku="RUN-42", customer="nadia", kind="defect")
    ledger = demo.server.demo_shop.shop.ledger
    (case,) = await ledger.facts_about([("customer", "nadia")], ["case"])
    assert b'"open"' in case.body
    await demo.press("apologise", case="C-2001")
    (remedy,) = await ledger.facts_about([("customer", "nadia")], ["remedy"])
    assert b'"case":"C-2001"' in remedy.body
    await demo.press("resolve", case="C-2001")
    (case,) = await ledger.facts_about([("customer", "nadia")], ["case"])
    assert b'"resolved"' in case.body
    assert (await demo.press("resolve", case="C-1")).status_code == 404
    assert (await demo.press("apologise", case="C-1")).status_code == 404
    answer = await demo.press("complain", sku="RUN-42", customer="nobody", kind="defect")
    assert answer.status_code == 422


async def test_a_rule_file_with_errors_changes_nothing(demo: DemoClient) -> None:
    file = demo.server.demo_shop.rules / "hesitation.yaml"
    good = file.read_text()
    broken = (await demo.press("rules", name=file.name, text=good.replace("dwell", "dwel"))).json()
    assert broken["taken"] is False
    assert "hesitation.yaml:7:9: R203" in broken["report"]
    assert "^^^" in broken["report"]
    assert "did you mean" in broken["report"]
    taken = (await demo.press("rules", name=file.name, text=good.replace("15%", "9%"))).json()
    assert (taken["taken"], taken["report"]) == (True, "")
    assert taken["version"] != broken["version"]


@pytest.mark.parametrize("name", ["../shop.yaml", "/etc/passwd", "new.yaml", "shop.yaml\0", ""])
async def test_only_existing_rule_files_can_be_written(demo: DemoClient, name: str) -> None:
    before = {path.name for path in demo.server.demo_shop.rules.iterdir()}
    assert (await demo.press("rules", name=name, text="x")).status_code == 404
    assert {path.name for path in demo.server.demo_shop.rules.iterdir()} == before


async def test_a_rule_is_paused_and_resumed(demo: DemoClient) -> None:
    await demo.press("pause", rule="apology", paused=True)
    assert {"rule": "apology", "paused": True} in (await demo.state())["rules"]
    await demo.press("pause", rule="apology", paused=False)
    assert {"rule": "apology", "paused": False} in (await demo.state())["rules"]
    assert (await demo.press("pause", rule="../x", paused=True)).status_code == 404


async def test_the_clock_is_moved_forward_only_by_what_is_on_the_buttons(demo: DemoClient) -> None:
    await demo.press("clock", by="90 days")
    assert (await demo.state())["skipped"] == 90 * 86_400
    assert (await demo.press("clock", by="-1 day")).status_code == 422


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
async def test_another_site_cannot_use_a_button(demo: DemoClient, act: str, origin: str) -> None:
    answer = await demo.http.post(f"/demo/{act}", json=ACTS[act], headers={"Origin": origin})
    assert answer.status_code == 403
    assert (await demo.state())["skipped"] == 0
