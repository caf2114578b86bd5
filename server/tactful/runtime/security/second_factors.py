"""Recovery codes of second factors, and the roles that need a second factor."""

import hashlib
import hmac
from collections.abc import Collection, Sequence
from typing import Final, Literal

from msgspec import Struct

from tactful.runtime.security.key_files import read_if_there, replace_file
from tactful.runtime.security.operator_accounts import ROLES, OperatorAccounts, Role

_FILE: Final = "factor-roles.json"


class FactorRolesFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of the roles that need a second factor, as JSON."""

    use: Literal["factor_roles"] = "factor_roles"
    roles: tuple[Role, ...] = ()


class SecondFactors:
    """What belongs to the second factors of one shop's operators."""

    def __init__(self, accounts: OperatorAccounts) -> None:
        self._accounts: Final = accounts
        self._file: Final = accounts.folder / _FILE

    def set_recovery_codes(self, name: str, codes: Sequence[str]) -> None:
        """Replace the recovery codes of an account, of which only digests are kept.

        Raises:
            UnusableAccountError: There is no such account.
        """
        self._accounts.update(name, recovery=tuple(_digest(one) for one in codes))

    def use_recovery_code(self, name: str, code: str) -> int | None:
        """Use a recovery code once; return how many are left. `None`: it is not one of them.

        Raises:
            UnusableAccountError: There is no such account.
        """
        kept, wanted = self._accounts.required(name).recovery, _digest(code)
        left = tuple(one for one in kept if not hmac.compare_digest(one, wanted))
        if len(left) == len(kept):
            return None
        self._accounts.update(name, recovery=left)
        return len(left)

    def roles(self) -> tuple[Role, ...]:
        """Return the roles whose accounts need a second factor.

        Raises:
            KeyFileError: The file is damaged.
        """
        file = read_if_there(self._file, FactorRolesFile)
        return file.roles if file else ()

    def require(self, roles: Collection[Role]) -> None:
        """Say which roles need a second factor, from the next request on.

        Raises:
            OSError: The file cannot be written.
        """
        kept = tuple(one for one in ROLES if one in roles)
        replace_file(self._file, FactorRolesFile(roles=kept))


def _digest(code: str) -> bytes:
    """Return the SHA-256 of a code, however it is spelt. It is random, so that no slower digest is needed."""
    plain = "".join(filter(str.isalnum, code)).lower()
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).digest()
