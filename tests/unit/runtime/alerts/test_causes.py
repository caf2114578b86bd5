"""Every kind of alert has a cause that the state of a shop shows, and a healthy shop has none."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.bare_shop import NOON, bare_shop
from support.machine_clocks import MachineClocks
from tactful.core.rules.policy import FeedMaxAge
from tactful.core.values.calendar import DAY, HOUR
from tactful.runtime.alerts.causes import BACKUP_DUE_MS, KEY_DUE_MS, Cause, Increase, shop_causes
from tactful.runtime.alerts.kinds import KINDS
from tactful.runtime.ports.ledger import LONG_LOG_BYTES, StorageUse
from tactful.runtime.ports.rulebook_store import OffersStop
from tactful.runtime.security.key_files import KeyFileError
from tactful.runtime.state.shop_state import ShopState
from tactful.runtime.system_clock import SystemClock
from tactful.stores.memory.ledger import MemoryLedger

HEALTHY_DISK = {
    "ledger_bytes": 1,
    "log_bytes": 1,
    "disk_free_bytes": 100,
    "disk_bytes": 1_000,
    "backed_up_at": NOON,
}
Fault = Callable[[ShopState, pytest.MonkeyPatch], None]


def set_ledger(name: str, value: Any) -> Fault:
    def fault(state: ShopState, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(MemoryLedger, name, property(lambda _: value))

    return fault


def set_disk(**fields: Any) -> Fault:
    def fault(state: ShopState, monkeypatch: pytest.MonkeyPatch) -> None:
        use = StorageUse(**(HEALTHY_DISK | fields))
        monkeypatch.setattr(MemoryLedger, "storage_use", lambda _: use)

    return fault


def silence_stock(state: ShopState, monkeypatch: pytest.MonkeyPatch) -> None:
    state.feeds.use_policy(FeedMaxAge(stock=HOUR))
    state.feeds.record_heartbeat("stock", NOON - HOUR - 1)


def never_hear_prices(state: ShopState, monkeypatch: pytest.MonkeyPatch) -> None:
    state.feeds.use_policy(FeedMaxAge(prices=HOUR))


def reject_facts(state: ShopState, monkeypatch: pytest.MonkeyPatch) -> None:
    for code in ("fact.invalid", "fact.erased", "fact.invalid"):
        state.telemetry.record_rejected_fact("price", code)


def keep_rules(state: ShopState, monkeypatch: pytest.MonkeyPatch) -> None:
    state.active_rulebook.keep("missing")


def stop_offers(state: ShopState, monkeypatch: pytest.MonkeyPatch) -> None:
    state.active_rulebook.set_stop(OffersStop(NOON, "Ada", "a wrong price"))


def doubt_the_clock(state: ShopState, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = MachineClocks(runs=False)
    state.clock = clock = SystemClock(machine.wall, machine.steady)
    machine.moved = 61
    clock.observe()


def age_the_key(state: ShopState, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state.clock, "_now", NOON + KEY_DUE_MS + DAY)


def spoil_the_keys(state: ShopState, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise KeyFileError("damaged", Path("keys"), "This file is damaged.")

    monkeypatch.setattr(state.keys, "accepted_keys", refuse)


def find_a_proxy(state: ShopState, monkeypatch: pytest.MonkeyPatch) -> None:
    state.report_unnamed_proxy("127.0.0.1")


FAULTS: list[tuple[Fault, tuple[str, str], dict[str, object] | None]] = [
    (set_ledger("failure", "no room"), ("ledger.failing", ""), {"reason": "ledger.full", "message": "no room"}),
    (set_ledger("is_restored", True), ("restored", ""), {}),
    (set_ledger("records_lost", 3), ("records.lost", ""), {"records": 3}),
    (set_disk(disk_free_bytes=99), ("disk.low", ""), {"free_bytes": 99, "disk_bytes": 1_000}),
    (set_disk(log_bytes=LONG_LOG_BYTES + 1), ("log.long", ""), {"log_bytes": LONG_LOG_BYTES + 1}),
    (set_disk(backed_up_at=None), ("backup.missing", ""), {}),
    (set_disk(backed_up_at=NOON - BACKUP_DUE_MS - 1), ("backup.old", ""), {"age_ms": BACKUP_DUE_MS + 1}),
    (silence_stock, ("feed.stale", "stock"), {"age_ms": HOUR + 1, "max_age_ms": HOUR}),
    (never_hear_prices, ("feed.stale", "prices"), {"max_age_ms": HOUR}),
    (reject_facts, ("facts.rejected", "price"), {"code": "fact.invalid", "facts": 3}),
    (keep_rules, ("rules.missing", ""), None),
    (stop_offers, ("offers.stopped", ""), {"by": "Ada", "reason": "a wrong price"}),
    (doubt_the_clock, ("clock.jumped", ""), {"steps": 1, "machine_ahead_ms": 61_000}),
    (find_a_proxy, ("proxy.unnamed", ""), {}),
    (spoil_the_keys, ("keys.unusable", ""), None),
]  # fmt: skip


def causes_of(state: ShopState) -> list[Cause]:
    return list(shop_causes(state)())


def test_a_healthy_shop_has_no_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = bare_shop(tmp_path).state
    set_disk()(state, monkeypatch)
    assert causes_of(state) == []


@pytest.mark.parametrize(
    ("fault", "key", "evidence"), FAULTS, ids=["-".join(key) for _, key, _ in FAULTS]
)
def test_a_fault_is_a_cause_with_its_evidence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    key: tuple[str, str],
    evidence: dict[str, object] | None,
) -> None:
    state = bare_shop(tmp_path).state
    fault(state, monkeypatch)
    (cause,) = causes_of(state)
    assert (cause.kind, cause.subject) == key
    assert cause.evidence == evidence or (evidence is None and cause.evidence)
    assert cause.kind in KINDS


def test_a_key_of_more_than_a_year_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = bare_shop(tmp_path).state
    assert causes_of(state) == []
    age_the_key(state, monkeypatch)
    (cause,) = causes_of(state)
    assert cause.kind == "key.old"
    assert cause.subject == state.keys.accepted_keys()[0].kid


def test_every_kind_of_a_kept_rulebook_is_a_kind_of_alert(tmp_path: Path) -> None:
    state = bare_shop(tmp_path).state
    for reason in ("errors", "missing", "emptied"):
        state.active_rulebook.keep(reason)
        (cause,) = causes_of(state)
        assert cause.kind == f"rules.{reason}"
        assert cause.kind in KINDS


def test_a_clock_step_that_is_followed_slowly_is_a_cause_once(tmp_path: Path) -> None:
    machine = MachineClocks(runs=False)
    state = bare_shop(tmp_path).state
    state.clock = clock = SystemClock(machine.wall, machine.steady)
    read = shop_causes(state)
    machine.moved = 5
    clock.observe()
    assert [one.kind for one in read()] == ["clock.jumped"]
    assert list(read()) == []


def test_only_a_growing_counter_is_an_increase() -> None:
    counters = Increase()
    found = [counters.since_last("a", count) for count in (0, 2, 2, 3)]
    assert found == [False, True, False, True]
    assert counters.since_last("b", 1)
