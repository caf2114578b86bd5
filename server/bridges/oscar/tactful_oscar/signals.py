"""Reactions to the shop's own events: orders, stock, products and refunds."""

from typing import Any

from django.db.models.signals import post_save, pre_delete
from oscar.apps.order.signals import order_placed, order_status_changed
from oscar.core.loading import get_model

from tactful_oscar.amounts import minor_units
from tactful_oscar.conf import bridge_settings
from tactful_oscar.connection import connection, deliver_after_commit, report_facts
from tactful_oscar.orders import lines_with_offers


def connect() -> None:
    """Connect every reaction; the app's configuration calls it once."""
    order_placed.connect(_order_placed, dispatch_uid="tactful")
    order_status_changed.connect(_order_status_changed, dispatch_uid="tactful")
    stockrecord = get_model("partner", "StockRecord")
    post_save.connect(_stock_saved, sender=stockrecord, dispatch_uid="tactful")
    pre_delete.connect(_stock_deleted, sender=stockrecord, dispatch_uid="tactful")
    product = get_model("catalogue", "Product")
    post_save.connect(_product_saved, sender=product, dispatch_uid="tactful")
    transaction = get_model("payment", "Transaction")
    post_save.connect(_transaction_saved, sender=transaction, dispatch_uid="tactful")


def refund_lines(order: Any, refund: str, lines: list[tuple[Any, int]]) -> None:
    """Report returned pieces; for shops that keep returns in tables of their own.

    Args:
        order: The order.
        refund: The shop's id of the refund; a repetition changes nothing.
        lines: Order lines with the units that were returned of each.
    """
    with_offers = set(lines_with_offers(order).values_list("pk", flat=True))
    found = [(line.partner_sku, qty) for line, qty in lines if line.pk in with_offers]
    if found:
        connection().checkout.refund(str(order.number), refund, lines=found)
        deliver_after_commit(str(order.number))


def _order_placed(sender: Any, order: Any, **kwargs: Any) -> None:
    """Confirm the offers of an order that was placed, and report it."""
    del sender, kwargs
    number = str(order.number)
    uses_offers = lines_with_offers(order).exists()
    connection().checkout.placed(number, uses_offers=uses_offers)
    deliver_after_commit(number)
    report_facts(f"order:{number}")


def _order_status_changed(sender: Any, order: Any, new_status: str, **kwargs: Any) -> None:
    """Cancel what a cancelled order used, and report the new status."""
    del sender, kwargs
    number = str(order.number)
    if new_status in bridge_settings().cancelled_statuses:
        connection().checkout.cancel(number)
        deliver_after_commit(number)
    report_facts(f"order:{number}")


def _stock_saved(sender: Any, instance: Any, *, raw: bool = False, **kwargs: Any) -> None:
    """Report price and stock; Oscar sends this signal for allocations too."""
    del sender, kwargs
    if not raw:
        report_facts(f"product:{instance.product_id}")


def _stock_deleted(sender: Any, instance: Any, **kwargs: Any) -> None:
    """Report that an SKU is not sold any more."""
    del sender, kwargs
    report_facts(f"gone:{instance.partner_sku}")


def _product_saved(sender: Any, instance: Any, *, raw: bool = False, **kwargs: Any) -> None:
    """Report a product that was changed; a new one is reported with its stock record."""
    del sender, kwargs
    if not raw:
        report_facts(f"product:{instance.pk}")


def _transaction_saved(sender: Any, instance: Any, *, created: bool, **kwargs: Any) -> None:
    """Report money that was paid back through `Source.refund`."""
    del sender, kwargs
    if not created or instance.txn_type != instance.REFUND:
        return
    order = instance.source.order
    share = _share_of_offers(order, instance.amount)
    if share:
        refund = f"transaction-{instance.pk}"
        connection().checkout.refund(str(order.number), refund, amount=(share, order.currency))
        deliver_after_commit(str(order.number))


def _share_of_offers(order: Any, amount: Any) -> int:
    """Return the part of a refund that falls on lines with offers, in minor units.

    A refund that names no lines is spread over the whole order, with its shipping, by what was paid.
    """
    with_offers = sum(
        minor_units(line.line_price_incl_tax, order.currency) for line in lines_with_offers(order)
    )
    total = minor_units(order.total_incl_tax, order.currency)
    refunded = min(minor_units(amount, order.currency), total)
    return refunded * with_offers // total if total else 0
