"""Facts reach a running server over HTTP, or the ledger of a stopped one."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from tactful.cli.data.import_targets import folder_target, server_target
from tactful.cli.shared.data_folder import ledger_file
from tactful.cli.shared.errors import CommandError
from tactful.config import Config
from tactful.core.facts.fact_codec import encode
from tactful.core.facts.fact_types import AnyFact, Gone, Stock

FACTS: list[AnyFact] = [Stock(sku=sku, territory="DE", available=3) for sku in ("A", "B")]
ENCODED = [encode(fact) for fact in FACTS]


def test_facts_are_stored_in_the_ledger_and_known_ones_are_ignored(tmp_path: Path) -> None:
    with ExitStack() as stack:
        send = folder_target(stack, tmp_path).send
        assert send(ENCODED) == {
            "accepted": 2,
            "ignored": 0,
            "rejected": [],
            "unchanged": 0,
        }
    assert ledger_file(tmp_path).is_file()
    with ExitStack() as stack:
        again = folder_target(stack, tmp_path).send
        report = again([encode(Stock(sku="A", territory="DE", available=3, version=1)), *ENCODED])
        assert report["accepted"] + report["ignored"] == 3


def test_a_ledger_that_is_in_use_is_refused(tmp_path: Path) -> None:
    with ExitStack() as stack:
        folder_target(stack, tmp_path)
        with ExitStack() as other, pytest.raises(CommandError, match="A server is running"):
            folder_target(other, tmp_path)


def test_a_server_that_is_down_is_reported_when_the_first_batch_is_sent() -> None:
    with ExitStack() as stack:
        send = server_target(stack, Config(), "http://127.0.0.1:9").send
        with pytest.raises(CommandError, match="No server responds"):
            send(ENCODED)


def test_a_folder_lists_the_facts_that_it_holds(tmp_path: Path) -> None:
    with ExitStack() as stack:
        target = folder_target(stack, tmp_path)
        target.send(ENCODED)
        target.send([encode(Gone(of="stock", sku="A"))])
        assert list(target.facts_of_kind("stock")) == FACTS[1:]
