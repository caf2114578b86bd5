"""Random histories of redemptions on both ledgers, with codes, retries, lost answers and crashes.

`PYTHONPATH=tests python tests/contracts/test_redemption_histories.py 100000` plays as many, half on each ledger;
`100000 0 10` plays a tenth of them on SQLite, from the seed 0.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import pytest
from msgspec import structs

from support import redemption_histories
from support.redemption_histories import History
from support.redemption_history_stores import InMemory, OnDisk, Store
from tactful.api.redemption_responses import encode_answer
from tactful.core.offers.offer import TRANSITIONS, OfferState
from tactful.core.redemption import code_use, rollback, use_states
from tactful.core.redemption import redeem as redemption
from tactful.core.redemption.answers import RedemptionAnswer, RedemptionResponse, Repeated
from tactful.core.redemption.redemption_rows import RedemptionResult, RedemptionState
from tactful.core.redemption.state_changes import refuse
from tactful.stores.memory import kept_codes
from tactful.stores.memory import redemptions as memory_redemptions
from tactful.stores.relational.tables import code_rows

HISTORIES = 150


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        yield InMemory()
        return
    made = OnDisk(tmp_path / "tactful.db")
    yield made
    made.close()


def play(store: Store, count: int, first: int = 0) -> None:
    for seed in range(first, first + count):
        History(seed, store).play()


def test_whatever_happens_an_offer_is_used_once_budgets_are_exact_and_retries_alike(
    store: Store,
) -> None:
    play(store, HISTORIES)


# The controls: the same histories on builds that lack one of the guards.


def fails(store: Store, error: type[BaseException] = AssertionError) -> None:
    with pytest.raises(error):
        play(store, HISTORIES)


def test_histories_find_a_build_without_the_key_of_idempotency(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redemption, "_answer_again", lambda *_: None)
    fails(store)


def test_histories_find_a_build_that_repeats_the_response_after_a_cancellation(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """E21: the bytes of the first success, without its effect."""
    monkeypatch.setitem(use_states.REDEMPTION_TABLE, ("redeem", "cancelled"), "repeat")
    fails(store)


def test_histories_find_a_build_that_releases_the_promise_and_not_the_hold(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(use_states.STATUS_AFTER, ("lapse", "held"), "cancelled")
    fails(store)


@pytest.mark.parametrize("module", [rollback, code_use])
def test_histories_find_a_build_that_forgets_the_budget(
    store: Store, monkeypatch: pytest.MonkeyPatch, module: ModuleType
) -> None:
    """A cancellation that gives nothing back, and a reported code that costs nothing."""
    monkeypatch.setattr(module, "budget_moves", lambda *_, **__: ())
    fails(store)


def test_histories_find_a_build_that_answers_a_retry_otherwise(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def encode(answer: RedemptionAnswer) -> RedemptionResponse:
        response = encode_answer(answer)
        more = b" " if isinstance(answer, Repeated) else b""
        return structs.replace(response, body=response.body + more)

    monkeypatch.setattr(redemption_histories, "encode_answer", encode)
    fails(store)


def test_histories_find_a_build_whose_late_report_of_a_code_undoes_a_cancellation(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = code_use.record_code_use

    def forgetful(state: RedemptionState, **asked: Any) -> RedemptionResult:
        return real(structs.replace(state, redemptions=()), **asked)

    monkeypatch.setattr(code_use, "record_code_use", forgetful)
    fails(store, Exception)


def test_histories_find_a_build_that_does_not_hear_of_codes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The platform took the code, and the offer stays open to whoever asks next."""

    def unheard(state: RedemptionState, **_: Any) -> RedemptionResult:
        return refuse("redemption.used")

    monkeypatch.setattr(code_use, "record_code_use", unheard)
    fails(store)


def test_histories_find_a_build_that_gives_a_code_to_two_offers(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_codes.MemoryCodes, "_refuse_taken_codes", lambda *_: None)
    monkeypatch.setattr(code_rows, "is_free", lambda *_: True)
    fails(store, Exception)


def use_without_looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the logic use an offer that another order uses."""
    for state in (OfferState.HELD, OfferState.REDEEMED):
        monkeypatch.setitem(use_states._OF_OFFER, state, "open")
        monkeypatch.setitem(TRANSITIONS, (state, "redeem"), OfferState.REDEEMED)
        monkeypatch.setitem(TRANSITIONS, (state, "hold"), OfferState.HELD)


def test_the_unique_index_refuses_what_the_logic_would_use_twice(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_without_looking(monkeypatch)
    fails(store, Exception)


def test_without_the_unique_index_histories_find_the_second_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_without_looking(monkeypatch)
    monkeypatch.setattr(memory_redemptions, "_refuse_second_use", lambda *_: None)
    bare = OnDisk(tmp_path / "tactful.db", unique=False)
    for store in (InMemory(), bare):
        fails(store)
    bare.close()


def main(count: int, first_seed: int = 0, every: int = 2) -> None:
    """Play histories by hand, and say how many: of `every` thousands the first on SQLite."""
    started, crashes = time.perf_counter(), 0
    for first in range(0, count, 1_000):
        size = min(1_000, count - first)
        if first // 1_000 % every:
            play(InMemory(), size, first_seed + first)
        else:
            with TemporaryDirectory() as folder:
                on_disk = OnDisk(Path(folder) / "tactful.db")
                play(on_disk, size, first_seed + first)
                crashes += on_disk.crashes
                on_disk.close()
        seconds = time.perf_counter() - started
        print(f"{first + size} histories, {crashes} crashes on SQLite, {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
