"""One run of the conformance kit against a shop."""

from collections.abc import Callable, Collection, Sequence
from typing import Final, Literal

from msgspec import Struct

from tactful.bridge_check.checks import CHECKS, Check
from tactful.bridge_check.fault_proxy import FaultProxy
from tactful.bridge_check.offer_server import OfferServer
from tactful.bridge_check.probe import CheckFailedError, Probe
from tactful.bridge_check.shop_driver import NotSupportedError, ShopDriver, ShopFailedError

SERVER_KEY: Final = "bridge-check-server-key"
"""The server key that the shop has to use."""
PORT: Final = 8021
"""The port on which the kit plays Tactful."""
PATIENCE_S: Final = 10.0
"""Seconds in which both sides must agree after the shop has settled."""


class CheckOutcome(Struct, frozen=True):
    """What a check found."""

    name: str
    outcome: Literal["passed", "failed", "left_out"]
    must: str
    harm: str
    found: str = ""
    """What the bridge did instead, or which verb the driver lacks."""
    exchanges: Sequence[str] = ()
    """Requests of the bridge during a failed check."""


class CheckReport(Struct, frozen=True):
    """A run: the shop, and the result of every check."""

    shop: str
    results: Sequence[CheckOutcome]

    def names(self, outcome: str) -> list[str]:
        """Return the names of the checks with an outcome."""
        return [one.name for one in self.results if one.outcome == outcome]


def run_checks(
    url: str,
    *,
    port: int = PORT,
    key: str = SERVER_KEY,
    only: Collection[str] = (),
    patience: float = PATIENCE_S,
    on_result: Callable[[CheckOutcome], None] = lambda _: None,
) -> CheckReport:
    """Check the bridge of a shop.

    Args:
        url: The address of the shop's test driver.
        port: The port of this machine that the shop uses as Tactful's.
        key: The server key that the shop uses.
        only: Names of the checks to run; empty: all of them.
        patience: Seconds in which both sides must agree.
        on_result: Called after each check.

    Raises:
        DriverError: The test driver cannot be reached or breaks its contract.
        OSError: The port is in use.
        ValueError: No offer can be made for the item that the driver describes.
    """
    shop = ShopDriver(url)
    item = shop.about()
    with OfferServer(item, key) as server, FaultProxy(port, server.port) as proxy:
        probe = Probe(item, shop, server, proxy, patience)
        return CheckReport(item.name, run_with(probe, only, on_result))


def run_with(
    probe: Probe,
    only: Collection[str] = (),
    on_result: Callable[[CheckOutcome], None] = lambda _: None,
) -> list[CheckOutcome]:
    """Run checks with parts that are running already.

    Args:
        probe: The shop, the server and the proxy between them.
        only: Names of the checks to run; empty: all of them.
        on_result: Called after each check.

    Raises:
        DriverError: The test driver cannot be reached or breaks its contract.
    """
    results = []
    for check in CHECKS:
        if only and check.name not in only:
            continue
        results.append(_result_of(check, probe))
        on_result(results[-1])
    return results


def _result_of(check: Check, probe: Probe) -> CheckOutcome:
    probe.proxy.reset()
    try:
        check.run(probe)
    except (CheckFailedError, ShopFailedError) as failure:
        exchanges = [str(one) for one in probe.proxy.exchanges]
        return CheckOutcome(check.name, "failed", check.must, check.harm, str(failure), exchanges)
    except NotSupportedError as lacking:
        found = f"The test driver has no `{lacking.verb}`."
        return CheckOutcome(check.name, "left_out", check.must, check.harm, found)
    return CheckOutcome(check.name, "passed", check.must, check.harm)
