"""An hour without the server, small: nothing is lost, whatever the sender does afterwards."""

import sys
from pathlib import Path

import pytest

from support.source_tree import ROOT

sys.path.append(str(ROOT / "tests" / "bench"))

import outage

COUNT = 1_700
"""More than one sale of some products."""


@pytest.mark.parametrize("platform", ["woocommerce", "shopify"])
async def test_an_hour_without_the_server_loses_no_order_and_no_stock(
    platform: str, tmp_path: Path
) -> None:
    found = await outage.run(platform, COUNT, tmp_path)
    assert (found["orders lost"], found["products with a wrong stock"]) == (0, 0)
    gave_up = COUNT if platform == "woocommerce" else 0
    assert found["deliveries that the sender gave up"] == gave_up
    assert found["deliveries taken after the outage"] == COUNT - gave_up
    assert found["subscriptions switched on again"] == (platform == "woocommerce")
