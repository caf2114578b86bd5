"""Tampered tokens: each differs from every token of the vectors."""

import random  # noqa: TID251 - seeded, so that a failure can be repeated
import string
from collections.abc import Callable, Iterator

from support.vectors import vectors

ALPHABET = string.ascii_letters + string.digits + "-_"
ODD = ALPHABET + ".=+/ \n\t\0éß%~"


def _seeds() -> list[str]:
    return [case["token"] for case in vectors("tokens.json")["tokens"] if case["want"] == "ok"]


def _character(token: str, rng: random.Random) -> str:
    place = rng.randrange(len(token))
    return token[:place] + rng.choice(ODD) + token[place + 1 :]


def _bit(token: str, rng: random.Random) -> str:
    place = rng.randrange(len(token))
    return token[:place] + chr(ord(token[place]) ^ 1 << rng.randrange(7)) + token[place + 1 :]


def _last_character(token: str, rng: random.Random) -> str:
    parts = token.split(".")
    place = rng.randrange(len(parts))
    parts[place] = parts[place][:-1] + rng.choice(ALPHABET)
    return ".".join(parts)


def _insertion(token: str, rng: random.Random) -> str:
    place = rng.randrange(len(token) + 1)
    return token[:place] + rng.choice(ODD) + token[place:]


def _deletion(token: str, rng: random.Random) -> str:
    place = rng.randrange(len(token))
    return token[:place] + token[place + rng.randint(1, 4) :]


def _swap(token: str, rng: random.Random) -> str:
    one, other = sorted(rng.sample(range(len(token)), 2))
    return token[:one] + token[other] + token[one + 1 : other] + token[one] + token[other + 1 :]


def _doubling(token: str, rng: random.Random) -> str:
    start = rng.randrange(len(token))
    end = start + rng.randint(1, 40)
    return token[:end] + token[start:end] + token[end:]


def _exchange(token: str, rng: random.Random) -> str:
    parts, others = token.split("."), rng.choice(_TOKENS).split(".")
    place = rng.randrange(min(len(parts), 3))
    parts[place] = others[place]
    return ".".join(parts)


def _padding(token: str, rng: random.Random) -> str:
    parts = token.split(".")
    parts[rng.randrange(len(parts))] += "=" * rng.randint(1, 3)
    return ".".join(parts)


_TOKENS = _seeds()
_WAYS: tuple[Callable[[str, random.Random], str], ...] = (
    _character,
    _bit,
    _last_character,
    _insertion,
    _deletion,
    _swap,
    _doubling,
    _exchange,
    _padding,
)


def mutants(count: int, seed: int) -> Iterator[str]:
    """Yield `count` tokens, each changed in one to three ways; the same seed gives the same tokens."""
    rng = random.Random(seed)
    genuine = set(_TOKENS)
    while count:
        token = rng.choice(_TOKENS)
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            token = rng.choice(_WAYS)(token, rng)
        if token not in genuine:
            count -= 1
            yield token
