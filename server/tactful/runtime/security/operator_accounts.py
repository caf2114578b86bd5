"""Accounts of operators with their roles, invitations and logins.

Each account and each login is one file beside the signing keys, which only the server's user can read.
They are read with each request, so that a suspension counts at once in every process, and the command
line works when nobody can log in (server/decisions/0021-accounts-are-files.md).
"""

import hashlib
import hmac
import os
import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal, get_args

from msgspec import Struct, structs

from tactful.core.values.calendar import DAY, HOUR, MINUTE
from tactful.core.values.phrases import phrase
from tactful.runtime.ports.environment import Clock
from tactful.runtime.security.key_files import read_file, read_if_there, replace_file, write_new
from tactful.runtime.security.passwords import PasswordDigest

Role = Literal["viewer", "agent", "merchandiser", "owner"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
INVITATION_LIFE: Final = 72 * HOUR
"""Milliseconds for which an invitation can be used."""
LOGIN_LIFE: Final = 7 * DAY
"""Milliseconds for which a login lasts."""
OWNER_LOGIN_LIFE: Final = 12 * HOUR
"""Milliseconds for which a login of an owner lasts."""
MAX_NAME: Final = 64
"""Characters of the longest name."""
IDLE_LIFE: Final = 12 * HOUR
"""Milliseconds without a request after which a login ends."""
TOUCH_MS: Final = 5 * MINUTE
"""Milliseconds for which a request of a login is not noted again."""
_ID_DIGITS: Final = 24


class AccountFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of an account, as JSON."""

    use: Literal["account"] = "account"
    name: str
    """The name with which the operator logs in, and which the audit log has."""
    role: Role
    password: PasswordDigest | None = None
    """`None`: the invitation was not used yet."""
    second_factor: bytes | None = None
    """The secret of the second factor; `None`: there is none."""
    recovery: tuple[bytes, ...] = ()
    """SHA-256 of the recovery codes that were not used; each replaces one code of the second factor."""
    suspended: bool = False
    language: str = ""
    """The language of the console that the operator chose; empty: that of the browser."""
    invitation: bytes | None = None
    """SHA-256 of the secret of an invitation that can be used."""
    invited_until: int = 0
    """Milliseconds since the Unix epoch, UTC."""
    created: int
    """Milliseconds since the Unix epoch, UTC."""

    @property
    def state(self) -> Literal["active", "invited", "suspended"]:
        """What the account can be used for."""
        if self.suspended:
            return "suspended"
        return "active" if self.password else "invited"


class LoginFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of a login, as JSON; its name has the digest of the cookie."""

    use: Literal["login"] = "login"
    account: str
    csrf: str
    """Token in every form that is rendered for the operator."""
    ends_at: int
    """Milliseconds since the Unix epoch, UTC."""


class UnusableAccountError(Exception):
    """A change of accounts that is refused; the message says why, and what to do."""


class OperatorAccounts:
    """The accounts of one shop's operators."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Create them.

        Args:
            folder: The folder of the signing keys, which exists.
            clock: Tells when invitations and logins end.
        """
        self.folder: Final = folder
        self._clock: Final = clock

    # accounts

    def find(self, name: str) -> AccountFile | None:
        """Return the account of a name, in any spelling of its letters; `None`: there is none.

        Raises:
            KeyFileError: The file is damaged.
        """
        return self._read(account_id(name))

    def all(self) -> list[AccountFile]:
        """Return every account, by name.

        Raises:
            KeyFileError: A file is damaged or cannot be read.
        """
        found = [read_file(path, AccountFile) for path in self.folder.glob("account-*.json")]
        return sorted(found, key=lambda one: (one.name.casefold(), one.name))

    def has_owner(self) -> bool:
        """Return whether an owner has joined, so that the server key opens the console no more.

        A suspended owner counts, so that a suspension never opens another door.

        Raises:
            KeyFileError: A file is damaged or cannot be read.
        """
        return any(one.role == "owner" and one.password for one in self.all())

    def invite(self, name: str, role: Role) -> str:
        """Make an account, and return the secret of its invitation.

        Raises:
            UnusableAccountError: The name is empty, too long, or has an account.
            OSError: The file cannot be written.
        """
        name = name.strip()
        if not 0 < len(name) <= MAX_NAME or not name.isprintable():
            raise UnusableAccountError(
                phrase("The name is missing or too long. Write 1 to {n} characters.", n=MAX_NAME)
            )
        secret = secrets.token_urlsafe(24)
        account = AccountFile(
            name=name,
            role=role,
            invitation=_digest(secret),
            invited_until=self._clock.now() + INVITATION_LIFE,
            created=self._clock.now(),
        )
        if not write_new(self._file(account_id(name)), account):
            raise UnusableAccountError(
                phrase("{name} has an account already. Choose another name.", name=name)
            )
        return f"{account_id(name)}.{secret}"

    def invite_again(self, name: str) -> str:
        """Return the secret of a new invitation for an account, with which its password is set anew.

        The old password and logins count until it is used.

        Raises:
            UnusableAccountError: There is no such account.
        """
        secret = secrets.token_urlsafe(24)
        until = self._clock.now() + INVITATION_LIFE
        self.update(name, invitation=_digest(secret), invited_until=until)
        return f"{account_id(name)}.{secret}"

    def invited(self, code: str) -> AccountFile | None:
        """Return the account of an invitation that can be used; `None`: there is none.

        Raises:
            KeyFileError: The file is damaged.
        """
        ident, _, secret = code.partition(".")
        account = self._read(ident)
        if account is None or account.invitation is None or account.suspended:
            return None
        if self._clock.now() >= account.invited_until:
            return None
        same = hmac.compare_digest(_digest(secret), account.invitation)
        return account if same else None

    def join(self, code: str, password: PasswordDigest) -> AccountFile | None:
        """Use an invitation once: set the password, without a second factor, and end all logins.

        Returns:
            The account; `None` if the invitation cannot be used.
        """
        account = self.invited(code)
        if account is None:
            return None
        self.end_logins(account.name)
        return self.update(
            account.name,
            password=password,
            second_factor=None,
            recovery=(),
            invitation=None,
            invited_until=0,
        )

    def set_password(self, name: str, password: PasswordDigest) -> None:
        """Set a new password, and end all logins of the account.

        Raises:
            UnusableAccountError: There is no such account.
        """
        self.update(name, password=password)
        self.end_logins(name)

    def set_second_factor(self, name: str, secret: bytes | None) -> None:
        """Set the secret of the second factor, or remove it; recovery codes of before end.

        Raises:
            UnusableAccountError: There is no such account.
        """
        self.update(name, second_factor=secret, recovery=())

    def set_role(self, name: str, role: Role) -> AccountFile:
        """Change a role, which counts with the next request; return the account as it was.

        Raises:
            UnusableAccountError: There is no such account, or it is the last active owner.
        """
        before = self.required(name)
        if role != "owner":
            self._require_other_owner(before)
        self.update(name, role=role)
        return before

    def suspend(self, name: str, *, suspended: bool) -> AccountFile:
        """Suspend an account, which ends its logins, or let it be used again; return it as it was.

        Raises:
            UnusableAccountError: There is no such account, or it is the last active owner.
        """
        before = self.required(name)
        if suspended:
            self._require_other_owner(before)
        self.update(name, suspended=suspended)
        self.end_logins(name)
        return before

    def _require_other_owner(self, account: AccountFile) -> None:
        owners = [one.name for one in self.all() if (one.role, one.state) == ("owner", "active")]
        if owners == [account.name]:
            raise UnusableAccountError(
                phrase(
                    "{name} is the only active owner. Make another owner first.", name=account.name
                )
            )

    def required(self, name: str) -> AccountFile:
        """Return the account of a name.

        Raises:
            UnusableAccountError: There is no such account.
        """
        account = self.find(name)
        if account is None:
            raise UnusableAccountError(
                phrase("{name} has no account. `tactful users list` names them.", name=name)
            )
        return account

    def update(self, name: str, **changes: object) -> AccountFile:
        """Replace fields of an account, and return it as it is now.

        Raises:
            UnusableAccountError: There is no such account.
        """
        changed = structs.replace(self.required(name), **changes)
        replace_file(self._file(account_id(name)), changed)
        return changed

    def _read(self, ident: str) -> AccountFile | None:
        if len(ident) != _ID_DIGITS or not set(ident) <= set("0123456789abcdef"):
            return None
        return read_if_there(self._file(ident), AccountFile)

    def _file(self, ident: str) -> Path:
        return self.folder / f"account-{ident}.json"

    # logins

    def log_in(self, account: AccountFile) -> str:
        """Store a login, and return the cookie's value, which is kept nowhere.

        Raises:
            OSError: The file cannot be written.
        """
        self._sweep()
        cookie = secrets.token_urlsafe(32)
        life = OWNER_LOGIN_LIFE if account.role == "owner" else LOGIN_LIFE
        login = LoginFile(
            account=account_id(account.name),
            csrf=secrets.token_urlsafe(32),
            ends_at=self._clock.now() + life,
        )
        write_new(self._login_file(cookie), login)
        self._note_use(cookie)
        return cookie

    def logged_in(
        self, cookie: str, *, is_use: bool = True
    ) -> tuple[LoginFile, AccountFile] | None:
        """Return the login of a cookie with its account; `None`: it has ended, or cannot be used.

        Args:
            cookie: The cookie.
            is_use: Whether the operator did something, so that the login is not idle.

        Raises:
            KeyFileError: A file is damaged.
        """
        login, now = read_if_there(self._login_file(cookie), LoginFile), self._clock.now()
        if login is None or login.ends_at <= now:
            return None
        idle = now - self._used_at(cookie)
        if idle >= IDLE_LIFE:
            return None
        if is_use and abs(idle) >= TOUCH_MS:
            self._note_use(cookie)
        account = self._read(login.account)
        return (login, account) if account and account.state == "active" else None

    def _used_at(self, cookie: str) -> int:
        """Return the instant of the last noted use, which is the time of the file."""
        try:
            return self._login_file(cookie).stat().st_mtime_ns // 1_000_000
        except OSError:
            return self._clock.now()

    def _note_use(self, cookie: str) -> None:
        # The time of the file, because writing it anew could bring back a login that was just ended.
        now_ns = self._clock.now() * 1_000_000
        with suppress(OSError):
            os.utime(self._login_file(cookie), ns=(now_ns, now_ns))

    def log_out(self, cookie: str) -> None:
        """End the login of a cookie, if there is one."""
        self._login_file(cookie).unlink(missing_ok=True)

    def end_logins(self, name: str) -> int:
        """End all logins of an account; return how many there were."""
        ident, ended = account_id(name), 0
        for path, login in self._logins():
            if login.account == ident:
                path.unlink(missing_ok=True)
                ended += 1
        return ended

    def _sweep(self) -> None:
        for path, login in self._logins():
            if login.ends_at <= self._clock.now():
                path.unlink(missing_ok=True)

    def _logins(self) -> Iterator[tuple[Path, LoginFile]]:
        for path in self.folder.glob("login-*.json"):
            login = read_if_there(path, LoginFile)
            if login is not None:
                yield path, login

    def _login_file(self, cookie: str) -> Path:
        return self.folder / f"login-{_digest(cookie).hex()}.json"


def account_id(name: str) -> str:
    """Return the id of the account of a name; spellings that read alike share one."""
    plain = unicodedata.normalize("NFKC", name).casefold().strip()
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:_ID_DIGITS]


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
