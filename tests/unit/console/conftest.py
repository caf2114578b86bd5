"""A running shop, and an operator who is logged in to its console."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from journeys.fixture import CATALOGUE, rules
from support.console_client import Agent
from support.live_server import LiveServer, live_server


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[LiveServer]:
    async with live_server(tmp_path, rules()) as started:
        await started.facts(*CATALOGUE)
        yield started


@pytest.fixture
async def agent(one: LiveServer) -> AsyncIterator[Agent]:
    async with Agent(one) as somebody:
        await somebody.log_in()
        yield somebody
