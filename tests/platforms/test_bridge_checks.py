"""The conformance kit against real shops, which are used by no other test yet."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from support.driven_shop import serving_driver
from support.oscar_driver import ITEM as OSCAR_ITEM
from support.oscar_driver import oscar_driver
from support.oscar_shop import KEY, OscarShop, another_process
from support.vendure_driver import ITEM as VENDURE_ITEM
from support.vendure_driver import VendureDriver
from support.vendure_shop import VendureShop
from tactful.bridge_check.check_run import CheckOutcome, run_with
from tactful.bridge_check.checks import CHECKS
from tactful.bridge_check.fault_proxy import FaultProxy
from tactful.bridge_check.offer_server import OfferServer, ShopItem
from tactful.bridge_check.probe import Probe
from tactful.bridge_check.shop_driver import ShopDriver

PATIENCE_S = 20.0
"""A shop on a loaded machine may deliver its outbox late."""


def check(
    item: ShopItem,
    server: OfferServer,
    proxy: FaultProxy,
    driver: object,
    left_out: frozenset[str] = frozenset(),
) -> None:
    """Run every check; each must pass, except those that the platform cannot take part in."""
    found: list[CheckOutcome] = []
    with serving_driver(driver) as url:
        run_with(Probe(item, ShopDriver(url), server, proxy, PATIENCE_S), (), found.append)
    assert [one for one in found if one.outcome == "failed"] == []
    assert {one.name for one in found if one.outcome == "left_out"} == left_out
    assert len(found) == len(CHECKS)


def test_tactful_oscar_passes_every_check(shop: OscarShop, tmp_path: Path) -> None:
    pairing = tmp_path / "tactful.json"
    with OfferServer(OSCAR_ITEM, KEY) as server, FaultProxy(0, server.port) as proxy:
        paired = {"URL": proxy.url, "SERVER_KEY": KEY, "IDENTITY_KEY": ""}
        pairing.write_text(json.dumps(paired))
        with (
            another_process(shop, TACTFUL_PAIRING=str(pairing)),
            oscar_driver(shop) as driver,
        ):
            check(OSCAR_ITEM, server, proxy, driver)


@contextmanager
def restarted(vendure: VendureShop, url: str) -> Iterator[None]:
    """The shop on another Tactful, and then on its own again."""
    before = vendure.environment
    vendure.stop()
    vendure.environment = {**before, "TACTFUL_URL": url}
    vendure.start()
    try:
        yield
    finally:
        vendure.stop()
        vendure.environment = before
        vendure.start()


def test_the_vendure_plugin_passes_every_check(vendure: VendureShop) -> None:
    with (
        OfferServer(VENDURE_ITEM, KEY) as server,
        FaultProxy(0, server.port) as proxy,
        restarted(vendure, proxy.url),
        closing(VendureDriver(vendure)) as driver,
    ):
        check(VENDURE_ITEM, server, proxy, driver, frozenset({"refund.repeated"}))
