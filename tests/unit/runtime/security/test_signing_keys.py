"""Keys on disk: their permissions, and what a rotation leaves valid."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tactful.core.offers.tokens import TokenClaims, TokenRefusal, TokenVerifier
from tactful.core.values.calendar import DAY
from tactful.runtime.security import signing_keys as module
from tactful.runtime.security.key_files import KeyFileError
from tactful.runtime.security.signing_keys import OVERLAP, SigningKeys

START = 1_773_144_000_000


class SettableClock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> int:
        return self.at


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def keys(folder: Path, clock: SettableClock) -> SigningKeys:
    return SigningKeys(folder, clock)


def claims(keys: SigningKeys, lasting: int = DAY) -> TokenClaims:
    return TokenClaims(
        currency="EUR",
        exp=(START + lasting) // 1000,
        holder=keys.holder_of("session", "se_1"),
        iat=START // 1000,
        max_qty=1,
        offer="of_1",
        rulebook="r1",
        sku="RUN-42",
        territory="DE",
        unit=10965,
    )


def key_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name.endswith(".key.json"))


def test_an_empty_folder_gets_its_first_key(keys: SigningKeys) -> None:
    signed = claims(keys)
    assert keys.verify(keys.sign(signed)) == signed
    assert [info.until for info in keys.accepted_keys()] == [None]


def test_a_restart_finds_the_same_keys(
    keys: SigningKeys, folder: Path, clock: SettableClock
) -> None:
    token = keys.sign(claims(keys))
    again = SigningKeys(folder, clock)
    assert again.accepted_keys() == keys.accepted_keys()
    assert again.verify(token) == claims(keys)
    assert again.holder_of("customer", "c1") == keys.holder_of("customer", "c1")


def test_only_the_owner_can_read_the_files(keys: SigningKeys, folder: Path) -> None:
    keys.rotate()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()] == [0o600] * 4


def test_the_umask_does_not_widen_the_permissions(folder: Path, clock: SettableClock) -> None:
    before = os.umask(0)
    try:
        SigningKeys(folder, clock)
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610, 0o777])
@pytest.mark.parametrize("name", ["000001.key.json", "holder.json"])
def test_a_file_that_others_can_reach_is_refused(
    keys: SigningKeys, folder: Path, clock: SettableClock, name: str, mode: int
) -> None:
    (folder / name).chmod(mode)
    with pytest.raises(KeyFileError, match="chmod 600") as refused:
        SigningKeys(folder, clock)
    assert refused.value.problem == "mode"
    assert refused.value.path == folder / name


def test_a_folder_that_others_can_write_to_is_refused(
    keys: SigningKeys, folder: Path, clock: SettableClock
) -> None:
    folder.chmod(0o770)
    with pytest.raises(KeyFileError, match="chmod 700"):
        SigningKeys(folder, clock)


def test_a_link_in_place_of_a_key_is_refused(
    keys: SigningKeys, folder: Path, clock: SettableClock, tmp_path: Path
) -> None:
    key = folder / "000001.key.json"
    key.rename(tmp_path / "elsewhere")
    key.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeyFileError, match="cannot be read"):
        SigningKeys(folder, clock)


@pytest.mark.parametrize("content", [b"", b"{}", b"not json", b'{"use":"holder","secret":"AAAA"}'])
def test_a_damaged_key_is_refused_and_the_message_does_not_show_it(
    keys: SigningKeys, folder: Path, clock: SettableClock, content: bytes
) -> None:
    path = folder / "000001.key.json"
    path.write_bytes(content)
    with pytest.raises(KeyFileError, match="damaged") as refused:
        SigningKeys(folder, clock)
    assert not content or content.decode() not in str(refused.value)


def test_a_folder_that_lost_its_holder_secret_is_refused_rather_than_given_a_new_one(
    keys: SigningKeys, folder: Path, clock: SettableClock
) -> None:
    (folder / "holder.json").unlink()
    with pytest.raises(KeyFileError, match="Restore"):
        SigningKeys(folder, clock)


def test_after_a_rotation_the_new_key_signs_and_the_old_one_verifies_until_its_end(
    keys: SigningKeys, clock: SettableClock
) -> None:
    old = keys.sign(claims(keys, lasting=90 * DAY))
    info = keys.rotate(overlap=2 * DAY)
    new = keys.sign(claims(keys, lasting=90 * DAY))
    assert keys.accepted_keys()[-1] == info
    assert keys.accepted_keys()[0].until == START + 2 * DAY
    clock.at = START + 2 * DAY - 1
    assert keys.verify(old) == keys.verify(new) == claims(keys, lasting=90 * DAY)
    assert len(keys.jwks()["keys"]) == 2
    clock.at += 1
    assert keys.verify(old) == TokenRefusal("token.key")
    assert keys.verify(new) == claims(keys, lasting=90 * DAY)
    assert len(keys.jwks()["keys"]) == 1


def test_the_default_overlap_outlives_the_longest_offer(
    keys: SigningKeys, clock: SettableClock
) -> None:
    token = keys.sign(claims(keys, lasting=30 * DAY))
    keys.rotate()
    clock.at = START + 30 * DAY - 1
    assert isinstance(keys.verify(token), TokenClaims)
    assert OVERLAP > 30 * DAY


def test_many_rotations_keep_every_end_and_delete_ended_keys(
    keys: SigningKeys, folder: Path, clock: SettableClock
) -> None:
    tokens = []
    for _ in range(5):
        tokens.append(keys.sign(claims(keys, lasting=90 * DAY)))
        keys.rotate(overlap=3 * DAY)
        clock.at += DAY
    accepted = [isinstance(keys.verify(token), TokenClaims) for token in tokens]
    assert accepted == [False, False, False, True, True]
    keys.rotate(overlap=0)
    assert len(key_files(folder)) == 3


def test_a_rotation_by_another_process_is_seen_at_once(
    keys: SigningKeys, folder: Path, clock: SettableClock
) -> None:
    elsewhere = SigningKeys(folder, clock)
    info = elsewhere.rotate()
    token = elsewhere.sign(claims(keys))
    assert keys.verify(token) == claims(keys)
    assert keys.accepted_keys()[-1] == info
    assert keys.jwks() == elsewhere.jwks()


def test_revoking_the_key_that_signs_replaces_it_and_leaves_the_others(keys: SigningKeys) -> None:
    oldest = keys.sign(claims(keys))
    stolen = keys.rotate()
    revoked = keys.sign(claims(keys))
    keys.revoke(stolen.kid)
    assert keys.verify(revoked) == TokenRefusal("token.key")
    assert keys.verify(oldest) == claims(keys)
    assert keys.verify(keys.sign(claims(keys))) == claims(keys)


def test_revoking_a_replaced_key_ends_its_tokens_alone(
    keys: SigningKeys, folder: Path, clock: SettableClock
) -> None:
    tokens = [keys.sign(claims(keys))]
    for _ in range(2):
        keys.rotate()
        tokens.append(keys.sign(claims(keys)))
    keys.revoke(keys.accepted_keys()[1].kid)
    for reader in (keys, SigningKeys(folder, clock)):
        assert [isinstance(reader.verify(token), TokenClaims) for token in tokens] == [
            True,
            False,
            True,
        ]


def test_an_ended_key_does_not_come_back_by_a_later_rotation_or_revocation(
    keys: SigningKeys, clock: SettableClock
) -> None:
    token = keys.sign(claims(keys, lasting=90 * DAY))
    keys.rotate(overlap=DAY)
    clock.at += DAY
    keys.rotate()
    keys.revoke(keys.accepted_keys()[0].kid)
    assert keys.verify(token) == TokenRefusal("token.key")


def test_an_unknown_key_cannot_be_revoked(keys: SigningKeys) -> None:
    with pytest.raises(KeyFileError) as refused:
        keys.revoke("nobody")
    assert refused.value.problem == "unknown"


def test_processes_that_start_at_once_share_one_key_and_one_secret(
    folder: Path, clock: SettableClock
) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: SigningKeys(folder, clock), range(8)))
    token = made[0].sign(claims(made[0]))
    assert all(keys.verify(token) == claims(keys) for keys in made)
    assert len(key_files(folder)) == 1


def test_simultaneous_rotations_make_distinct_keys_or_are_refused(
    keys: SigningKeys, folder: Path, clock: SettableClock
) -> None:
    def rotate(_: int) -> str:
        try:
            return SigningKeys(folder, clock).rotate().kid
        except KeyFileError as error:
            return error.problem

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(rotate, range(8)))
    made = [outcome for outcome in outcomes if outcome != "busy"]
    assert made
    assert len(key_files(folder)) == len(made) + 1


def test_no_draft_is_left_behind(keys: SigningKeys, folder: Path) -> None:
    keys.rotate()
    assert sorted(path.name for path in folder.iterdir()) == [
        "000001.key.json",
        "000002.key.json",
        "contact.json",
        "holder.json",
    ]


def test_the_published_keys_verify_and_hold_nothing_private(
    keys: SigningKeys, folder: Path
) -> None:
    text = str(keys.jwks())
    assert '"d"' not in text
    assert "'d'" not in text
    assert TokenVerifier([]).jwks() == {"keys": []}
    assert all(set(key) == {"kty", "crv", "x", "kid", "alg", "use"} for key in keys.jwks()["keys"])


def test_a_folder_that_vanishes_is_reported(keys: SigningKeys, folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    with pytest.raises(KeyFileError, match="Restore"):
        keys.jwks()


def test_a_folder_that_was_moved_away_is_reported_with_its_path(
    keys: SigningKeys, folder: Path
) -> None:
    folder.rename(folder.with_name("away"))
    with pytest.raises(KeyFileError, match="Bring it back") as caught:
        keys.jwks()
    assert (caught.value.problem, caught.value.path) == ("unreadable", folder)
    folder.with_name("away").rename(folder)
    assert keys.jwks()["keys"]


def test_a_key_that_another_process_deletes_during_the_read_is_no_error(
    keys: SigningKeys, folder: Path, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.rotate(overlap=DAY)
    whole = module._key_names
    stale = [whole(folder)] * 2
    (folder / "000001.key.json").unlink()
    monkeypatch.setattr(module, "_key_names", lambda it: stale.pop() if stale else whole(it))
    assert len(SigningKeys(folder, clock).accepted_keys()) == 1


def test_the_contact_key_is_made_once_and_never_rotated(
    keys: SigningKeys, folder: Path, clock: SettableClock
) -> None:
    key = keys.contact_key
    keys.rotate()
    assert SigningKeys(folder, clock).contact_key == key
    assert len(key) == module.KEY_BYTES
    (folder / "contact.json").unlink()
    assert SigningKeys(folder, clock).contact_key != key


def test_each_use_has_a_key_of_its_own_that_lasts_over_a_rotation(
    keys: SigningKeys, tmp_path: Path, clock: SettableClock
) -> None:
    key = keys.derived_key("doctor-pass")
    keys.rotate(overlap=0)
    assert keys.derived_key("doctor-pass") == key
    assert len(key) == 32
    assert keys.derived_key("other") != key
    assert SigningKeys(tmp_path / "others", clock).derived_key("doctor-pass") != key
