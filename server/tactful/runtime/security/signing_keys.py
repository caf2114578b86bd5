"""Which keys sign and verify tokens, and how are they kept on disk?

A folder holds one file per signing key, numbered, never rewritten, readable by its owner alone; and
one for the holder secret. The highest number signs, and says until when earlier ones verify, so that tokens in
flight hold. A rotation is thus one new file, there or not there.
"""

import os
import secrets
import stat
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

import msgspec
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

OVERLAP: Final = 31 * DAY
"""How long a replaced key verifies by default: longer than the longest offer and its hold."""

KEY_BYTES: Final = 32
_SUFFIX: Final = ".key.json"
_HOLDER: Final = "holder.json"
_FOREVER: Final = 2**62

F = TypeVar("F", "KeyFile", "HolderFile")

_Raw = Annotated[bytes, Meta(min_length=KEY_BYTES, max_length=KEY_BYTES)]


class KeyFileError(Exception):
    """A key file or folder that must not be used; `problem` is stable, `path` says which."""

    def __init__(self, problem: str, path: Path, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.problem = problem
        self.path = path


class KeyFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A signing key, made at `created`; `ends`: earlier file → until when (ms) its key verifies."""

    use: Literal["sign"] = "sign"
    private: _Raw
    created: int
    ends: dict[str, int] = {}


class HolderFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The secret behind the holder digests; it is never rotated, for tokens of every key rest on it."""

    use: Literal["holder"] = "holder"
    secret: _Raw


class KeyInfo(Struct, frozen=True):
    """What may be shown of a key. `until` (ms) is None for the one that signs."""

    kid: str
    created: int
    until: int | None


class _Key(Struct, frozen=True):
    name: str
    signer: TokenSigner
    created: int
    until: int


class _Loaded(Struct, frozen=True):
    """The folder as it was read: valid while it holds these `names` and until the next key ends."""

    names: frozenset[str]
    until: int
    keys: tuple[_Key, ...]
    verifier: TokenVerifier
    holder_secret: bytes


class SigningKeys:
    """The keys of one shop. Another process may rotate them: each call sees the folder as it is."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Read the folder; an empty or missing one gets its first key."""
        self._folder = folder
        self._clock = clock
        _ready(folder, clock.now())
        self._loaded = _load(folder, clock.now())

    def sign(self, claims: TokenClaims) -> str:
        """The token of these claims, under the newest key."""
        return self._current().keys[-1].signer.sign(claims)

    def verify(self, token: str, *, ever: bool = False) -> TokenClaims | TokenRefusal:
        """The claims of a token of any key that is still accepted; `ever`: even if it has expired."""
        return self._current().verifier.verify(token, 0 if ever else self._clock.now())

    def holder_of(self, kind: HolderKind, ident: str) -> str:
        """The digest by which a token names its session or customer."""
        return holder_of(self._loaded.holder_secret, kind, ident)

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public keys for `/.well-known/jwks.json`."""
        return self._current().verifier.jwks()

    def accepted_keys(self) -> tuple[KeyInfo, ...]:
        """The keys that are accepted now, oldest first."""
        return tuple(
            KeyInfo(key.signer.kid, key.created, None if key.until == _FOREVER else key.until)
            for key in self._current().keys
        )

    def rotate(self, overlap: int = OVERLAP) -> KeyInfo:
        """Sign with a new key from now on; the one before verifies for `overlap` more ms."""
        now = self._clock.now()
        *earlier, signing = self._current().keys
        ends = {key.name: key.until for key in earlier} | {signing.name: now + overlap}
        key = KeyFile(private=secrets.token_bytes(KEY_BYTES), created=now, ends=ends)
        if not _write_new(self._folder / _name(_number(signing.name) + 1), key):
            raise KeyFileError("busy", self._folder, "another rotation just happened; look again")
        accepted = {key.name for key in self._current().keys}
        for ended in self._loaded.names - accepted:
            (self._folder / ended).unlink(missing_ok=True)
        return self.accepted_keys()[-1]

    def revoke(self, kid: str) -> None:
        """Stop accepting a key at once; revoking the one that signs replaces it."""
        keys = self._current().keys
        found = next((key for key in keys if key.signer.kid == kid), None)
        if found is None:
            raise KeyFileError("unknown", self._folder, f"holds no accepted key {kid!r}")
        if found is keys[-1]:
            self.rotate(overlap=0)
        else:
            (self._folder / found.name).unlink()

    def _current(self) -> _Loaded:
        now = self._clock.now()
        if now >= self._loaded.until or _key_names(self._folder) != self._loaded.names:
            self._loaded = _load(self._folder, now)
        return self._loaded


def _ready(folder: Path, now: int) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if stat.S_IMODE(folder.stat().st_mode) & 0o022:
        message = "others can write to this folder; run chmod 700 on it"
        raise KeyFileError("mode", folder, message)
    if not _key_names(folder):
        # Two processes may start at once: whoever comes second keeps the files of the first.
        # The holder secret comes first, so where there is a key there must be the secret.
        _write_new(folder / _HOLDER, HolderFile(secret=secrets.token_bytes(KEY_BYTES)))
        first = KeyFile(private=secrets.token_bytes(KEY_BYTES), created=now)
        _write_new(folder / _name(1), first)


def _load(folder: Path, now: int) -> _Loaded:
    names = _key_names(folder)
    try:
        keys = _accepted(folder, names, now)
        holder = _read(folder / _HOLDER, HolderFile)
    except KeyFileError as error:
        if error.problem == "missing" and _key_names(folder) != names:
            return _load(folder, now)  # another process has just dropped a key that ended
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
    signing = _read(folder / newest, KeyFile)
    ends = {name: end for name, end in signing.ends.items() if name in names and now < end}
    files = {name: _read(folder / name, KeyFile) for name in sorted(ends)}
    return tuple(
        _Key(name, TokenSigner(file.private), file.created, ends.get(name, _FOREVER))
        for name, file in [*files.items(), (newest, signing)]
    )


def _name(number: int) -> str:
    return f"{number:06}{_SUFFIX}"


def _number(name: str) -> int:
    return int(name.removesuffix(_SUFFIX))


def _key_names(folder: Path) -> frozenset[str]:
    # Asked at every call: names alone cost a third of what iterdir's paths do.
    return frozenset(name for name in os.listdir(folder) if name.endswith(_SUFFIX))  # noqa: PTH208


def _read(path: Path, kind: type[F]) -> F:
    """The content of a file that nobody else can read; the descriptor is checked, not the path."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise KeyFileError("missing", path, "is gone; restore it from a backup") from error
    except OSError as error:
        raise KeyFileError("unreadable", path, f"cannot be read: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode) or stat.S_IMODE(mode) & 0o077:
            message = (
                f"others can reach this key (mode {stat.S_IMODE(mode):04o}); run chmod 600 on it"
            )
            raise KeyFileError("mode", path, message)
        try:
            return msgspec.json.decode(file.read(), type=kind)
        except msgspec.MsgspecError as error:
            message = "is damaged; restore it from a backup, or remove it to do without this key"
            raise KeyFileError("damaged", path, message) from error


def _write_new(path: Path, content: Struct) -> bool:
    """Put a whole, durable file in place at once; False where there is one already."""
    draft = path.with_name(f".{secrets.token_hex(8)}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(content))
            file.flush()
            os.fsync(descriptor)
        path.hardlink_to(draft)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    _sync_folder(path.parent)
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
