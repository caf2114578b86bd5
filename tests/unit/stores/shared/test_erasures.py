"""The list of erasures names nobody and survives a crash in the middle of a line."""

import hmac
from pathlib import Path

import pytest

from tactful.stores.shared.erasures import (
    DIGEST_CHARS,
    ERASED_PREFIX,
    Erasure,
    add_erasures,
    append_erasure,
    erasure_digest,
    erasures_file,
    latest_erasures,
    read_erasures,
    read_list,
)


def test_a_digest_depends_on_the_secret_and_on_the_kind_of_id() -> None:
    one = erasure_digest(b"s" * 32, "customer", "c1")
    assert one.startswith(ERASED_PREFIX)
    assert one == erasure_digest(b"s" * 32, "customer", "c1")
    assert (
        len(
            {
                one,
                erasure_digest(b"t" * 32, "customer", "c1"),
                erasure_digest(b"s" * 32, "order", "c1"),
            }
        )
        == 3
    )


@pytest.mark.parametrize("size", [0, 1, 32, 64, 65, 200])
def test_a_digest_is_an_hmac_of_the_kind_and_the_id(size: int) -> None:
    secret = bytes(range(size))
    wanted = hmac.digest(secret, "customer:Zoë".encode(), "sha256").hex()[:DIGEST_CHARS]
    assert erasure_digest(secret, "customer", "Zoë") == ERASED_PREFIX + wanted


def erased(alias: str, at: int = 7) -> Erasure:
    return Erasure(alias, at)


def test_erasures_are_listed_beside_the_ledger(tmp_path: Path) -> None:
    ledger = tmp_path / "tactful.db"
    assert read_erasures(ledger) == {}
    append_erasure(ledger, "~1", erased("a"))
    append_erasure(ledger, "~2", erased("b"))
    append_erasure(ledger, "~1", erased("c"))
    assert read_erasures(ledger) == {"~1": erased("c"), "~2": erased("b")}
    assert erasures_file(ledger).stat().st_mode & 0o077 == 0


def test_a_line_that_was_cut_off_is_skipped(tmp_path: Path) -> None:
    ledger = tmp_path / "tactful.db"
    append_erasure(ledger, "~1", erased("a"))
    with erasures_file(ledger).open("ab") as file:
        file.write(b'{"digest":"~2","al')
    assert read_erasures(ledger) == {"~1": erased("a")}
    append_erasure(ledger, "~3", erased("c"))
    assert read_erasures(ledger) == {"~1": erased("a"), "~3": erased("c")}


def test_an_erasure_is_listed_in_both_places(tmp_path: Path) -> None:
    ledger, second = tmp_path / "tactful.db", tmp_path / "second"
    append_erasure(ledger, "~1", erased("a"), second)
    assert read_erasures(ledger) == read_list(second) == {"~1": erased("a")}
    assert second.stat().st_mode & 0o077 == 0


def test_only_missing_erasures_are_added_to_a_list(tmp_path: Path) -> None:
    ledger = tmp_path / "tactful.db"
    append_erasure(ledger, "~1", erased("a"))
    add_erasures(erasures_file(ledger), {"~1": erased("other"), "~2": erased("b")})
    before = erasures_file(ledger).read_bytes()
    add_erasures(erasures_file(ledger), {"~2": erased("b")})
    assert erasures_file(ledger).read_bytes() == before
    assert read_erasures(ledger) == {"~1": erased("a"), "~2": erased("b")}


def test_a_line_of_another_kind_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(
        b'{"x":' + b"[" * 200_000 + b'\n{}\n[1]\n{"digest":"~1","alias":"a"}\n\xff\n'
    )
    assert read_list(tmp_path / "list") == {"~1": erased("a", 0)}


def test_a_later_erasure_of_the_same_id_wins(tmp_path: Path) -> None:
    ledger = tmp_path / "tactful.db"
    append_erasure(ledger, "~1", erased("a", 1))
    add_erasures(erasures_file(ledger), {"~1": erased("a", 5)})
    add_erasures(erasures_file(ledger), {"~1": erased("a", 3)})
    assert read_erasures(ledger) == {"~1": erased("a", 5)}
    both = latest_erasures({"~1": erased("a", 1), "~2": erased("b")}, {"~1": erased("c", 2)})
    assert both == {"~1": erased("c", 2), "~2": erased("b")}
