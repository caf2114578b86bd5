"""Timers that expire accepted offers without a session, on the clock of a shop without sessions."""

from pathlib import Path

from msgspec import structs

from support.bare_shop import NOON, bare_shop
from support.ledger_rows import accepted
from tactful.core.offers.offer import OfferState
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.services.promise_timers import RETRY_MS, PromiseTimers
from tactful.runtime.shop import Shop

END = 600_000
OFFER = accepted(accept_until=NOON + END)


class Expiry:
    """Notes when it is asked to expire an offer; it fails as often as it is told."""

    def __init__(self, folder: Path, failures: int = 0) -> None:
        self.shop: Shop = bare_shop(folder)
        self.failures = failures
        self.asked: list[tuple[str, int]] = []
        self.timers = PromiseTimers(self.shop.state, self.expire)

    async def expire(self, offer: str) -> None:
        self.asked.append((offer, self.shop.clock.now() - NOON))
        if self.failures:
            self.failures -= 1
            raise LedgerError("no room")


async def test_an_accepted_offer_without_a_session_expires_at_its_end(tmp_path: Path) -> None:
    expiry = Expiry(tmp_path)
    expiry.timers.watch(OFFER)
    await expiry.shop.move_clock(NOON + 2 * END)
    assert expiry.asked == [("of_1", END)]


async def test_an_expiry_that_the_ledger_refused_is_repeated(tmp_path: Path) -> None:
    expiry = Expiry(tmp_path, failures=1)
    expiry.timers.watch(OFFER)
    await expiry.shop.move_clock(NOON + 2 * END)
    assert expiry.asked == [("of_1", END), ("of_1", END + RETRY_MS)]


async def test_no_other_offer_has_such_a_timer(tmp_path: Path) -> None:
    expiry = Expiry(tmp_path)
    for state in OfferState:
        if state is not OfferState.ACCEPTED:
            expiry.timers.watch(structs.replace(OFFER, state=state))
    expiry.timers.watch(structs.replace(OFFER, accept_until=None))
    await expiry.shop.move_clock(NOON + 2 * END)
    assert expiry.asked == []
