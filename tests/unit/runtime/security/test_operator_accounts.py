"""Accounts of operators: invitations, roles, suspension and logins."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tactful.core.values.calendar import DAY
from tactful.runtime.security.key_files import KeyFileError
from tactful.runtime.security.operator_accounts import (
    INVITATION_LIFE,
    LOGIN_LIFE,
    OWNER_LOGIN_LIFE,
    AccountFile,
    OperatorAccounts,
    Role,
    UnusableAccountError,
    account_id,
)
from tactful.runtime.security.passwords import PasswordDigest

PASSWORD = PasswordDigest(b"salt", b"digest")


class Clock:
    """A clock that is set."""

    time = 1_000 * DAY

    def now(self) -> int:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(tmp_path: Path, clock: Clock) -> OperatorAccounts:
    return OperatorAccounts(tmp_path, clock)


def joined(accounts: OperatorAccounts, name: str, role: Role = "agent") -> AccountFile:
    found = accounts.join(accounts.invite(name, role), PASSWORD)
    assert found is not None
    return found


def test_an_invitation_is_used_once(accounts: OperatorAccounts) -> None:
    code = accounts.invite("Ada", "agent")
    (invited,) = accounts.all()
    assert (invited.name, invited.role, invited.state) == ("Ada", "agent", "invited")
    assert accounts.join(code, PASSWORD) is not None
    assert accounts.join(code, PASSWORD) is None
    (active,) = accounts.all()
    assert (active.state, active.invitation) == ("active", None)


def test_an_invitation_ends_and_a_forged_one_is_none(
    accounts: OperatorAccounts, clock: Clock
) -> None:
    code = accounts.invite("Ada", "agent")
    ident, _, secret = code.partition(".")
    for forged in (
        "",
        ".",
        ident,
        f"{ident}.",
        f"{ident}.{secret}x",
        f"../{ident}.{secret}",
        "\ud800.x",
    ):
        assert accounts.invited(forged) is None
    assert accounts.invited(code) is not None
    clock.time += INVITATION_LIFE
    assert accounts.invited(code) is None
    assert accounts.join(code, PASSWORD) is None


def test_spellings_of_a_name_that_read_alike_are_one_account(accounts: OperatorAccounts) -> None:
    accounts.invite("Ada", "agent")
    for same in ("ADA", " ada ", "\uff21da"):
        assert accounts.find(same) is not None
        with pytest.raises(UnusableAccountError, match="has an account already"):
            accounts.invite(same, "owner")
    assert accounts.find("Bo") is None


@pytest.mark.parametrize("name", ["", "  ", "x" * 65, "a\nb", "a\x00b"])
def test_a_name_that_is_none_is_refused(accounts: OperatorAccounts, name: str) -> None:
    with pytest.raises(UnusableAccountError, match="missing or too long"):
        accounts.invite(name, "agent")


def test_the_last_active_owner_stays(accounts: OperatorAccounts) -> None:
    assert not accounts.has_owner()
    joined(accounts, "Ada", "owner")
    assert accounts.has_owner()
    accounts.invite("Bo", "owner")
    with pytest.raises(UnusableAccountError, match="only active owner"):
        accounts.suspend("Ada", suspended=True)
    with pytest.raises(UnusableAccountError, match="only active owner"):
        accounts.set_role("Ada", "agent")
    joined(accounts, "Cy", "owner")
    assert accounts.set_role("Ada", "agent").role == "owner"
    assert accounts.find("Ada") is not None


def test_a_suspended_owner_still_keeps_the_server_key_out(accounts: OperatorAccounts) -> None:
    joined(accounts, "Ada", "owner")
    joined(accounts, "Bo", "owner")
    accounts.suspend("Ada", suspended=True)
    assert accounts.has_owner()


def test_a_login_is_found_by_its_cookie_until_it_ends(
    accounts: OperatorAccounts, clock: Clock, tmp_path: Path
) -> None:
    cookie = accounts.log_in(joined(accounts, "Ada"))
    found = OperatorAccounts(tmp_path, clock).logged_in(cookie)  # as after a restart
    assert found is not None
    assert found[1].name == "Ada"
    assert accounts.logged_in(f"{cookie}x") is None
    assert accounts.logged_in("../account-1") is None
    clock.time += LOGIN_LIFE
    assert accounts.logged_in(cookie) is None
    accounts.log_in(joined(accounts, "Bo"))
    assert len(list(tmp_path.glob("login-*"))) == 1


def test_a_login_of_an_owner_is_shorter(accounts: OperatorAccounts, clock: Clock) -> None:
    cookie = accounts.log_in(joined(accounts, "Ada", "owner"))
    clock.time += OWNER_LOGIN_LIFE - 1
    assert accounts.logged_in(cookie) is not None
    clock.time += 1
    assert accounts.logged_in(cookie) is None


def test_a_new_password_a_used_link_and_a_suspension_end_all_logins(
    accounts: OperatorAccounts,
) -> None:
    ada, bo = joined(accounts, "Ada"), joined(accounts, "Bo")
    other = accounts.log_in(bo)
    ends: tuple[Callable[[], object], ...] = (
        lambda: accounts.set_password("Ada", PASSWORD),
        lambda: accounts.join(accounts.invite_again("Ada"), PASSWORD),
        lambda: accounts.suspend("Ada", suspended=True),
    )
    for end in ends:
        accounts.suspend("Ada", suspended=False)
        cookie = accounts.log_in(ada)
        assert accounts.logged_in(cookie) is not None
        end()
        assert accounts.logged_in(cookie) is None
    assert accounts.logged_in(other) is not None
    accounts.log_out(other)
    assert accounts.logged_in(other) is None


def test_a_suspension_refuses_an_invitation_too(accounts: OperatorAccounts) -> None:
    code = accounts.invite("Ada", "agent")
    accounts.suspend("Ada", suspended=True)
    assert accounts.join(code, PASSWORD) is None


def test_a_used_link_removes_the_second_factor(accounts: OperatorAccounts) -> None:
    joined(accounts, "Ada")
    accounts.set_second_factor("Ada", b"secret")
    code = accounts.invite_again("Ada")
    kept = accounts.find("Ada")
    assert kept is not None
    assert kept.second_factor == b"secret"
    again = accounts.join(code, PASSWORD)
    assert again is not None
    assert again.second_factor is None


def test_an_unknown_name_is_refused_and_a_damaged_file_is_reported(
    accounts: OperatorAccounts, tmp_path: Path
) -> None:
    with pytest.raises(UnusableAccountError, match="has no account"):
        accounts.invite_again("Ada")
    accounts.invite("Ada", "agent")
    (tmp_path / f"account-{account_id('Ada')}.json").write_text("{")
    with pytest.raises(KeyFileError, match="damaged"):
        accounts.find("Ada")


def test_files_are_for_their_owner_only_and_have_no_secret_in_clear(
    accounts: OperatorAccounts, tmp_path: Path
) -> None:
    code = accounts.invite("Ada", "agent")
    cookie = accounts.log_in(joined(accounts, "Bo"))
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        text = path.name + path.read_text()
        assert code.partition(".")[2] not in text
        assert cookie not in text
