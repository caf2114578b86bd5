"""Acceptance of ten million tampered tokens, and the time to verify a genuine one.

python tests/bench/tokens_mutated.py [--count 10000000] [--processes 2] [--seed 1]
"""

import argparse
import sys
import time
from collections import Counter
from multiprocessing import Pool
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "server")]

from support.tampered_tokens import mutants  # noqa: E402 - found on the path just set
from support.vectors import vectors  # noqa: E402 - found on the path just set
from tactful.core.offers.tokens import TokenRefusal, TokenVerifier  # noqa: E402 - found on the path just set

CHUNK = 50_000


def judge(job: tuple[int, int]) -> tuple[Counter[str], list[str]]:
    """(refusals by code, accepted tokens) of one chunk: (seed, count)."""
    seed, count = job
    cases = vectors("tokens.json")
    keys = [bytes.fromhex(cases["seeds"][name]) for name in cases["accepted"]]
    verifier = TokenVerifier(Ed25519PrivateKey.from_private_bytes(key).public_key() for key in keys)
    now = cases["claims"]["iat"] * 1000
    codes: Counter[str] = Counter()
    accepted = []
    for token in mutants(count, seed):
        found = verifier.verify(token, now)
        if isinstance(found, TokenRefusal):
            codes[found.code] += 1
        else:
            accepted.append(token)
    return codes, accepted


def rate(count: int = 20_000) -> float:
    """Genuine tokens verified per second, in one process."""
    cases = vectors("tokens.json")
    keys = [bytes.fromhex(cases["seeds"][name]) for name in cases["accepted"]]
    verifier = TokenVerifier(Ed25519PrivateKey.from_private_bytes(key).public_key() for key in keys)
    began = time.perf_counter()
    for _ in range(count):
        verifier.verify(cases["token"], 0)
    return count / (time.perf_counter() - began)


def main() -> int:
    """Exit 1 if one was accepted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    sizes = [min(CHUNK, asked.count - done) for done in range(0, asked.count, CHUNK)]
    jobs = [(asked.seed * 1_000_003 + place, size) for place, size in enumerate(sizes)]
    codes: Counter[str] = Counter()
    accepted: list[str] = []
    began = time.perf_counter()
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Pool(asked.processes) as pool, Progress(*columns) as progress:
        bar = progress.add_task("tokens", total=asked.count)
        for (_, size), (found, wrong) in zip(jobs, pool.imap(judge, jobs), strict=True):
            codes += found
            accepted += wrong
            progress.advance(bar, size)
    seconds = time.perf_counter() - began
    print(f"{rate():.0f} genuine tokens verified per second in one process")
    print(
        f"{asked.count} tampered tokens in {seconds:.0f} s: {len(accepted)} accepted, {dict(codes)}"
    )
    print(*accepted[:10], sep="\n", end="")
    return 1 if accepted else 0


if __name__ == "__main__":
    sys.exit(main())
