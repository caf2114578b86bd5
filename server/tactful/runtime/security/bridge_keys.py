"""Keys of shop plugins, and the one-time codes with which a plugin gets its key.

Each code and each key is one file beside the signing keys, which has only a digest of the secret. A
file is written once. Using a code and revoking a key delete its file, so that of two processes one
succeeds, and both count at once in every process.
"""

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from tactful.core.values.calendar import MINUTE
from tactful.runtime.ports.environment import Clock
from tactful.runtime.security.key_files import read_file, read_if_there, write_new

BRIDGE_SCOPES: Final = ("facts:write", "redeem")
"""What the key of a plugin may do: report facts, and redeem offers."""
CODE_LIFE: Final = 15 * MINUTE
"""Milliseconds for which a code can be used by default."""
_CODE_BYTES: Final = 10
"""Random bytes of a code: 80 bits cannot be guessed in its life, whatever the rate."""
_SECRET_BYTES: Final = 32
_PREFIX: Final = "tft"
_ID_BYTES: Final = 6


class PairingFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of a code, as JSON; its name has the digest."""

    use: Literal["pairing"] = "pairing"
    platform: str
    url: str
    """The server's public address, as the code says it."""
    until: int
    """Until when it can be used, in milliseconds since the Unix epoch, UTC."""


class BridgeKeyFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of a plugin's key, as JSON; its name has the id."""

    use: Literal["bridge"] = "bridge"
    digest: bytes
    """SHA-256 of the whole key, base64. The key is random, so that no slower digest is needed."""
    platform: str
    shop: str = ""
    """The address of the shop, as its plugin said it."""
    scopes: tuple[str, ...] = BRIDGE_SCOPES
    created: int
    """Milliseconds since the Unix epoch, UTC."""


class BridgeKey(Struct, frozen=True):
    """A key that is accepted now."""

    ident: str
    file: BridgeKeyFile


class Paired(Struct, frozen=True):
    """What a plugin got for its code."""

    ident: str
    key: str
    """The key itself, which is kept nowhere."""
    url: str
    """The server's public address."""


class BridgeKeys:
    """The keys of the plugins of one shop."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Create them.

        Args:
            folder: The folder of the signing keys, which exists.
            clock: Tells when a code ends.
        """
        self._folder: Final = folder
        self._clock: Final = clock

    def new_code(self, platform: str, url: str, life: int = CODE_LIFE) -> str:
        """Return a new one-time code: a secret, `@`, and the server's address.

        Codes that have ended are deleted.

        Args:
            platform: The kind of shop, shown in the list of keys.
            url: The server's public address.
            life: Milliseconds for which it can be used.

        Raises:
            KeyFileError: The folder cannot be read.
            OSError: The file cannot be written.
        """
        self._sweep()
        secret = secrets.token_hex(_CODE_BYTES)
        until = self._clock.now() + life
        write_new(self._code_file(secret), PairingFile(platform=platform, url=url, until=until))
        return f"{secret}@{url}"

    def pair(self, secret: str, shop: str = "") -> Paired | None:
        """Use a code once, and return the key that its plugin gets.

        Args:
            secret: The code, up to its `@`.
            shop: The address of the shop, for the list of keys.

        Returns:
            `None` if there is no such code, it has ended, or it was used.

        Raises:
            KeyFileError: The file of the code is damaged.
            OSError: The file of the key cannot be written. The code can still be used.
        """
        file = self._code_file(secret)
        code = read_if_there(file, PairingFile)
        now = self._clock.now()
        if code is None or now >= code.until:
            return None
        ident = secrets.token_hex(_ID_BYTES)
        key = f"{_PREFIX}_{ident}_{secrets.token_urlsafe(_SECRET_BYTES)}"
        made = BridgeKeyFile(digest=_digest(key), platform=code.platform, shop=shop, created=now)
        # The key is written first: after a failure in between, the code can be used again, and a key
        # that nobody knows is left.
        write_new(self._key_file(ident), made)
        try:
            file.unlink()
        except FileNotFoundError:
            # Another request has used the code at the same time.
            self._key_file(ident).unlink(missing_ok=True)
            return None
        return Paired(ident=ident, key=key, url=code.url)

    def scopes_of(self, key: str) -> frozenset[str]:
        """Return what a key may do; nothing for a key that is not accepted.

        Raises:
            KeyFileError: The file of the key is damaged.
        """
        prefix, _, rest = key.partition("_")
        ident = rest.partition("_")[0]
        if prefix != _PREFIX or not _is_ident(ident):
            return frozenset()
        file = read_if_there(self._key_file(ident), BridgeKeyFile)
        if file is None:
            return frozenset()
        same = hmac.compare_digest(_digest(key), file.digest)
        return frozenset(file.scopes) if same else frozenset()

    def accepted_keys(self) -> tuple[BridgeKey, ...]:
        """Return the keys that are accepted now, oldest first.

        Raises:
            KeyFileError: A file is damaged or cannot be read.
        """
        found = [
            BridgeKey(path.stem.partition("-")[2], read_file(path, BridgeKeyFile))
            for path in self._folder.glob("bridge-*.json")
        ]
        return tuple(sorted(found, key=lambda one: (one.file.created, one.ident)))

    def revoke(self, ident: str) -> bool:
        """Stop accepting a key at once; return whether there was one of this id."""
        if not _is_ident(ident):
            return False
        try:
            self._key_file(ident).unlink()
        except FileNotFoundError:
            return False
        return True

    def _sweep(self) -> None:
        now = self._clock.now()
        for path in self._folder.glob("pairing-*.json"):
            if now >= read_file(path, PairingFile).until:
                path.unlink(missing_ok=True)

    def _code_file(self, secret: str) -> Path:
        return self._folder / f"pairing-{_digest(secret.lower()).hex()}.json"

    def _key_file(self, ident: str) -> Path:
        return self._folder / f"bridge-{ident}.json"


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _is_ident(text: str) -> bool:
    """Return whether a text is the id of a key, and so a safe part of a file's name."""
    return len(text) == 2 * _ID_BYTES and all(one in "0123456789abcdef" for one in text)
