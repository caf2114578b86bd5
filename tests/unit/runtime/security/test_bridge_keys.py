"""Keys of shop plugins, and the codes with which a plugin gets its key."""

import threading
from pathlib import Path

import pytest

from tactful.core.values.calendar import MINUTE
from tactful.runtime.security.bridge_keys import BRIDGE_SCOPES, CODE_LIFE, BridgeKeys, Paired
from tactful.runtime.security.key_files import KeyFileError

URL = "https://offers.shop.example"


class Clock:
    """A clock that is set."""

    time = 1_000 * MINUTE

    def now(self) -> int:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(tmp_path: Path, clock: Clock) -> BridgeKeys:
    return BridgeKeys(tmp_path, clock)


def paired(keys: BridgeKeys, shop: str = "") -> Paired:
    """Use a new code."""
    found = keys.pair(keys.new_code("woo", URL).partition("@")[0], shop)
    assert found is not None
    return found


def test_a_code_names_the_server_and_gives_one_key_with_the_scopes_of_a_bridge(
    keys: BridgeKeys,
) -> None:
    code = keys.new_code("woo", URL)
    secret, _, url = code.partition("@")
    assert url == URL
    found = keys.pair(secret.upper(), "https://shop.example")
    assert found is not None
    assert (found.url, keys.scopes_of(found.key)) == (URL, frozenset(BRIDGE_SCOPES))
    assert keys.pair(secret) is None, "it was used"
    (one,) = keys.accepted_keys()
    assert (one.ident, one.file.platform, one.file.shop) == (
        found.ident, "woo", "https://shop.example",
    )  # fmt: skip


def test_no_file_has_a_code_or_a_key(keys: BridgeKeys, tmp_path: Path) -> None:
    secret = keys.new_code("woo", URL).partition("@")[0]
    key = paired(keys).key
    for file in tmp_path.iterdir():
        text = file.name + file.read_text("utf-8")
        assert secret not in text
        assert key.split("_", 2)[2] not in text, "the secret may have a '_' itself"
        assert file.stat().st_mode & 0o077 == 0


def test_a_code_ends_and_is_deleted(keys: BridgeKeys, clock: Clock, tmp_path: Path) -> None:
    secret = keys.new_code("woo", URL).partition("@")[0]
    clock.time += CODE_LIFE - 1
    other = keys.new_code("oscar", URL, life=MINUTE).partition("@")[0]
    clock.time += 1
    assert keys.pair(secret) is None
    keys.new_code("woo", URL)
    assert len(list(tmp_path.glob("pairing-*"))) == 2, "those that can still be used"
    assert keys.pair(other) is not None


def test_of_many_requests_with_one_code_one_gets_a_key(keys: BridgeKeys) -> None:
    secret = keys.new_code("woo", URL).partition("@")[0]
    start = threading.Barrier(8)
    found: list[Paired | None] = []

    def ask() -> None:
        start.wait()
        found.append(keys.pair(secret))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([one for one in found if one is not None]) == 1
    assert len(keys.accepted_keys()) == 1


def test_a_revoked_key_is_refused_at_once(keys: BridgeKeys, tmp_path: Path, clock: Clock) -> None:
    first, second = paired(keys), paired(keys)
    assert BridgeKeys(tmp_path, clock).revoke(first.ident)
    assert keys.scopes_of(first.key) == frozenset()
    assert keys.scopes_of(second.key)
    assert not keys.revoke(first.ident)


@pytest.mark.parametrize("ident", ["", "../holder", "holder", "0" * 11, "0" * 12, "g" * 12])
def test_an_id_of_no_key_revokes_nothing(keys: BridgeKeys, ident: str) -> None:
    assert not keys.revoke(ident)


def test_other_keys_are_refused(keys: BridgeKeys) -> None:
    found = paired(keys)
    for other in (
        "", "tft", "tft_", f"tft_{found.ident}_", f"{found.key}x", found.key[:-1],
        f"tft_../{found.ident}_x", found.key.replace(found.ident, "0" * 12), "a-server-key",
    ):  # fmt: skip
        assert keys.scopes_of(other) == frozenset(), other


def test_a_damaged_file_is_named(keys: BridgeKeys, tmp_path: Path) -> None:
    found = paired(keys)
    file = tmp_path / f"bridge-{found.ident}.json"
    file.write_text("{", "utf-8")
    with pytest.raises(KeyFileError, match="damaged"):
        keys.scopes_of(found.key)
    secret = keys.new_code("woo", URL).partition("@")[0]
    for one in tmp_path.glob("pairing-*"):
        one.write_text("{", "utf-8")
    with pytest.raises(KeyFileError, match="damaged"):
        keys.pair(secret)
