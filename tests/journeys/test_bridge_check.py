"""The conformance kit against the library for JavaScript, and the example for Medusa on it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.driven_shop import ITEM
from support.manual_runner import ROOT
from support.node import node
from tactful.bridge_check.check_run import SERVER_KEY, run_with
from tactful.bridge_check.checks import CHECKS
from tactful.bridge_check.fault_proxy import FaultProxy
from tactful.bridge_check.offer_server import OfferServer
from tactful.bridge_check.probe import Probe
from tactful.bridge_check.shop_driver import ShopDriver

LIBRARY = ROOT / "server" / "bridges" / "checkout-js"
SHOPS = {
    "library": LIBRARY / "test" / "support" / "driven_shop.js",
    "medusa": ROOT / "tests" / "support" / "driven_medusa.cjs",
}


@contextmanager
def shop_in_javascript(file: Path, url: str, packages: Path) -> Iterator[str]:
    """A shop whose driver is a program in JavaScript; the address of the driver."""
    (packages / "@tactful").mkdir()
    (packages / "@tactful" / "checkout").symlink_to(LIBRARY)
    with subprocess.Popen(
        [node(), str(file), url, SERVER_KEY],
        stdout=subprocess.PIPE, text=True, env=os.environ | {"NODE_PATH": str(packages)},
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


@pytest.mark.parametrize("name", SHOPS)
def test_a_shop_in_javascript_passes_every_check(name: str, tmp_path: Path) -> None:
    with (
        OfferServer(ITEM, SERVER_KEY) as server,
        FaultProxy(0, server.port) as proxy,
        shop_in_javascript(SHOPS[name], proxy.url, tmp_path) as url,
    ):
        shop = ShopDriver(url)
        results = run_with(Probe(shop.about(), shop, server, proxy, patience=0))
    assert {one.name: one.outcome for one in results} == {
        check.name: "passed" for check in CHECKS
    }, [one for one in results if one.outcome != "passed"]
