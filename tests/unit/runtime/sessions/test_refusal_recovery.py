"""Each refusal has memory read what it lacked."""

from pathlib import Path

import msgspec

from support.bare_shop import bare_shop
from support.builders import session
from support.ledger_rows import offer, push
from tactful.core.offers.discount_codes import FreeCode
from tactful.core.session.contact_history import NO_CONTACT
from tactful.core.session.signals import FactsChanged
from tactful.runtime.ports.ledger_rows import Commit, CommitRefusal, ContactWrite
from tactful.runtime.sessions.decision_applier import DecisionApplier
from tactful.runtime.sessions.handover import SessionHandover
from tactful.runtime.sessions.promises_elsewhere import PROMISED_KEPT_MS
from tactful.runtime.sessions.refusal_recovery import Recovery, RefusalRecovery
from tactful.runtime.shop import Shop
from tactful.runtime.state.session_registry import LiveSession


def recovery_of(shop: Shop) -> tuple[RefusalRecovery, LiveSession]:
    state = shop.state
    live = LiveSession(session(), b"digest")
    state.registry.add(live)
    return RefusalRecovery(state, DecisionApplier(state), SessionHandover(state)), live


async def test_newer_facts_and_settings_are_applied_and_the_gates_pass_first(
    tmp_path: Path,
) -> None:
    shop = bare_shop(tmp_path)
    recovery, live = recovery_of(shop)
    for reason in ("facts.newer", "settings.newer"):
        assert await recovery.recover(live, CommitRefusal(reason)) == Recovery((FactsChanged(),))


async def test_a_session_that_has_moved_decides_nothing_again(tmp_path: Path) -> None:
    shop = bare_shop(tmp_path)
    recovery, live = recovery_of(shop)
    assert (await recovery.recover(live, CommitRefusal("session.moved"))).is_moved
    assert shop.state.registry.by_id == {}


async def test_a_newer_contact_history_is_read_with_its_revision(tmp_path: Path) -> None:
    shop = bare_shop(tmp_path)
    recovery, live = recovery_of(shop)
    await shop.state.fact_cache.load([], ["c1"])
    written = NO_CONTACT.with_quiet_until(7)
    write = ContactWrite(0, msgspec.msgpack.encode(written))
    assert await shop.ledger.commit(Commit(contacts={"c1": write})) is None
    refusal = CommitRefusal("contact.newer", subject=("customer", "c1"))
    assert await recovery.recover(live, refusal) == Recovery()
    known = shop.state.fact_cache.customer("c1")
    assert known is not None
    assert known.contact == written
    assert shop.state.fact_cache.contact_revision("c1") == 1


async def test_the_promises_of_other_processes_count_for_a_while(tmp_path: Path) -> None:
    shop = bare_shop(tmp_path)
    recovery, live = recovery_of(shop)
    promised = offer("of_1", session="elsewhere", sku="A", max_qty=4)
    assert await shop.ledger.commit(push(promised)) is None
    refusal = CommitRefusal("stock.committed", sku="A", territory="DE")
    assert await recovery.recover(live, refusal) == Recovery()
    assert shop.state.stock_commitments.totals == {("A", "DE"): 4}
    await shop.move_clock(shop.clock.now() + PROMISED_KEPT_MS)
    assert shop.state.stock_commitments.totals == {}


async def test_an_offer_that_is_unknown_has_nothing_to_report(tmp_path: Path) -> None:
    shop = bare_shop(tmp_path)
    recovery, live = recovery_of(shop)
    assert await recovery.recover(live, CommitRefusal("offer.ended", offer="o1")) == Recovery()
    assert await recovery.recover(live, CommitRefusal("budget.spend")) == Recovery()


async def test_a_code_that_another_offer_has_is_not_tried_again(tmp_path: Path) -> None:
    shop = bare_shop(tmp_path)
    recovery, live = recovery_of(shop)
    await shop.ledger.add_codes("p", [FreeCode("A"), FreeCode("B")], 1)
    shop.state.codes.restore([("p", FreeCode(code)) for code in ("A", "B", "TAKEN")])
    refusal = CommitRefusal("codes.taken", subject=("code", "A"))
    assert await recovery.recover(live, refusal) == Recovery()
    assert shop.state.codes.view == {"p": FreeCode("B")}
