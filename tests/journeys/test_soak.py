"""A stretch of traffic leaves no resources behind: the short forms of `make soak`."""

import sys
from pathlib import Path

import pytest

from support.manual_runner import ROOT

sys.path.append(str(ROOT / "tests" / "bench"))

from soak import Soaked, soak


def nothing_is_left(found: Soaked) -> None:
    """Check what holds after any stretch of traffic."""
    assert found.left == {"sessions": 0, "connections": 0, "held": 0}
    assert found.wrong == []
    assert found.tasks_more <= 0
    assert found.descriptors_more <= 0
    assert found.offers > 0
    assert found.redeemed > 0


async def test_an_hour_of_traffic_leaves_no_resources_behind(tmp_path: Path) -> None:
    nothing_is_left(await soak(tmp_path, quarters=4, shoppers=12))


@pytest.mark.slow
async def test_a_day_of_traffic_grows_no_memory_and_gets_no_slower(tmp_path: Path) -> None:
    found = await soak(tmp_path, quarters=48, shoppers=40)
    nothing_is_left(found)
    assert found.growth() < 0.03
    assert found.slowdown() < 1.25
