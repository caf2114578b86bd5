"""What the buttons of the panel do."""

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
async def home() -> AsyncIterator[DemoClient]:
    async with demo_client() as one:
        yield one


async def test_pairs_are_sold_and_come_back(home: DemoClient) -> None:
    sent = (await home.press("sell", sku="RUN-42")).json()
    assert sent["sent"] == [{"type": "stock", "sku": "RUN-42", "territory": "DE", "available": 0}]
    assert sent["answer"]["accepted"] == 1
    assert (await home.state(sku="RUN-42"))["item"]["stock"] == 0
    await home.press("restock", sku="RUN-42")
    assert (await home.state(sku="RUN-42"))["item"]["stock"] == 6


async def test_a_price_changes_for_all_sizes(home: DemoClient) -> None:
    await home.press("price", sku="RUN-42", amount=9950)
    assert "€99.50" in await home.page("/shop/product/aero-runner?size=41")
    assert (await home.press("price", sku="RUN-42", amount=0)).status_code == 422


async def test_a_complaint_is_opened_made_good_and_resolved(home: DemoClient) -> None:
    await home.press("complain", sku="RUN-42", customer="nadia", kind="defect")
    ledger = home.demo.demo_shop.shop.ledger
    (case,) = await ledger.facts_about([("customer", "nadia")], ["case"])
    assert b'"open"' in case.body
    await home.press("apologise", case="C-2001")
    (remedy,) = await ledger.facts_about([("customer", "nadia")], ["remedy"])
    assert b'"case":"C-2001"' in remedy.body
    await home.press("resolve", case="C-2001")
    (case,) = await ledger.facts_about([("customer", "nadia")], ["case"])
    assert b'"resolved"' in case.body
    assert (await home.press("resolve", case="C-1")).status_code == 404
    assert (await home.press("apologise", case="C-1")).status_code == 404
    answer = await home.press("complain", sku="RUN-42", customer="nobody", kind="defect")
    assert answer.status_code == 422


async def test_a_rule_file_is_taken_whole_or_not_at_all(home: DemoClient) -> None:
    file = home.demo.demo_shop.rules / "hesitation.yaml"
    good = file.read_text()
    broken = (await home.press("rules", name=file.name, text=good.replace("dwell", "dwel"))).json()
    assert broken["taken"] is False
    assert "hesitation.yaml:7:9: R203" in broken["report"]
    assert "^^^" in broken["report"]
    assert "did you mean" in broken["report"]
    taken = (await home.press("rules", name=file.name, text=good.replace("15%", "9%"))).json()
    assert (taken["taken"], taken["report"]) == (True, "")
    assert taken["version"] != broken["version"]


@pytest.mark.parametrize("name", ["../shop.yaml", "/etc/passwd", "new.yaml", "shop.yaml\0", ""])
async def test_no_other_file_is_written(home: DemoClient, name: str) -> None:
    before = {path.name for path in home.demo.demo_shop.rules.iterdir()}
    assert (await home.press("rules", name=name, text="x")).status_code == 404
    assert {path.name for path in home.demo.demo_shop.rules.iterdir()} == before


async def test_a_rule_rests_and_runs_again(home: DemoClient) -> None:
    await home.press("pause", rule="apology", paused=True)
    assert {"rule": "apology", "paused": True} in (await home.state())["rules"]
    await home.press("pause", rule="apology", paused=False)
    assert {"rule": "apology", "paused": False} in (await home.state())["rules"]
    assert (await home.press("pause", rule="../x", paused=True)).status_code == 404


async def test_the_clock_is_moved_forward_only_by_what_is_on_the_buttons(home: DemoClient) -> None:
    await home.press("clock", by="90 days")
    assert (await home.state())["skipped"] == 90 * 86_400
    assert (await home.press("clock", by="-1 day")).status_code == 422


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
async def test_another_site_pushes_no_button(home: DemoClient, act: str, origin: str) -> None:
    answer = await home.http.post(f"/demo/{act}", json=ACTS[act], headers={"Origin": origin})
    assert answer.status_code == 403
    assert (await home.state())["skipped"] == 0


async def test_pages_run_no_script_and_no_style_of_their_own(home: DemoClient) -> None:
    for path in ("/demo", "/shop/", "/shop/product/aero-runner", "/shop/login", "/shop/cart"):
        answer = await home.http.get(path)
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "<style" not in answer.text
        assert " style=" not in answer.text
        assert " onclick" not in answer.text


async def test_what_is_not_there_is_said_in_the_shop(home: DemoClient) -> None:
    for path in ("/shop/product/none", "/shop/category/none", "/shop/anything"):
        answer = await home.http.get(path)
        assert answer.status_code == 404
        assert "There is nothing here" in answer.text
    for path in ("/shop/pictures/..%2frunning.py", "/demo/static/none.js", "/shop/pictures/x.py"):
        assert (await home.http.get(path)).status_code == 404


async def test_the_demo_listens_to_this_machine_only() -> None:
    from tactful.demo import run  # noqa: PLC0415
    from tactful.transports.server.listener import ListenError  # noqa: PLC0415

    with pytest.raises(ListenError, match=r"listens on 127\.0\.0\.1 only"):
        run(host="0.0.0.0", port=0)  # noqa: S104
