"""The list of erasures and its second place."""

from pathlib import Path

import pytest

from tactful.runtime.ports.ledger import LedgerError
from tactful.stores.relational.customers.erasure_list import align_erasures, list_erasure
from tactful.stores.shared.erasures import Erasure, erasures_file, read_list


def test_an_erasure_is_listed_in_both_places(tmp_path: Path) -> None:
    ledger, copy = tmp_path / "tactful.db", tmp_path / "copy"
    list_erasure(ledger, copy, "~a", Erasure("alias", 1))
    assert read_list(erasures_file(ledger)) == read_list(copy) == {"~a": Erasure("alias", 1)}


def test_a_list_that_cannot_be_written_says_that_nothing_was_erased(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="nothing was erased"):
        list_erasure(tmp_path / "no" / "tactful.db", None, "~a", Erasure("alias", 1))


def test_each_place_gets_what_the_other_one_has(tmp_path: Path) -> None:
    ledger, copy = tmp_path / "tactful.db", tmp_path / "copy"
    list_erasure(ledger, None, "~a", Erasure("one", 1))
    list_erasure(tmp_path / "other", copy, "~b", Erasure("two", 2))
    align_erasures(ledger, copy)
    align_erasures(ledger, None)
    assert read_list(copy).keys() == read_list(erasures_file(ledger)).keys() == {"~a", "~b"}
