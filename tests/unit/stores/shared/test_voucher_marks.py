"""A redemption marks the vouchers that it uses in the contact histories of their customers."""

import msgspec

from support.ledger_rows import offer
from tactful.core.offers.offer import OfferState
from tactful.core.rules.rule import NEVER
from tactful.core.session.contact_history import NO_CONTACT, ContactHistory
from tactful.runtime.ports.ledger_rows import SavedContact
from tactful.stores.shared.voucher_marks import marked_contacts


def test_each_customer_s_history_is_written_once_with_all_marks() -> None:
    stored = SavedContact(3, msgspec.msgpack.encode(NO_CONTACT.with_quiet_until(7)))
    used = [
        offer(f"of_{remedy}", state=OfferState.REDEEMED, customer=customer, remedy=remedy)
        for customer, remedy in (
            ("c1", "m1"),
            ("c1", "m2"),
            ("c2", "m3"),
            ("c3", None),
            (None, "m4"),
        )
    ]
    found = marked_contacts(used, {"c1": stored}.get)
    histories = {
        customer: msgspec.msgpack.decode(saved.body, type=ContactHistory)
        for customer, saved in found.items()
    }
    assert set(found) == {"c1", "c2"}
    assert [found[one].revision for one in ("c1", "c2")] == [5, 1]
    assert histories["c1"].quiet_until == 7
    assert {one.key: one.until for one in histories["c1"].cooldowns} == {"m1": NEVER, "m2": NEVER}


def test_a_history_that_says_so_already_is_not_written() -> None:
    known = SavedContact(1, msgspec.msgpack.encode(NO_CONTACT.with_cooldown("remedy", "m1", NEVER)))
    used = offer(state=OfferState.REDEEMED, customer="c1", remedy="m1")
    assert marked_contacts([used], {"c1": known}.get) == {}
