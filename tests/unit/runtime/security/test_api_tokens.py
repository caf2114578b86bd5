"""Tokens of the HTTP API: shown once, kept as digests, limited by scope and time, revocable."""

from pathlib import Path

import pytest

from support.bare_shop import NOON
from tactful.core.values.calendar import DAY, MINUTE
from tactful.runtime.security.api_tokens import (
    MAX_NAME,
    SCOPE_WORDS,
    SCOPES,
    ApiTokens,
    TokenScope,
    UnusableTokenError,
)
from tactful.runtime.security.key_files import KeyFileError


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> int:
        """The instant that was set."""
        return self.at


def test_a_token_is_found_by_itself_only_and_kept_as_a_digest(tmp_path: Path) -> None:
    tokens = ApiTokens(tmp_path, Clock())
    ident, token = tokens.issue("warehouse", ("redeem", "facts:write"))
    found = tokens.find(token)
    assert found is not None
    assert (found.name, found.scopes) == ("warehouse", ("facts:write", "redeem"))
    (path,) = tmp_path.iterdir()
    assert path.name == f"token-{ident}.json"
    assert path.stat().st_mode & 0o077 == 0
    secret = token.split("_", 2)[2]  # it may have a "_" itself
    assert secret.encode() not in path.read_bytes()
    for other in (
        token[:-1],
        token + "x",
        token.upper(),
        f"tft_{ident}_",
        f"tft_../{ident}_x",
        "",
        "x",
    ):
        assert tokens.find(other) is None


def test_a_token_ends_at_its_instant_and_when_it_is_revoked(tmp_path: Path) -> None:
    clock = Clock()
    tokens = ApiTokens(tmp_path, clock)
    ident, token = tokens.issue("short", ("metrics",), DAY)
    _, lasting = tokens.issue("lasting", ("metrics",))
    clock.at = NOON + DAY - 1
    assert tokens.find(token) is not None
    clock.at = NOON + DAY
    assert tokens.find(token) is None
    assert tokens.find(lasting) is not None
    revoked = tokens.revoke(ident)
    assert revoked is not None
    assert revoked.name == "short"
    assert tokens.revoke(ident) is None
    assert tokens.revoke("../x") is None
    assert [one.file.name for one in tokens.all()] == ["lasting"]


def test_the_last_use_is_known_within_minutes(tmp_path: Path) -> None:
    clock = Clock()
    tokens = ApiTokens(tmp_path, clock)
    _, token = tokens.issue("a", ("operate",))
    assert tokens.all()[0].used_at is None
    tokens.find("tft_000000000000_x")
    assert tokens.all()[0].used_at is None
    tokens.find(token)
    assert tokens.all()[0].used_at == NOON
    clock.at = NOON + MINUTE
    tokens.find(token)
    assert tokens.all()[0].used_at == NOON
    clock.at = NOON + 6 * MINUTE
    tokens.find(token)
    assert tokens.all()[0].used_at == NOON + 6 * MINUTE


@pytest.mark.parametrize(
    ("name", "scopes"),
    [("", ("redeem",)), ("x" * (MAX_NAME + 1), ("redeem",)), ("a\nb", ("redeem",)), ("ok", ())],
)
def test_what_cannot_be_named_or_may_do_nothing_is_refused(
    tmp_path: Path, name: str, scopes: tuple[TokenScope, ...]
) -> None:
    with pytest.raises(UnusableTokenError):
        ApiTokens(tmp_path, Clock()).issue(name, scopes)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_named_and_opens_nothing(tmp_path: Path) -> None:
    tokens = ApiTokens(tmp_path, Clock())
    ident, token = tokens.issue("a", ("operate",))
    path = tmp_path / f"token-{ident}.json"
    path.write_bytes(b"{")
    with pytest.raises(KeyFileError, match="damaged"):
        tokens.find(token)
    with pytest.raises(KeyFileError, match="damaged"):
        tokens.revoke(ident)


def test_every_scope_has_words() -> None:
    assert list(SCOPE_WORDS) == list(SCOPES)
