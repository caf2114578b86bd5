"""Requests that are generated from the OpenAPI document get documented answers and no server error."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import openapi
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from journeys.fixture import CATALOGUE, order, rules
from support.live_server import KEY, live_server
from tactful.config.connector_settings import ConnectorSettings

Operation = APIOperation[Any, Any, Any, Any]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
NO_REQUESTS = {
    ("get", "/v1/session"): "opens a WebSocket",
    ("get", "/v1/session/stream"): "never ends",
    ("post", "/v1/test/clock"): "plays decades, timer by timer",
}
"""Operations that no single request tries, and why."""
SHORT, LONG = 200, 10_000
"""Requests in `make test`, and in the long form."""


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Serve a shop with an accepted offer from a thread: (its address, its OpenAPI document)."""
    started = threading.Event()
    failed: list[BaseException] = []
    shared: dict[str, Any] = {}

    async def run() -> None:
        stop = asyncio.Event()
        shared["stop"] = (asyncio.get_running_loop(), stop)
        desk = ConnectorSettings(kind="roundup", secret="hush")
        async with live_server(folder, rules(), connectors={"desk": desk}) as one:
            await one.facts(*CATALOGUE, order("1001", "mia", "SOCK-3"))
            mia = await one.known("mia")
            await mia.view("RUN-42", 31)
            await mia.accept((await mia.offered())["id"])
            shared["document"] = (await one.http.get("/openapi.json")).json()
            shared["address"] = f"http://127.0.0.1:{one.port}"
            started.set()
            await stop.wait()

    def main() -> None:
        try:
            asyncio.run(run())
        except BaseException as error:  # noqa: BLE001 - raised again where the test sees it
            failed.append(error)
        finally:
            started.set()

    thread = threading.Thread(target=main)
    thread.start()
    started.wait()
    try:
        if failed:
            raise failed[0]
        yield shared["address"], shared["document"]
    finally:
        if not failed:
            loop, stop = shared["stop"]
            loop.call_soon_threadsafe(stop.set)
        thread.join()
    assert failed == []


def operations(found: dict[str, Any]) -> list[Operation]:
    """The operations of a document that requests can try."""
    schema = openapi.from_dict(found, config=SchemathesisConfig())
    every = list(schema.get_all_operations())
    listed = [one.ok() for one in every if isinstance(one, Ok)]
    assert len(listed) == len(every)
    return [one for one in listed if (one.method.lower(), one.path) not in NO_REQUESTS]


def ask_all(folder: Path, total: int) -> None:
    """Send `total` requests, half of which break the document's own rules."""
    with serving(folder) as (address, found), requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {KEY}"
        every = operations(found)
        for operation in every:
            count = -(-total // len(every) // 2)
            ask(operation, GenerationMode.POSITIVE, address, session, count)
            with suppress(Unsatisfiable):  # every request to it is a good one
                ask(operation, GenerationMode.NEGATIVE, address, session, count)


def ask(
    operation: Operation,
    mode: GenerationMode,
    address: str,
    session: requests.Session,
    count: int,
) -> None:
    """Send requests to one operation and check every answer."""

    @settings(max_examples=count, suppress_health_check=list(HealthCheck), database=None)
    @given(operation.as_strategy(generation_mode=mode))
    def each(case: Any) -> None:
        response = case.call(base_url=address, session=session, timeout=60)
        case.validate_response(response, checks=CHECKS)

    each()


# Schemathesis draws from `random` inside its strategies, which Hypothesis deprecates.
of_schemathesis = pytest.mark.filterwarnings(
    "ignore::hypothesis.errors.HypothesisDeprecationWarning"
)


@of_schemathesis
@pytest.mark.thorough
def test_generated_requests_get_documented_answers(tmp_path: Path) -> None:
    ask_all(tmp_path, SHORT)


@of_schemathesis
@pytest.mark.slow
def test_many_generated_requests_get_documented_answers(tmp_path: Path) -> None:
    ask_all(tmp_path, LONG)
