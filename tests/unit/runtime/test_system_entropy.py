"""Seeded bytes repeat, and those of the operating system do not."""

from tactful.runtime.system_entropy import SeededEntropy, SystemEntropy


def test_seeded_bytes_are_the_same_for_the_same_seed_and_start() -> None:
    first, again = SeededEntropy(7, 0), SeededEntropy(7, 0)
    drawn = [first.token_bytes(16) for _ in range(3)]
    assert drawn == [again.token_bytes(16) for _ in range(3)]
    assert len(set(drawn)) == 3
    assert SeededEntropy(7, 1).token_bytes(16) != drawn[0]
    assert SystemEntropy().token_bytes(16) != SystemEntropy().token_bytes(16)
