"""Recovery codes are used once, and roles can need a second factor."""

from pathlib import Path

import pytest

from tactful.runtime.security.key_files import KeyFileError
from tactful.runtime.security.operator_accounts import OperatorAccounts
from tactful.runtime.security.passwords import RECOVERY_CODES, PasswordDigest, new_recovery_codes
from tactful.runtime.security.second_factors import SecondFactors
from tactful.runtime.system_clock import SystemClock


@pytest.fixture
def accounts(tmp_path: Path) -> OperatorAccounts:
    made = OperatorAccounts(tmp_path, SystemClock())
    made.join(made.invite("Ada", "owner"), PasswordDigest(b"s", b"d"))
    made.set_second_factor("Ada", b"secret")
    return made


def test_a_recovery_code_is_used_once_in_any_spelling(
    accounts: OperatorAccounts, tmp_path: Path
) -> None:
    factors, codes = SecondFactors(accounts), new_recovery_codes()
    factors.set_recovery_codes("Ada", codes)
    assert (
        factors.use_recovery_code("Ada", codes[3].upper().replace("-", " ")) == RECOVERY_CODES - 1
    )
    for wrong in (codes[3], "", "-", "k3fq-z7mw-2hxa-pd5c", codes[0][:-1]):
        assert factors.use_recovery_code("Ada", wrong) is None
    (file,) = tmp_path.glob("account-*.json")
    assert not any(code.replace("-", "").encode() in file.read_bytes() for code in codes)
    factors.set_recovery_codes("Ada", new_recovery_codes())
    assert factors.use_recovery_code("Ada", codes[0]) is None


def test_the_codes_end_with_the_factor(accounts: OperatorAccounts) -> None:
    factors, codes = SecondFactors(accounts), new_recovery_codes()
    factors.set_recovery_codes("Ada", codes)
    accounts.set_second_factor("Ada", b"another")
    assert factors.use_recovery_code("Ada", codes[0]) is None


def test_codes_are_all_different() -> None:
    codes = new_recovery_codes()
    assert len(set(codes)) == RECOVERY_CODES
    assert all(len(code) == 19 for code in codes)


def test_roles_need_a_factor_until_they_do_not(accounts: OperatorAccounts) -> None:
    factors = SecondFactors(accounts)
    assert factors.roles() == ()
    factors.require(["owner", "agent"])
    assert factors.roles() == ("agent", "owner")
    factors.require([])
    assert factors.roles() == ()


def test_a_damaged_file_opens_nothing(accounts: OperatorAccounts, tmp_path: Path) -> None:
    factors = SecondFactors(accounts)
    factors.require(["owner"])
    (tmp_path / "factor-roles.json").write_bytes(b"{")
    with pytest.raises(KeyFileError, match="damaged"):
        factors.roles()
