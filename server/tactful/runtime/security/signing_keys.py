"""The keys that sign and verify tokens, and their files.

A folder holds one numbered file per signing key, one file for the holder secret, and one for the
contact key. A file is never rewritten, and only its owner can read it. The key with the highest number signs. Its file says
until when the earlier keys verify, so tokens already issued stay valid over a rotation. A rotation
creates one new file, so it is atomic.
"""

import hmac
import os
import secrets
import stat
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from tactful.core.offers.tokens import (
    HolderKind,
    TokenClaims,
    TokenRefusal,
    TokenSigner,
    TokenVerifier,
    holder_of,
)
from tactful.core.values.calendar import DAY
from tactful.runtime.ports.environment import Clock
from tactful.runtime.security.key_files import KeyFileError, read_file, write_new

OVERLAP: Final = 31 * DAY
"""Milliseconds for which a replaced key verifies by default: longer than any offer and its hold."""

KEY_BYTES: Final = 32
"""Bytes of an Ed25519 private key (RFC 8032) and of the holder secret."""
_SUFFIX: Final = ".key.json"
_HOLDER: Final = "holder.json"
_CONTACT: Final = "contact.json"
_FOREVER: Final = 2**62

_Raw = Annotated[bytes, Meta(min_length=KEY_BYTES, max_length=KEY_BYTES)]


class KeyFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of a signing key, as JSON."""

    use: Literal["sign"] = "sign"
    private: _Raw
    """The Ed25519 private key (RFC 8032), base64."""
    created: int
    """Milliseconds since the Unix epoch, UTC."""
    ends: dict[str, int] = {}
    """Name of an earlier file → until when its key verifies, in milliseconds since the Unix epoch."""


class HolderFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of the secret behind the holder digests (HMAC, RFC 2104), as JSON.

    The secret is never rotated, because the tokens of every signing key identify their holder by
    it.
    """

    use: Literal["holder"] = "holder"
    secret: _Raw


class ContactFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of the key under which contacts are kept, as JSON.

    The key is never rotated, because the ledger has nothing from which new digests could be made.
    """

    use: Literal["contact"] = "contact"
    key: _Raw


class KeyInfo(Struct, frozen=True):
    """The public facts about a signing key."""

    kid: str
    """The key id: its JWK thumbprint (RFC 7638)."""
    created: int
    """Milliseconds since the Unix epoch, UTC."""
    until: int | None
    """Until when it verifies, in milliseconds since the Unix epoch, UTC; None: it is the key that signs."""


class _Key(Struct, frozen=True):
    """A key that is accepted now, from the file `name`; `until` is in ms since the Unix epoch."""

    name: str
    signer: TokenSigner
    created: int
    until: int


class _Loaded(Struct, frozen=True):
    """The folder as it was read: valid while it holds these `names`, and before `until` (ms)."""

    names: frozenset[str]
    until: int
    keys: tuple[_Key, ...]
    verifier: TokenVerifier
    holder_secret: bytes


class SigningKeys:
    """The signing keys of one shop.

    Another process may rotate them, so each call lists the names in the folder, and reads the files
    again where these have changed.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Read the folder; create it and a first key where there is none.

        Raises:
            KeyFileError: A file is damaged or missing, or other users can reach it.
        """
        self._folder = folder
        self._clock = clock
        _prepare(folder, clock.now())
        self._loaded = _load(folder, clock.now())
        self._contact_key = read_file(folder / _CONTACT, ContactFile).key

    def sign(self, claims: TokenClaims) -> str:
        """Return the token of these claims, signed by the newest key (EdDSA, RFC 8037).

        Raises:
            KeyFileError: The folder has changed and must not be used.
        """
        return self._current().keys[-1].signer.sign(claims)

    def verify(self, token: str, *, ever: bool = False) -> TokenClaims | TokenRefusal:
        """Return the claims of a token that an accepted key signed, or why it is refused.

        Args:
            token: Text that should be a token.
            ever: Whether a token that has expired is accepted too.

        Raises:
            KeyFileError: The folder has changed and must not be used.
        """
        return self._current().verifier.verify(token, 0 if ever else self._clock.now())

    def holder_of(self, kind: HolderKind, ident: str) -> str:
        """Return the digest by which a token names its session or customer (HMAC, RFC 2104)."""
        return holder_of(self._loaded.holder_secret, kind, ident)

    @property
    def folder(self) -> Path:
        """The folder of the key files."""
        return self._folder

    @property
    def contact_key(self) -> bytes:
        """The key under which the digests of contacts are kept."""
        return self._contact_key

    def derived_key(self, use: str) -> bytes:
        """Return the 32-byte key of one use, derived from the holder secret (HMAC, RFC 2104).

        Like the secret it is never rotated.
        """
        return hmac.digest(self._loaded.holder_secret, f"use:{use}".encode(), "sha256")

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the accepted public keys as a JWK Set (RFC 7517), for `/.well-known/jwks.json`.

        Raises:
            KeyFileError: The folder has changed and must not be used.
        """
        return self._current().verifier.jwks()

    def accepted_keys(self) -> tuple[KeyInfo, ...]:
        """Return the keys that are accepted now, oldest first.

        Raises:
            KeyFileError: The folder has changed and must not be used.
        """
        return tuple(
            KeyInfo(key.signer.kid, key.created, None if key.until == _FOREVER else key.until)
            for key in self._current().keys
        )

    def rotate(self, overlap: int = OVERLAP) -> KeyInfo:
        """Sign with a new key from now on, and delete the files of keys that have ended.

        Args:
            overlap: Milliseconds for which the present key goes on verifying.

        Returns:
            The new key.

        Raises:
            KeyFileError: Another process rotated the keys at the same time (`busy`), or the folder
                must not be used.
        """
        now = self._clock.now()
        *earlier, signing = self._current().keys
        ends = {key.name: key.until for key in earlier} | {signing.name: now + overlap}
        key = KeyFile(private=secrets.token_bytes(KEY_BYTES), created=now, ends=ends)
        if not write_new(self._folder / _name(_number(signing.name) + 1), key):
            raise KeyFileError(
                "busy",
                self._folder,
                "Another rotation has just happened. List the keys before you repeat this one.",
            )
        accepted = {key.name for key in self._current().keys}
        for ended in self._loaded.names - accepted:
            (self._folder / ended).unlink(missing_ok=True)
        return self.accepted_keys()[-1]

    def revoke(self, kid: str) -> None:
        """Stop accepting a key at once; the key that signs is replaced by a new one.

        Raises:
            KeyFileError: No accepted key has this id (`unknown`), or the folder must not be used.
        """
        keys = self._current().keys
        found = next((key for key in keys if key.signer.kid == kid), None)
        if found is None:
            raise KeyFileError(
                "unknown", self._folder, f"This folder holds no accepted key {kid!r}."
            )
        if found is keys[-1]:
            self.rotate(overlap=0)
        else:
            (self._folder / found.name).unlink()

    def _current(self) -> _Loaded:
        now = self._clock.now()
        if now >= self._loaded.until or _key_names(self._folder) != self._loaded.names:
            self._loaded = _load(self._folder, now)
        return self._loaded


