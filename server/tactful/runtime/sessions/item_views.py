"""Views of items that a page names, or that the catalogue has at the address of the page."""

from collections.abc import Callable
from typing import Final

import structlog

from tactful.core.session.signals import ItemViewed, Signal
from tactful.core.values.money import Money
from tactful.runtime.background import BackgroundTasks
from tactful.runtime.facts.page_lookup import sku_at
from tactful.runtime.ports.ledger import LedgerError
from tactful.runtime.state.session_registry import SessionConnection, SoughtPage
from tactful.runtime.state.shop_state import ShopState

log = structlog.get_logger("tactful.session")

Submit = Callable[[SessionConnection, Signal], None]
_NOTHING: Final = ""


class ItemViews:
    """Finds out which item a page shows, and submits the view."""

    def __init__(self, state: ShopState, lookups: BackgroundTasks, submit: Submit) -> None:
        """Look products up in the ledger of `state`.

        Args:
            state: The memory of the shop.
            lookups: Runs the look-ups.
            submit: Takes the signal of a connection.
        """
        self._state = state
        self._lookups = lookups
        self._submit = submit
        self._looking: set[SessionConnection] = set()
        """Connections whose page is being looked up: one look-up at a time for each."""

    def view(
        self,
        connection: SessionConnection,
        sku: str | None,
        url: str | None,
        price: Money | None = None,
    ) -> None:
        """Submit the view of an item.

        Args:
            connection: The connection.
            sku: What the page names.
            url: The address of the page. It counts only where the shop never reported `sku`.
            price: The price that the page shows. It counts only for the SKU that the page names,
                because a page at one address may sell several variants.
        """
        if url is None or (sku and self._state.fact_cache.known_skus.may_exist(sku)):
            self._submit(connection, ItemViewed(sku or _NOTHING, price))
            return
        connection.page_sought = SoughtPage(url, sku)
        if connection not in self._looking:
            self._looking.add(connection)
            self._lookups.start(self._look_up(connection))

    async def _look_up(self, connection: SessionConnection) -> None:
        """Submit the view of the product at the address of the page that is open."""
        while (page := connection.page_sought) is not None and not connection.closed:
            found = await self._product_of(connection, page)
            if connection.page_sought is page:
                connection.page_sought = None
                viewed = found or page.sku
                if viewed and not connection.closed:
                    self._submit(connection, ItemViewed(viewed))
        self._looking.discard(connection)

    async def _product_of(self, connection: SessionConnection, page: SoughtPage) -> str | None:
        found: str | None = None

        async def read() -> None:
            nonlocal found
            if connection.page_sought is page and not connection.closed:
                found = await sku_at(self._state.ledger, page.url)

        live = connection.live
        try:
            reads = {f"page:{id(connection)}": read}
            await self._state.fact_cache.reads.run(reads, live.address if live else "")
        except (LedgerError, LookupError) as error:
            log.error("page.unread", error=str(error))  # noqa: TRY400 - the traceback says no more
        return found
