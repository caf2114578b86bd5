"""`tactful connect doctor` says what is wrong with connectors, and what to do."""

from pathlib import Path
from typing import Any

import pytest

from support.cli_runner import run, run_beside, write_file
from support.fake_shop import Answer, served
from support.fake_woocommerce import FakeWoocommerce
from support.live_server import NOON, live_server
from tactful.cli.connect.configured import configured
from tactful.cli.connect.connector_doctor import settings_findings, status_findings
from tactful.config import Config
from tactful.config.connector_settings import ConnectorSettings

WELL: dict[str, Any] = {
    "receipts": {}, "last_arrival": "2026-03-10T12:00:00Z", "failed": 0, "problems": [],
    "fetch_problem": None, "lag_ms": 20, "missing": None, "activated": 0, "drift": {},
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, None),
        ({"receipts": {"forged": 3}}, "3 deliveries had a wrong signature."),
        ({"last_arrival": None}, "No delivery has arrived"),
        ({"failed": 2, "problems": [{"problem": "No id."}]}, "the latest: No id. Correct"),
        ({"fetch_problem": "It answered 401."}, "cannot be read: It answered 401."),
        ({"lag_ms": 61_000}, "waited 61 s"),
        ({"missing": 12}, "run `tactful connect reconcile shop --accept-missing`"),
        ({"activated": 1}, "1 subscription had been switched off"),
        ({"drift": {"stock": 2, "order": 1}}, "3 facts came without a delivery (2 stock, 1 order)"),
    ],
)
def test_each_trouble_of_a_connector_has_a_finding(
    changes: dict[str, Any], text: str | None
) -> None:
    found = list(status_findings("shop", WELL | changes))
    assert [text in one for one in found] == [True] if text else found == []


def test_a_connector_that_the_server_does_not_know_is_named() -> None:
    (found,) = status_findings("shop", None)
    assert found.startswith("The server does not know it.")


@pytest.mark.parametrize(
    ("public_url", "texts"),
    [
        ("https://t.example", []),
        ("http://t.example:8000", ["not to 8000"]),
        ("http://10.0.0.4", ["no private address such as 10.0.0.4"]),
        ("http://localhost:8000", ["not to 8000", "no private address such as localhost"]),
    ],
)
def test_an_address_that_woocommerce_never_reaches_is_named(
    public_url: str, texts: list[str]
) -> None:
    woo = ConnectorSettings(
        kind="woocommerce", secret="hush", key="a:b", address="https://a.example", territory="DE",
        currency="EUR",
    )  # fmt: skip
    config = Config(rules=Path("rules"), connectors={"shop": woo}, public_url=public_url)
    found = list(settings_findings(config, configured(config, "shop")))
    assert [text in one for text, one in zip(texts, found, strict=True)] == [True] * len(texts)


async def test_the_doctor_reads_the_lists_and_asks_the_server(tmp_path: Path) -> None:
    write_file(tmp_path / "secret.txt", "hush")
    write_file(tmp_path / "key.txt", "ck:cs")
    shop = FakeWoocommerce(NOON - 60)
    with served(shop) as address:
        settings = write_file(
            tmp_path / "tactful.toml",
            f"""
public_url = "https://tactful.example"
[connectors.shop]
kind = "woocommerce"
secret_file = "secret.txt"
key_file = "key.txt"
address = "{address}"
territory = "DE"
currency = "EUR"
""",
        )
        desk = ConnectorSettings(kind="roundup", secret="hush")
        async with live_server(tmp_path, connectors={"desk": desk}) as one:
            done = await run_beside(one, "connect", "doctor", "--config", settings)
            assert (done.exit_code, done.output.count("shop: ")) == (1, 1), done.output
            assert "shop: The server does not know it." in done.output
            shop.answers = [Answer(403, {})]
            done = await run_beside(one, "connect", "doctor", "shop", "--config", settings)
            assert "The list products cannot be read: The system answered 403." in done.output
        away = run("connect", "doctor", "--config", settings, "--url", "http://127.0.0.1:1")
        assert "No server responds" in away.output
        assert "shop: Nothing is wrong." in away.output


def test_settings_without_connectors_are_an_error(tmp_path: Path) -> None:
    settings = write_file(tmp_path / "tactful.toml", "")
    assert run("connect", "doctor", "--config", settings).exit_code == 2
