""" "Nothing appears" on a page: both doctors name the cause, beside a complete server."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from playwright.sync_api import Page

from journeys.fixture import CATALOGUE, rules, stock
from support.cli_runner import printed_json, run
from support.live_server import KEY
from support.storefront_pages import until

from .conftest import PRODUCT
from .test_widget_doctor import ASK, Running

pytestmark = pytest.mark.browser

NO_PRICE = tuple(fact for fact in CATALOGUE if fact["type"] != "price")
NO_STOCK = tuple(fact for fact in CATALOGUE if fact["type"] != "stock")
NO_COST = tuple(fact for fact in CATALOGUE if fact["type"] != "cost")


class Cause(Struct, frozen=True, kw_only=True):
    """One reason why a page shows no offer, and the words with which each doctor names it."""

    rules: str = ""
    facts: tuple[dict[str, Any], ...] = tuple(CATALOGUE)
    later: tuple[dict[str, Any], ...] = ()
    """Facts that are reported after the others."""
    settings: dict[str, Any] = {}
    page: dict[str, Any] = {}
    tag: str = 'data-territory="DE"'
    advance: int = 0
    """Seconds by which the server's clock is moved on after the facts."""
    paused: bool = False
    console: str = ""
    """What `tactful('doctor')` says; empty: what `command` says."""
    command: str = ""
    """What `tactful doctor --explain` says."""


CAUSES = {
    "the origin is another one": Cause(
        settings={"origins": ("https://other.example",)},
        console="in TACTFUL_ORIGINS",
        command="The server refuses sessions from",
    ),
    "the item has no price": Cause(facts=NO_PRICE, command="RUN-42 has no price in DE."),
    "the item has no stock": Cause(facts=NO_STOCK, command="No stock of RUN-42 is reported in DE."),
    "the item is sold out": Cause(
        later=(stock("RUN-42", "DE", 0),), command="RUN-42 is out of stock in DE."
    ),
    "the item has no cost": Cause(facts=NO_COST, command="RUN-42 has no cost in DE."),
    "no consent is given": Cause(
        tag='data-territory="DE" data-consent="none"',
        console="No consent: setting.",
        command="The script tag says data-consent=none",
    ),
    "the territory has no price": Cause(
        tag='data-territory="NO"', command="RUN-42 has no price in NO. It has a price in: DE"
    ),
    "no territory is known": Cause(tag="", command="No territory is known."),
    "the rule is paused": Cause(paused=True, command="Rule R1: withheld because of rule.paused"),
    "every shopper is held out": Cause(
        rules=rules().replace("holdout: 0%", "holdout: 100%"),
        command="Rule R1: held_out because of holdout",
    ),
    "the page forbids the connection": Cause(
        page={"headers": {"Content-Security-Policy": "script-src *; connect-src 'self'"}},
        console="in connect-src?",
        command="The Content-Security-Policy blocks the widget.",
    ),
    "the page names an unknown item": Cause(
        page={"body": PRODUCT.replace("RUN-42", "AERO")},
        command="The shop has reported nothing about the SKU AERO.",
    ),
    "the feed of stock is stale": Cause(
        rules=rules(policy="  max_age: {stock: 15m}"),
        advance=3600,
        command="Rule R1: withheld because of stale.stock",
    ),
    "there are no rules": Cause(rules="rules: []\n", command="No rule is about RUN-42."),
    "the rule is about other items": Cause(
        rules=rules(category="boots"),
        command="item.category is running, required is item.category: {under: boots}",
    ),
    "the shelf shows a lower price": Cause(
        page={"body": PRODUCT.replace("129.00", "99.00")},
        command="price.disagrees: the page shows 99.00 EUR for RUN-42",
    ),
}


@pytest.fixture(params=CAUSES)
def planted(
    request: pytest.FixtureRequest, shop: Any, tmp_path: Path
) -> Iterator[tuple[Cause, str]]:
    """The cause, and the address of the page that shows nothing."""
    cause = CAUSES[request.param]
    running = Running(tmp_path, shop.site, text=cause.rules or rules(), **cause.settings)
    running.do(running.server.facts(*cause.facts, *cause.later))
    if cause.paused:
        running.do(running.server.http.post("/v1/rules/R1/pause", json={}))
    if cause.advance:
        running.do(running.server.http.post("/v1/test/clock", json={"advance": cause.advance}))
    url = f"http://127.0.0.1:{running.server.port}"
    tag = f'<script async src="{url}/widget/v1.js" {cause.tag}></script>'
    yield cause, shop.page(tag=tag, **cause.page)
    running.stop()


def test_both_doctors_name_the_cause(planted: tuple[Cause, str], loose_tab: Page) -> None:
    cause, address = planted
    loose_tab.goto(address)
    loose_tab.wait_for_function("window.tactful?.version")
    wanted = cause.console or cause.command
    # With a session, which is there soon, other causes may hide the one that is looked for.
    if not cause.console:
        until(lambda: loose_tab.evaluate(ASK)["connection"]["session"])
    until(lambda: wanted in " ".join(loose_tab.evaluate(ASK)["advice"]))
    asked = in_a_thread("doctor", address, "--explain", "--json")
    bad = [f"{one['what']} {one['advice']}" for one in asked if one["level"] == "bad"]
    assert cause.command in " ".join(bad)


def in_a_thread(*words: str) -> Any:
    """Run a command beside the browser, whose driver has an event loop of its own in this thread."""
    found: list[Any] = []
    work = threading.Thread(
        target=lambda: found.append(printed_json(run(*words, TACTFUL_SERVER_KEY=KEY)))
    )
    work.start()
    work.join()
    return found[0]
