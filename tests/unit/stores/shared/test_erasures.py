"""The list of erasures names nobody and survives a crash in the middle of a line."""

from tactful.stores.shared.erasures import ERASED, erasure_digest, file_of, remember, remembered


def test_a_digest_needs_the_secret_and_tells_kinds_apart():
    one = erasure_digest(b"s" * 32, "customer", "c1")
    assert one.startswith(ERASED)
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


def test_erasures_are_remembered_beside_the_ledger(tmp_path):
    ledger = tmp_path / "tactful.db"
    assert remembered(ledger) == {}
    remember(ledger, "~1", "a")
    remember(ledger, "~2", "b")
    remember(ledger, "~1", "c")
    assert remembered(ledger) == {"~1": "c", "~2": "b"}
    assert file_of(ledger).stat().st_mode & 0o077 == 0


def test_a_line_that_was_cut_off_is_no_erasure(tmp_path):
    ledger = tmp_path / "tactful.db"
    remember(ledger, "~1", "a")
    with file_of(ledger).open("ab") as file:
        file.write(b'{"digest":"~2","al')
    assert remembered(ledger) == {"~1": "a"}
    remember(ledger, "~3", "c")
    assert remembered(ledger) == {"~1": "a", "~3": "c"}
