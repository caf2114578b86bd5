"""The list of erasures names nobody and survives a crash in the middle of a line."""

from pathlib import Path

from tactful.stores.shared.erasures import (
    ERASED_PREFIX,
    append_erasure,
    erasure_digest,
    erasures_file,
    read_erasures,
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


def test_erasures_are_listed_beside_the_ledger(tmp_path: Path) -> None:
    ledger = tmp_path / "tactful.db"
    assert read_erasures(ledger) == {}
    append_erasure(ledger, "~1", "a")
    append_erasure(ledger, "~2", "b")
    append_erasure(ledger, "~1", "c")
    assert read_erasures(ledger) == {"~1": "c", "~2": "b"}
    assert erasures_file(ledger).stat().st_mode & 0o077 == 0


def test_a_line_that_was_cut_off_is_skipped(tmp_path: Path) -> None:
    ledger = tmp_path / "tactful.db"
    append_erasure(ledger, "~1", "a")
    with erasures_file(ledger).open("ab") as file:
        file.write(b'{"digest":"~2","al')
    assert read_erasures(ledger) == {"~1": "a"}
    append_erasure(ledger, "~3", "c")
    assert read_erasures(ledger) == {"~1": "a", "~3": "c"}
