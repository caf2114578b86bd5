"""`manage.py tactful_sweep`: delivers the outbox and settles holds, every ten minutes."""

from typing import Any, Final

from django.core.management.base import BaseCommand

from tactful_bridge.client import now_ms
from tactful_oscar.connection import connection
from tactful_oscar.models import AcceptedOffer, OutboxRow

_KEPT_S: Final = 7 * 86_400
"""Seconds for which the token of an ended offer is kept: a hold may outlive its offer by a day."""


class Command(BaseCommand):
    """Compares all holds with the shop's orders, and sends what has not reached Tactful."""

    help = "Deliver what has not reached Tactful, and settle holds without an order."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run one sweep, and say what it did and what needs a person."""
        del args, options
        report = connection().sweep.run()
        # Baskets are priced without the tokens of offers that have ended.
        AcceptedOffer.objects.filter(ends__lt=now_ms() // 1000 - _KEPT_S).delete()
        self.stdout.write(
            f"{report.delivery.delivered} delivered, {report.delivery.waiting} waiting, "
            f"{report.confirmed} confirmed, {report.released} released, {report.lapsed} lapsed, "
            f"{report.strays} strays settled"
        )
        if report.failure:
            self.stderr.write(f"The holds of Tactful were not compared: {report.failure}")
        if refused := OutboxRow.objects.filter(is_refused=True).count():
            self.stderr.write(
                f"{refused} requests were refused for good. The admin page Outbox rows shows why."
            )