def _prepare(folder: Path, now: int) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if stat.S_IMODE(folder.stat().st_mode) & 0o022:
        message = "Other users can write to this folder. Run chmod 700 on it."
        raise KeyFileError("mode", folder, message)
    if not _key_names(folder):
        # Two processes may start at once: the second one keeps the files of the first.
        # The holder secret is written first, so a folder with a key always has the secret.
        write_new(folder / _HOLDER, HolderFile(secret=secrets.token_bytes(KEY_BYTES)))
        first = KeyFile(private=secrets.token_bytes(KEY_BYTES), created=now)
        write_new(folder / _name(1), first)
    if not (folder / _CONTACT).exists():
        write_new(folder / _CONTACT, ContactFile(key=secrets.token_bytes(KEY_BYTES)))


def _load(folder: Path, now: int) -> _Loaded:
    names = _key_names(folder)
    try:
        keys = _accepted(folder, names, now)
        holder = read_file(folder / _HOLDER, HolderFile)
    except KeyFileError as error:
        if error.problem == "missing" and _key_names(folder) != names:
            # Another process has just deleted a key that had ended.
            return _load(folder, now)
        raise
    return _Loaded(
        names=names,
        until=min(key.until for key in keys),
        keys=keys,
        verifier=TokenVerifier(key.signer.public for key in keys),
        holder_secret=holder.secret,
    )


def _accepted(folder: Path, names: frozenset[str], now: int) -> tuple[_Key, ...]:
    newest = max(names, default=_name(1))
    signing = read_file(folder / newest, KeyFile)
    ends = {name: end for name, end in signing.ends.items() if name in names and now < end}
    files = {name: read_file(folder / name, KeyFile) for name in sorted(ends)}
    return tuple(
        _Key(name, TokenSigner(file.private), file.created, ends.get(name, _FOREVER))
        for name, file in [*files.items(), (newest, signing)]
    )


def _name(number: int) -> str:
    return f"{number:06}{_SUFFIX}"


def _number(name: str) -> int:
    return int(name.removesuffix(_SUFFIX))


def _key_names(folder: Path) -> frozenset[str]:
    # Every call lists the folder. Listing names costs a third of what `Path.iterdir` costs.
    try:
        names = os.listdir(folder)  # noqa: PTH208
    except OSError as error:
        message = f"This folder of keys cannot be read: {error.strerror}. Bring it back."
        raise KeyFileError("unreadable", folder, message) from error
    return frozenset(name for name in names if name.endswith(_SUFFIX))
