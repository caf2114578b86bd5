"""The conformance kit against real shops, which are used by no other test yet."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from support.checked_bridges import check
from support.oscar_driver import ITEM as OSCAR_ITEM
from support.oscar_driver import oscar_driver
from support.oscar_shop import KEY, OscarShop, another_process
from support.vendure_driver import ITEM as VENDURE_ITEM
from support.vendure_driver import VendureDriver
from support.vendure_shop import VendureShop
from support.woo_driver import ITEM as WOO_ITEM
from support.woo_driver import driven_woo
from support.woo_shop import WooShop
from tactful.bridge_check.fault_proxy import FaultProxy
from tactful.bridge_check.offer_server import OfferServer


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
    vendure.environment = {**before, "TACTFUL_URL": url, "TACTFUL_SERVER_KEY": KEY}
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
        check(VENDURE_ITEM, server, proxy, driver)


@pytest.mark.parametrize("kind", ["blocks", "classic"])
def test_the_plugin_for_woocommerce_passes_every_check(woo: WooShop, kind: str) -> None:
    with driven_woo(woo, kind) as (server, proxy, driver):
        check(WOO_ITEM, server, proxy, driver)
