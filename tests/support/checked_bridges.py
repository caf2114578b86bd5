"""Runs of the conformance kit against real shops."""

from support.driven_shop import serving_driver
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
    only: tuple[str, ...] = (),
) -> None:
    """Run every check, or `only` some; each must pass, and none is left out."""
    found: list[CheckOutcome] = []
    with serving_driver(driver) as url:
        run_with(Probe(item, ShopDriver(url), server, proxy, PATIENCE_S), only, found.append)
    assert [f"{one.name}: {one.found}" for one in found if one.outcome != "passed"] == []
    assert len(found) == len(only or CHECKS)
