"""Seeded bytes repeat, and those of the operating system do not."""

from pathlib import Path

from tactful.runtime.system_entropy import (
    SeededEntropy,
    SystemEntropy,
    count_start,
    entropy_of,
)


def test_seeded_bytes_are_the_same_for_the_same_seed_and_start() -> None:
    first, again = SeededEntropy(7, 0), SeededEntropy(7, 0)
    drawn = [first.token_bytes(16) for _ in range(3)]
    assert drawn == [again.token_bytes(16) for _ in range(3)]
    assert len(set(drawn)) == 3
    assert SeededEntropy(7, 1).token_bytes(16) != drawn[0]
    assert SystemEntropy().token_bytes(16) != SystemEntropy().token_bytes(16)


def test_every_start_on_a_folder_is_counted(tmp_path: Path) -> None:
    assert [count_start(tmp_path / "starts") for _ in range(3)] == [0, 1, 2]


def test_each_start_with_a_seed_draws_other_bytes(tmp_path: Path) -> None:
    drawn = [entropy_of(7, tmp_path / "starts").token_bytes(16) for _ in range(2)]
    assert drawn == [SeededEntropy(7, start).token_bytes(16) for start in range(2)]
    assert isinstance(entropy_of(None, tmp_path / "starts"), SystemEntropy)
