"""The conformance kit against the library for JavaScript."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from support.driven_shop import ITEM
from support.manual_runner import ROOT
from support.node import node
from tactful.bridge_check.check_run import SERVER_KEY, run_with
from tactful.bridge_check.checks import CHECKS
from tactful.bridge_check.fault_proxy import FaultProxy
from tactful.bridge_check.offer_server import OfferServer
from tactful.bridge_check.probe import Probe
from tactful.bridge_check.shop_driver import ShopDriver

SHOP = ROOT / "server" / "bridges" / "checkout-js" / "test" / "support" / "driven_shop.js"


@contextmanager
def shop_in_javascript(url: str) -> Iterator[str]:
    """A shop on `@tactful/checkout`; the address of its driver."""
    with subprocess.Popen(
        [node(), str(SHOP), url, SERVER_KEY], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def test_a_shop_on_the_library_for_javascript_passes_every_check() -> None:
    with (
        OfferServer(ITEM, SERVER_KEY) as server,
        FaultProxy(0, server.port) as proxy,
        shop_in_javascript(proxy.url) as url,
    ):
        shop = ShopDriver(url)
        results = run_with(Probe(shop.about(), shop, server, proxy, patience=0))
    assert {one.name: one.outcome for one in results} == {
        check.name: "passed" for check in CHECKS
    }, [one for one in results if one.outcome != "passed"]
