"""Tokens of the HTTP API with scopes, for the shop's own systems.

Each token is one file beside the signing keys, which has only a digest of the secret. Making and
revoking one needs no restart, and counts at once in every process that shares the folder.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Final, Literal, get_args

from msgspec import Struct

from tactful.core.values.calendar import MINUTE
from tactful.core.values.phrases import phrase
from tactful.runtime.ports.environment import Clock
from tactful.runtime.security.key_files import read_file, read_if_there, write_new

TokenScope = Literal[
    "facts:write", "redeem", "why:read", "decisions:read", "rules:read", "rules:write", "operate",
    "metrics", "people:erase",
]  # fmt: skip
"""What a token may do."""
SCOPES: Final[tuple[TokenScope, ...]] = get_args(TokenScope)
SCOPE_WORDS: Final[dict[TokenScope, str]] = {
    "facts:write": "report facts",
    "redeem": "redeem offers, and read one offer",
    "why:read": "ask why an offer is made or not",
    "decisions:read": "read offers, facts, prices, budgets, events and reports",
    "rules:read": "read the rules and their shadow reports",
    "rules:write": "reload, roll back, pause and stop rules",
    "operate": "read and change alerts, connectors, cases and discount codes, and read the audit log",
    "metrics": "read the metrics",
    "people:erase": "export and erase customers",
}
"""Scope → its words."""
MAX_NAME: Final = 64
"""Characters of the longest name."""
TOUCH_MS: Final = 5 * MINUTE
"""Milliseconds for which a token's last use is not stored again."""
_ID_BYTES: Final = 6
_SECRET_BYTES: Final = 32
_PREFIX: Final = "tft"


class ApiTokenFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of a token, as JSON; its name has the id, and its time of change is the last use."""

    use: Literal["token"] = "token"
    name: str
    """The system that has it, for the list and the audit log."""
    digest: bytes
    """SHA-256 of the whole token. It is random, so that no slower digest is needed."""
    scopes: tuple[TokenScope, ...]
    created: int
    """Milliseconds since the Unix epoch, UTC."""
    ends_at: int | None = None
    """Milliseconds since the Unix epoch, UTC; `None`: it lasts until it is revoked."""


class ApiToken(Struct, frozen=True):
    """A token that was made and not revoked."""

    ident: str
    file: ApiTokenFile
    used_at: int | None
    """Milliseconds since the Unix epoch, UTC, some minutes off; `None`: it was never used."""


class UnusableTokenError(Exception):
    """A token that is not made; the message says why, and what to do."""


class ApiTokens:
    """The tokens of one shop."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Create them.

        Args:
            folder: The folder of the signing keys, which exists.
            clock: Tells when a token ends and was used.
        """
        self._folder: Final = folder
        self._clock: Final = clock

    def issue(
        self, name: str, scopes: tuple[TokenScope, ...], life: int | None = None
    ) -> tuple[str, str]:
        """Make a token; return its id and the token itself, which is kept nowhere.

        Args:
            name: The system that gets it.
            scopes: What it may do.
            life: Milliseconds for which it can be used; `None`: until it is revoked.

        Raises:
            UnusableTokenError: The name is empty or too long, or there is no scope.
            OSError: The file cannot be written.
        """
        name = name.strip()
        if not 0 < len(name) <= MAX_NAME or not name.isprintable():
            raise UnusableTokenError(
                phrase("The name is missing or too long. Write 1 to {n} characters.", n=MAX_NAME)
            )
        if not scopes:
            raise UnusableTokenError("The token may do nothing. Choose at least one scope.")
        ident = secrets.token_hex(_ID_BYTES)
        token = f"{_PREFIX}_{ident}_{secrets.token_urlsafe(_SECRET_BYTES)}"
        now = self._clock.now()
        made = ApiTokenFile(
            name=name,
            digest=_digest(token),
            scopes=tuple(one for one in SCOPES if one in scopes),
            created=now,
            ends_at=None if life is None else now + life,
        )
        write_new(self._file(ident), made)
        self._note_use(ident, 0)
        return ident, token

    def find(self, token: str) -> ApiTokenFile | None:
        """Return the file of a token that is accepted now, and note its use; `None`: there is none.

        Raises:
            KeyFileError: The file is damaged.
        """
        ident = token.removeprefix(f"{_PREFIX}_").partition("_")[0]
        if not token.startswith(f"{_PREFIX}_") or not _is_ident(ident):
            return None
        file = read_if_there(self._file(ident), ApiTokenFile)
        if file is None:
            return None
        now = self._clock.now()
        if not hmac.compare_digest(_digest(token), file.digest):
            return None
        if file.ends_at is not None and now >= file.ends_at:
            return None
        if abs(now - (self._used_at(ident) or 0)) >= TOUCH_MS:
            self._note_use(ident, now)
        return file

    def all(self) -> list[ApiToken]:
        """Return every token, the oldest first.

        Raises:
            KeyFileError: A file is damaged or cannot be read.
        """
        idents = [path.stem.partition("-")[2] for path in self._folder.glob("token-*.json")]
        found = [
            ApiToken(ident, read_file(self._file(ident), ApiTokenFile), self._used_at(ident))
            for ident in idents
        ]
        return sorted(found, key=lambda one: (one.file.created, one.ident))

    def revoke(self, ident: str) -> ApiTokenFile | None:
        """Stop accepting a token at once, and return its file; `None`: there is no such token.

        Raises:
            KeyFileError: The file is damaged.
        """
        if not _is_ident(ident):
            return None
        path = self._file(ident)
        file = read_if_there(path, ApiTokenFile)
        if file is None:
            return None
        try:
            path.unlink()
        except FileNotFoundError:
            return None
        return file

    def _used_at(self, ident: str) -> int | None:
        """Return the last use of a token, which is the time of its file; 0 was never used."""
        try:
            return self._file(ident).stat().st_mtime_ns // 1_000_000 or None
        except OSError:
            return None

    def _note_use(self, ident: str, now: int) -> None:
        try:
            os.utime(self._file(ident), ns=(now * 1_000_000, now * 1_000_000))
        except OSError:
            return  # a token on a folder that cannot be written works nevertheless

    def _file(self, ident: str) -> Path:
        return self._folder / f"token-{ident}.json"


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _is_ident(text: str) -> bool:
    """Return whether a text is the id of a token, and so a safe part of a file's name."""
    return len(text) == 2 * _ID_BYTES and all(one in "0123456789abcdef" for one in text)
