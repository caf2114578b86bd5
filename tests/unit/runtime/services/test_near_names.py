"""The nearest known names."""

import pytest

from tactful.runtime.services.near_names import MOST_NEAR, PAGE, near_names


class Names:
    """Known names, read in pages; it counts what is read."""

    def __init__(self, *names: str) -> None:
        self.names = sorted(names)
        self.read = 0

    async def page(self, after: str, limit: int) -> list[str]:
        found = [name for name in self.names if name > after][:limit]
        self.read += len(found)
        return found


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("omra", ("omar",)),
        ("RUN-43", ("RUN-42", "RUN-44")),
        ("run-42", ("RUN-42",)),
        ("RUN-421", ("RUN-42",)),
        ("zzz", ()),
        ("", ()),
    ],
)
async def test_similar_names_are_suggested(name: str, near: tuple[str, ...]) -> None:
    names = Names("omar", "ruth", "RUN-42", "RUN-44", "BOOT-1")
    assert set(await near_names(name, names.page)) >= set(near)
    assert bool(await near_names(name, names.page)) is bool(near)


async def test_the_cost_does_not_grow_with_the_shop() -> None:
    names = Names(*(f"c-{number:06}" for number in range(20_000)))
    assert len(await near_names("c-01000l", names.page)) == MOST_NEAR
    assert names.read <= 10 * PAGE
